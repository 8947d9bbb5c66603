// SPDX-License-Identifier: MIT
#include "sensors/devices.hpp"

#include <algorithm>
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

class DeviceSensor : public Sensor {
  public:
    DeviceSensor(const DeviceClass& deviceClass, const SensorConfig& config, const std::string& sysRoot)
        : class_(deviceClass),
          directory_(sysRoot + deviceClass.directory),
          chooser_(config, deviceClass.kind, deviceClass.advice) {}

    Result<double> readCelsius() override {
        const std::vector<std::string> entries = TRY(listDirectory(directory_, class_.prefix));
        std::vector<Device> devices;
        for (const std::string& entry : entries) class_.addDevices(directory_ + "/" + entry, devices);
        return class_.readCelsius(TRY(chooser_.choose(std::move(devices))));
    }

  private:
    DeviceClass class_;
    std::string directory_;
    DeviceChooser chooser_;
};

}  // namespace

DeviceChooser::DeviceChooser(const SensorConfig& config, std::string kind, std::string advice)
    : sensor_(config.name), wanted_(config.device), kind_(std::move(kind)), advice_(std::move(advice)) {}

Result<Device> DeviceChooser::choose(std::vector<Device> devices) {
    if (devices.empty()) return fail(Errc::kNotFound, fmt::format("no {} found; {}", kind_, advice_));
    const std::string all = namesOf(devices);
    std::erase_if(devices, [this](const Device& device) {
        const auto& aliases = device.aliases;
        return !wanted_.empty() && wanted_ != device.name &&
               std::find(aliases.begin(), aliases.end(), wanted_) == aliases.end();
    });
    if (devices.empty()) {
        return fail(Errc::kNotFound, fmt::format("no {} \"{}\" found; there are {}", kind_, printable(wanted_), all));
    }
    Device& chosen = devices.front();
    if (devices.size() > 1 && logged_ != chosen.name) {
        logged_ = chosen.name;
        log::warning("sensor {}: reading the first of {}; set device to one of them to choose", sensor_,
                     namesOf(devices));
    }
    return std::move(chosen);
}

std::unique_ptr<Sensor> makeDeviceSensor(const DeviceClass& deviceClass, const SensorConfig& config,
                                         const std::string& sysRoot) {
    return std::make_unique<DeviceSensor>(deviceClass, config, sysRoot);
}

}  // namespace edge
