// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <map>
#include <utility>

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

/// `device`, one of `all` of its class that measure the quantity, as the configuration of a sensor.
SensorConfig toSensor(SensorType type, const QuantityInfo& info, const Device& device, const std::vector<Device>& all) {
    const auto chipOf = [](const Device& d) { return d.path.substr(0, d.path.rfind('/')); };
    const bool isUnique = std::ranges::none_of(
        all, [&](const Device& other) { return other.driver == device.driver && chipOf(other) != chipOf(device); });
    SensorConfig sensor;
    sensor.type = type;
    sensor.quantity = info.quantity;
    sensor.device = isUnique || device.address.empty() ? device.driver : device.address;
    if (!device.channels.empty() && std::ranges::count(all, chipOf(device), chipOf) > 1)
        sensor.channel = device.channels.front();
    sensor.name = toName(fmt::format("{}_{}", device.driver, sensor.channel.empty() ? info.name : sensor.channel));
    // The driver answers with the measurement before for 2 s: read more often, it would look like a new one.
    if (device.driver == "dht11") sensor.interval = seconds{5};
    return sensor;
}

}  // namespace

std::vector<SensorConfig> discoverSensors(const std::string& sysRoot) {
    constexpr std::array<std::pair<SensorType, const DeviceClass*>, 3> kClasses{
        {{SensorType::kIio, &kIioClass}, {SensorType::kHwmon, &kHwmonClass}, {SensorType::kThermal, &kThermalClass}}};
    std::vector<SensorConfig> sensors;
    for (const Device& device : listThermometers(sysRoot).value_or(std::vector<Device>{}))
        sensors.push_back(toSensor(SensorType::kW1, infoOf(Quantity::kTemperature), device, {}));
    for (const auto& [type, deviceClass] : kClasses) {
        for (const QuantityInfo& info : kQuantities) {
            if (info.quantity == Quantity::kNumber) continue;
            const auto all = listChannels(*deviceClass, info.quantity, sysRoot).value_or(std::vector<Device>{});
            for (const Device& device : all) sensors.push_back(toSensor(type, info, device, all));
        }
    }
    std::map<std::string, int> counts;
    for (SensorConfig& sensor : sensors) {
        if (const int count = ++counts[sensor.name]; count > 1) sensor.name += fmt::format("_{}", count);
    }
    return sensors;
}

}  // namespace edge
