// SPDX-License-Identifier: MIT
// Monitoring chips under /sys/class/hwmon, by the kernel's document hwmon/sysfs-interface.
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

constexpr std::string_view kInputSuffix = "_input";

/// Each input as a device: its path without "_input", called by its driver, its label or both.
void addInputs(const std::string& chip, std::vector<Device>& inputs) {
    const auto files = listDirectory(chip, "temp");
    const std::string driver = readWord(chip + "/name");
    for (const std::string& file : files.value_or(std::vector<std::string>{})) {
        if (!file.ends_with(kInputSuffix)) continue;
        const std::string path = chip + "/" + file.substr(0, file.size() - kInputSuffix.size());
        const std::string label = readWord(path + "_label");
        if (label.empty()) {
            inputs.push_back({path, driver, {}});
        } else {
            inputs.push_back({path, driver + "/" + label, {driver, label}});
        }
    }
}

/// An input may say that its sensor is broken; its value then means nothing. An alarm is about a limit: the value
/// stays true.
Result<double> readInput(const Device& input) {
    const std::string fault = readWord(input.path + "_fault");
    if (!fault.empty() && fault != "0") {
        return fail(Errc::kFault,
                    fmt::format("{}_fault says \"{}\": the driver reports a broken sensor; check its wiring",
                                input.path, printable(fault, 40)));
    }
    return readMilliCelsius(fmt::format("{}{}", input.path, kInputSuffix));
}

constexpr DeviceClass kHwmon{
    "hwmon temperature", "check that the chip is wired and its driver is loaded (dtoverlay in config.txt)",
    "/sys/class/hwmon",  "hwmon",
    addInputs,           readInput};

}  // namespace

std::unique_ptr<Sensor> makeHwmonSensor(const SensorConfig& config, const std::string& sysRoot) {
    return makeDeviceSensor(kHwmon, config, sysRoot);
}

}  // namespace edge
