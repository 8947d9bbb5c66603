// SPDX-License-Identifier: MIT
#include "sensors/devices.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

/// "a, b, c".
std::string namesOf(const std::vector<Device>& devices) {
    std::string names;
    for (const Device& device : devices) names += (names.empty() ? "" : ", ") + device.name;
    return printable(names);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

/// The device that the driver is bound to, which /sys/class/hwmon and /sys/bus/iio link to: "1-0076" on I2C, an address
/// that does not change from boot to boot. "" where the entry is no link.
std::string addressOf(const std::string& entry) {
    std::error_code error;
    if (!std::filesystem::is_symlink(entry, error)) return "";
    auto parent = std::filesystem::canonical(entry, error).parent_path();
    if (parent.filename() == "hwmon") parent = parent.parent_path();
    return parent.filename().string();
}

/// Equal names, of equal chips on one bus, get the address.
void tellApart(std::vector<Device>& devices) {
    std::map<std::string, int> counts;
    for (const Device& device : devices) ++counts[device.name];
    for (Device& device : devices) {
        if (counts[device.name] < 2 || device.address.empty()) continue;
        device.aliases.push_back(device.name);  // still the first of them
        device.name = device.address + "/" + device.name;
    }
}

class DeviceSensor : public Sensor {
  public:
    DeviceSensor(const DeviceClass& deviceClass, const SensorConfig& config, std::string sysRoot)
        : class_(deviceClass),
          quantity_(config.quantity),
          sysRoot_(std::move(sysRoot)),
          chooser_(config, describeKind(deviceClass, config.quantity), deviceClass.advice) {}

    Result<double> read() override {
        std::vector<Device> channels = TRY(listChannels(class_, quantity_, sysRoot_));
        return class_.read(TRY(chooser_.choose(std::move(channels))), quantity_);
    }

  private:
    static std::string describeKind(const DeviceClass& deviceClass, Quantity quantity) {
        if (&deviceClass == &kThermalClass) return deviceClass.kind;
        return fmt::format("{} {}", deviceClass.kind, infoOf(quantity).name);
    }

    const DeviceClass& class_;
    Quantity quantity_;
    std::string sysRoot_;
    DeviceChooser chooser_;
};

}  // namespace

DeviceChooser::DeviceChooser(const SensorConfig& config, std::string kind, std::string advice)
    : sensor_(config.name),
      device_(config.device),
      channel_(config.channel),
      kind_(std::move(kind)),
      advice_(std::move(advice)) {}

Result<Device> DeviceChooser::choose(std::vector<Device> devices) {
    if (devices.empty()) return fail(Errc::kNotFound, fmt::format("no {} found; {}", kind_, advice_));
    const std::string all = namesOf(devices);
    std::erase_if(devices, [this](const Device& device) {
        if (!channel_.empty() && !contains(device.channels, channel_)) return true;
        return !device_.empty() && device_ != device.name && device_ != device.address &&
               !contains(device.aliases, device_);
    });
    if (devices.empty()) {
        const std::string wanted =
            device_.empty() || channel_.empty() ? device_ + channel_ : fmt::format("{}/{}", device_, channel_);
        return fail(Errc::kNotFound, fmt::format("no {} \"{}\" found; there are {}", kind_, printable(wanted), all));
    }
    Device& chosen = devices.front();
    if (devices.size() > 1 && logged_ != chosen.name) {
        logged_ = chosen.name;
        log::warning("sensor {}: reading the first of {}; set device or channel to choose", sensor_, namesOf(devices));
    }
    return std::move(chosen);
}

Result<std::vector<Device>> listChannels(const DeviceClass& deviceClass, Quantity quantity,
                                         const std::string& sysRoot) {
    const std::string directory = sysRoot + deviceClass.directory;
    const std::vector<std::string> entries = TRY(listDirectory(directory, deviceClass.prefix));
    std::vector<Device> devices;
    for (const std::string& name : entries) {
        const std::string entry = directory + "/" + name;
        const std::size_t first = devices.size();
        deviceClass.addChannels(entry, quantity, devices);
        if (devices.size() == first) continue;
        const std::string address = addressOf(entry);
        for (std::size_t i = first; i < devices.size(); ++i) devices[i].address = address;
    }
    tellApart(devices);
    return devices;
}

std::unique_ptr<Sensor> makeDeviceSensor(const DeviceClass& deviceClass, const SensorConfig& config,
                                         const std::string& sysRoot) {
    return std::make_unique<DeviceSensor>(deviceClass, config, sysRoot);
}

}  // namespace edge
