// SPDX-License-Identifier: MIT
#include "sensors/thermal_sensor.hpp"

#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/attribute.hpp"
#include "sensors/directory.hpp"

namespace edge {
namespace {

/// Found anew for every reading: the number of a zone is nobody's, and a zone can go and come with its driver.
class ThermalSensor : public Sensor {
  public:
    ThermalSensor(const SensorConfig& config, const std::string& sysRoot)
        : wanted_(config.device), directory_(sysRoot + "/sys/class/thermal"), choice_(config.name) {}

    Result<double> readCelsius() override {
        return find().and_then([](const std::string& zone) { return readMilliCelsius(zone + "/temp"); });
    }

  private:
    Result<std::string> find() {
        const auto zones = listDirectory(directory_, "thermal_zone");
        if (!zones && zones.error().code != Errc::kNotFound) return tl::unexpected<Error>(zones.error());
        std::vector<std::string> types;
        std::string found;
        for (const std::string& zone : zones.value_or(std::vector<std::string>{})) {
            const std::string path = directory_ + "/" + zone;
            types.push_back(readWord(path + "/type"));
            if (found.empty() && (wanted_.empty() || types.back() == wanted_)) found = path;
        }
        if (types.empty()) {
            return fail(
                Errc::kNotFound,
                fmt::format("this machine has no thermal zone ({}); another sensor type may suit it", directory_));
        }
        if (found.empty()) {
            return fail(Errc::kNotFound, fmt::format("there is no thermal zone of type \"{}\"; there are {}",
                                                     printable(wanted_), printable(joinNames(types))));
        }
        if (wanted_.empty()) choice_.chose(types);
        return found;
    }

    std::string wanted_;
    std::string directory_;
    ChoiceReport choice_;
};

}  // namespace

std::unique_ptr<Sensor> makeThermalSensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<ThermalSensor>(config, sysRoot);
}

}  // namespace edge
