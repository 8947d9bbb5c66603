// SPDX-License-Identifier: MIT
#include "sensors/w1_sensor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/attribute.hpp"
#include "sensors/directory.hpp"
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

constexpr const char* kAdvice =
    "is the sensor wired (data on GPIO 4, 4.7 kΩ to 3.3 V), and is dtoverlay=w1-gpio in config.txt?";

bool isThermometer(std::string_view id) {
    return std::any_of(kFamilies.begin(), kFamilies.end(),
                       [&](std::string_view family) { return id.starts_with(family); });
}

class W1Sensor : public Sensor {
  public:
    W1Sensor(const SensorConfig& config, const std::string& sysRoot)
        : wanted_(toLower(config.device)), directory_(sysRoot + "/sys/bus/w1/devices"), choice_(config.name) {}

    Result<double> readCelsius() override {
        const auto reading = find().and_then([&](const std::string& id) { return read(id); });
        if (!reading) {
            filter_.forget();
            return tl::unexpected<Error>(reading.error());
        }
        return judge(*reading);
    }

  private:
    Result<std::string> find() {
        auto names = listDirectory(directory_);
        if (!names && names.error().code == Errc::kNotFound) {
            return fail(Errc::kNotFound, fmt::format("there is no 1-Wire bus ({}): {}", directory_, kAdvice));
        }
        if (!names) return tl::unexpected<Error>(names.error());
        std::erase_if(*names, [](const std::string& name) { return !isThermometer(name); });
        std::sort(names->begin(), names->end());
        if (names->empty()) return fail(Errc::kNotFound, fmt::format("no 1-Wire thermometer answers: {}", kAdvice));
        if (wanted_.empty()) {
            choice_.chose(*names);
            return names->front();
        }
        if (std::find(names->begin(), names->end(), wanted_) != names->end()) return wanted_;
        return fail(Errc::kNotFound,
                    fmt::format("1-Wire thermometer {} does not answer, but {} does: is it wired, is the id right?",
                                printable(wanted_), joinNames(*names)));
    }

    Result<W1Reading> read(const std::string& id) {
        if (id != current_) filter_.forget();
        current_ = id;
        const auto text = readAttribute(fmt::format("{}/{}/w1_slave", directory_, id));
        if (!text && text.error().code == Errc::kNotFound) {
            return fail(Errc::kNotFound,
                        fmt::format("{}; is the sensor wired, is the module w1_therm loaded?", text.error().message));
        }
        if (!text) return tl::unexpected<Error>(text.error());
        auto reading = parseW1Slave(*text);
        if (!reading) return fail(reading.error().code, fmt::format("1-Wire {}: {}", id, reading.error().message));
        return reading;
    }

    Result<double> judge(const W1Reading& reading) {
        const std::string& id = current_;
        const double celsius = static_cast<double>(reading.milliCelsius) / 1000.0;
        const bool hasThermocouple = isThermocouple(id, reading);
        if (hasThermocouple && (reading.scratchpad[0] & 1U) != 0) {
            filter_.forget();
            return fail(Errc::kFault, fmt::format("1-Wire {}: the thermocouple is open or shorted", id));
        }
        const Range& range = hasThermocouple ? kThermocouple : kThermometer;
        if (celsius < range.min || celsius > range.max) {
            filter_.forget();
            return fail(
                Errc::kFault,
                fmt::format("1-Wire {}: {} °C is beyond what it can measure: a bad contact or supply", id, celsius));
        }
        if (!filter_.accept(reading)) {
            return fail(Errc::kFault,
                        fmt::format("1-Wire {}: 85 °C is its power-on value, it has not measured: check its "
                                    "supply and the pull-up resistor",
                                    id));
        }
        return celsius;
    }

    std::string wanted_;
    std::string directory_;
    ChoiceReport choice_;
    std::string current_;
    PowerOnFilter filter_;
};

}  // namespace

std::unique_ptr<Sensor> makeW1Sensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<W1Sensor>(config, sysRoot);
}

}  // namespace edge
