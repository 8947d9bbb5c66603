// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"

namespace edge {
namespace {

/// Letters, digits and '_', as a sensor's name may have them.
std::string toName(std::string text) {
    const auto isOther = [](char c) {
        return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-';
    };
    std::ranges::replace_if(text, isOther, '_');
    return text;
}

class Collector {
  public:
    explicit Collector(const std::string& sysRoot) : sysRoot_(sysRoot) {}

    void addClass(SensorType type, const DeviceClass& deviceClass) {
        for (const QuantityInfo& info : kQuantities) {
            if (info.quantity == Quantity::kNumber) continue;
            const auto devices = listChannels(deviceClass, info.quantity, sysRoot_).value_or(std::vector<Device>{});
            for (const Device& device : devices) add(type, info, device, devices);
        }
    }

    void add1Wire() {
        for (const Device& device : listThermometers(sysRoot_).value_or(std::vector<Device>{}))
            add(SensorType::kW1, infoOf(Quantity::kTemperature), device, {});
    }

    std::vector<SensorConfig> take() { return std::move(sensors_); }

  private:
    void add(SensorType type, const QuantityInfo& info, const Device& device, const std::vector<Device>& all) {
        const auto chipOf = [](const Device& d) { return d.path.substr(0, d.path.rfind('/')); };
        const bool isUnique = std::ranges::none_of(
            all, [&](const Device& other) { return other.driver == device.driver && chipOf(other) != chipOf(device); });
        const auto onChip = std::ranges::count(all, chipOf(device), chipOf);
        SensorConfig sensor;
        sensor.type = type;
        sensor.quantity = info.quantity;
        sensor.device = isUnique || device.address.empty() ? device.driver : device.address;
        std::string name = toName(fmt::format("{}_{}", device.driver, info.name));
        if (!device.channels.empty() && onChip > 1) {
            sensor.channel = device.channels.front();
            name = toName(fmt::format("{}_{}", device.driver, sensor.channel));
        }
        // The driver answers with the measurement before for 2 s: read more often, it would look like a new one.
        if (device.driver == "dht11") sensor.interval = seconds{5};
        const int count = ++names_[name];
        sensor.name = count == 1 ? name : fmt::format("{}_{}", name, count);
        sensors_.push_back(std::move(sensor));
    }

    const std::string& sysRoot_;
    std::vector<SensorConfig> sensors_;
    std::map<std::string, int> names_;
};

}  // namespace

std::vector<SensorConfig> discoverSensors(const std::string& sysRoot) {
    Collector collector(sysRoot);
    collector.add1Wire();
    collector.addClass(SensorType::kIio, kIioClass);
    collector.addClass(SensorType::kHwmon, kHwmonClass);
    collector.addClass(SensorType::kThermal, kThermalClass);
    return collector.take();
}

}  // namespace edge
