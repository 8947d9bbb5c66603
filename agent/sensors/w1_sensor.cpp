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

/// The families that w1_therm drives, and what each can measure at most.
struct Family {
    std::string_view prefix;
    double min;
    double max;
};
constexpr std::array<Family, 5> kFamilies{{
    {"10-", -55, 125},    // DS18S20, DS1820
    {"22-", -55, 125},    // DS1822
    {"28-", -55, 125},    // DS18B20
    {"3b-", -270, 1800},  // MAX31850, DS1825 with a thermocouple
    {"42-", -55, 125},    // DS28EA00
}};
constexpr std::string_view kThermocouple = "3b-";

constexpr const char* kAdvice =
    "is the sensor wired (data on GPIO 4, 4.7 kΩ to 3.3 V), and is dtoverlay=w1-gpio in config.txt?";

const Family* familyOf(std::string_view id) {
    const auto* found = std::find_if(kFamilies.begin(), kFamilies.end(),
                                     [&](const Family& family) { return id.starts_with(family.prefix); });
    return found == kFamilies.end() ? nullptr : found;
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
        std::erase_if(*names, [](const std::string& name) { return familyOf(name) == nullptr; });
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
        if (id.starts_with(kThermocouple) && (reading.scratchpad[0] & 1U) != 0) {
            filter_.forget();
            return fail(Errc::kFault, fmt::format("1-Wire {}: the thermocouple is open or shorted", id));
        }
        const Family& family = *familyOf(id);
        if (celsius < family.min || celsius > family.max) {
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
