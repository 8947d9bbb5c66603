// SPDX-License-Identifier: MIT
#include "sensors/iio_sensor.hpp"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/attribute.hpp"
#include "sensors/directory.hpp"

namespace edge {
namespace {

constexpr double kMilli = 1000.0;

/// By the kernel's sysfs-bus-iio document: a processed value is in thousandths of a degree, a raw one is so after
/// (raw + offset) * scale.
Result<double> readTemperature(const std::string& device) {
    auto processed = readDecimal(device + "/in_temp_input");
    if (processed) return *processed / kMilli;
    if (processed.error().code != Errc::kNotFound) return processed;

    auto raw = readDecimal(device + "/in_temp_raw");
    if (!raw) return raw;
    auto scale = readDecimal(device + "/in_temp_scale");
    if (!scale) return scale;
    auto offset = readDecimal(device + "/in_temp_offset");
    if (!offset && offset.error().code != Errc::kNotFound) return offset;
    const double celsius = (*raw + offset.value_or(0.0)) * *scale / kMilli;
    if (!std::isfinite(celsius)) return fail(Errc::kFault, fmt::format("{} gives no finite temperature", device));
    return celsius;
}

bool hasTemperature(const std::string& device) {
    const auto files = listDirectory(device, "in_temp");
    if (!files) return false;
    for (const std::string& file : *files) {
        if (file == "in_temp_input" || file == "in_temp_raw") return true;
    }
    return false;
}

/// Found anew for every reading: device numbers change from boot to boot.
class IioSensor : public Sensor {
  public:
    IioSensor(const SensorConfig& config, const std::string& sysRoot)
        : wanted_(config.device), directory_(sysRoot + "/sys/bus/iio/devices"), choice_(config.name) {}

    Result<double> readCelsius() override { return find().and_then(readTemperature); }

  private:
    Result<std::string> find() {
        const auto devices = listDirectory(directory_, "iio:device");
        if (!devices && devices.error().code != Errc::kNotFound) return tl::unexpected<Error>(devices.error());
        std::vector<std::string> names;
        std::vector<std::string> candidates;
        std::string found;
        for (const std::string& device : devices.value_or(std::vector<std::string>{})) {
            const std::string path = directory_ + "/" + device;
            if (!hasTemperature(path)) continue;
            names.push_back(readWord(path + "/name"));
            const std::string label = readWord(path + "/label");
            if (!wanted_.empty() && names.back() != wanted_ && label != wanted_) continue;
            candidates.push_back(names.back());
            if (found.empty()) found = path;
        }
        if (names.empty()) {
            return fail(Errc::kNotFound,
                        fmt::format("no device under {} has a temperature: is the sensor's driver loaded (dtoverlay in "
                                    "config.txt), is it wired?",
                                    directory_));
        }
        if (found.empty()) {
            return fail(Errc::kNotFound, fmt::format("no device with a temperature is called \"{}\"; there are {}",
                                                     printable(wanted_), printable(joinNames(names))));
        }
        choice_.chose(candidates);
        return found;
    }

    std::string wanted_;
    std::string directory_;
    ChoiceReport choice_;
};

}  // namespace

std::unique_ptr<Sensor> makeIioSensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<IioSensor>(config, sysRoot);
}

}  // namespace edge
