// SPDX-License-Identifier: MIT
// 1-Wire thermometers (DS18B20 and its relatives) through the kernel's w1_therm.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"
#include "sensors/w1_scratchpad.hpp"

namespace edge {
namespace {

/// The families that w1_therm drives.
constexpr std::array<std::string_view, 5> kFamilies{
    "10-",  // DS18S20, DS1820
    "22-",  // DS1822
    "28-",  // DS18B20
    "3b-",  // DS1825; MAX31850 and MAX31851 with a thermocouple
    "42-",  // DS28EA00
};

/// What a device can measure, in °C.
struct Range {
    double min;
    double max;
};
constexpr Range kThermometer{-55, 125};
constexpr Range kThermocouple{-270, 1800};

/// Both chips of family 3b have the same kind of id. Bit 7 of the configuration byte is 1 in a MAX31850 and 0 in a
/// DS1825 (their data sheets; w1_DS1825_convert_temp() of the kernel's w1_therm.c decides by it, too).
bool isThermocouple(std::string_view id, const W1Reading& reading) {
    constexpr std::size_t kConfiguration = 4;
    return id.starts_with("3b-") && (reading.scratchpad[kConfiguration] & 0x80U) != 0;
}

bool isThermometer(std::string_view id) {
    return std::ranges::any_of(kFamilies, [&](std::string_view family) { return id.starts_with(family); });
}

double toCelsius(const W1Reading& reading) {
    return static_cast<double>(reading.milliCelsius) / 1000.0;
}

class W1Sensor : public Sensor {
  public:
    W1Sensor(SensorConfig config, std::string sysRoot)
        : sysRoot_(std::move(sysRoot)),
          chooser_(withLowerCaseId(std::move(config)), "1-Wire thermometer",
                   "check that it is wired (data on GPIO 4, 4.7 kΩ to 3.3 V) and dtoverlay=w1-gpio is in config.txt") {}

    Result<double> read() override {
        const auto result = readDevice();
        if (!result) filter_.forget();
        const W1Reading reading = TRY(result);
        if (!filter_.accept(reading)) {
            return fail(Errc::kFault, fmt::format("1-Wire {}: 85 °C is its power-on value, it has not measured; check "
                                                  "its supply and the pull-up resistor",
                                                  current_));
        }
        return toCelsius(reading);
    }

  private:
    static SensorConfig withLowerCaseId(SensorConfig config) {
        config.device = toLower(config.device);
        return config;
    }

    Result<W1Reading> readDevice() {
        std::vector<Device> all = TRY(listThermometers(sysRoot_));
        const Device device = TRY(chooser_.choose(std::move(all)));
        if (device.name != current_) filter_.forget();
        current_ = device.name;
        const auto text = readAttribute(device.path + "/w1_slave");
        if (!text && text.error().code == Errc::kNotFound) {
            return fail(Errc::kNotFound,
                        text.error().message + "; check that the sensor is wired and the module w1_therm is loaded");
        }
        auto reading = parseW1Slave(TRY(text));
        if (!reading)
            return fail(reading.error().code, fmt::format("1-Wire {}: {}", current_, reading.error().message));
        const bool hasThermocouple = isThermocouple(current_, *reading);
        if (hasThermocouple && (reading->scratchpad[0] & 1U) != 0)
            return fail(Errc::kFault, fmt::format("1-Wire {}: the thermocouple is open or shorted", current_));
        const Range& range = hasThermocouple ? kThermocouple : kThermometer;
        const double celsius = toCelsius(*reading);
        if (celsius < range.min || celsius > range.max) {
            return fail(Errc::kFault,
                        fmt::format("1-Wire {}: {} °C is beyond what it can measure; check its contacts and supply",
                                    current_, celsius));
        }
        return reading;
    }

    std::string sysRoot_;
    DeviceChooser chooser_;
    std::string current_;  ///< the id of the device that was read last
    PowerOnFilter filter_;
};

}  // namespace

Result<std::vector<Device>> listThermometers(const std::string& sysRoot) {
    const std::string directory = sysRoot + "/sys/bus/w1/devices";
    std::vector<std::string> ids = TRY(listDirectory(directory));
    std::erase_if(ids, [](const std::string& name) { return !isThermometer(name); });
    std::ranges::sort(ids);
    std::vector<Device> devices;
    devices.reserve(ids.size());
    for (const std::string& id : ids) devices.push_back({fmt::format("{}/{}", directory, id), id, {}, {}, id});
    return devices;
}

std::unique_ptr<Sensor> makeW1Sensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<W1Sensor>(config, sysRoot);
}

}  // namespace edge
