// SPDX-License-Identifier: MIT
#include "sensors/hwmon_sensor.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/attribute.hpp"
#include "sensors/directory.hpp"

namespace edge {
namespace {

/// One tempN of a chip, and what it may be called.
struct Input {
    std::string stem;  ///< its path without "_input"
    std::string driver;
    std::string label;  ///< "" where the driver gives none

    [[nodiscard]] std::string name() const { return label.empty() ? driver : driver + "/" + label; }
    [[nodiscard]] bool isCalled(const std::string& wanted) const {
        return wanted.empty() || wanted == driver || wanted == name() || (!label.empty() && wanted == label);
    }
};

constexpr std::string_view kInputSuffix = "_input";

void addInputs(const std::string& chip, std::vector<Input>& inputs) {
    const auto files = listDirectory(chip, "temp");
    if (!files) return;  // unplugged between the two looks
    const std::string driver = readWord(chip + "/name");
    for (const std::string& file : *files) {
        if (!file.ends_with(kInputSuffix)) continue;
        const std::string stem = file.substr(0, file.size() - kInputSuffix.size());
        const std::string path = fmt::format("{}/{}", chip, stem);
        inputs.push_back({path, driver, readWord(path + "_label")});
    }
}

/// By the kernel's hwmon/sysfs-interface document: an input may say that its sensor is broken, and is then without
/// meaning. Its alarms are about limits: with them the value is true.
Result<double> readInput(const std::string& stem) {
    const std::string fault = readWord(stem + "_fault");
    if (!fault.empty() && fault != "0") {
        return fail(Errc::kFault,
                    fmt::format("{}_fault says \"{}\": the driver reports a broken sensor; check its wiring", stem,
                                printable(fault, 40)));
    }
    return readMilliCelsius(fmt::format("{}{}", stem, kInputSuffix));
}

/// Found anew for every reading: hwmon numbers change from boot to boot.
class HwmonSensor : public Sensor {
  public:
    HwmonSensor(const SensorConfig& config, const std::string& sysRoot)
        : wanted_(config.device), directory_(sysRoot + "/sys/class/hwmon"), choice_(config.name) {}

    Result<double> readCelsius() override { return find().and_then(readInput); }

  private:
    Result<std::string> find() {
        const auto chips = listDirectory(directory_, "hwmon");
        if (!chips && chips.error().code != Errc::kNotFound) return tl::unexpected<Error>(chips.error());
        std::vector<Input> inputs;
        for (const std::string& chip : chips.value_or(std::vector<std::string>{})) {
            addInputs(directory_ + "/" + chip, inputs);
        }
        if (inputs.empty()) {
            return fail(
                Errc::kNotFound,
                fmt::format("this machine has no temperature under {}: is the chip's driver loaded (dtoverlay in "
                            "config.txt), is it wired?",
                            directory_));
        }
        std::vector<std::string> names;
        names.reserve(inputs.size());
        for (const Input& input : inputs) names.push_back(input.name());
        std::erase_if(inputs, [this](const Input& input) { return !input.isCalled(wanted_); });
        if (inputs.empty()) {
            return fail(Errc::kNotFound, fmt::format("no driver and no label is called \"{}\"; there are {}",
                                                     printable(wanted_), printable(joinNames(names))));
        }
        std::vector<std::string> candidates;
        candidates.reserve(inputs.size());
        for (const Input& input : inputs) candidates.push_back(input.name());
        choice_.chose(candidates);
        return inputs.front().stem;
    }

    std::string wanted_;
    std::string directory_;
    ChoiceReport choice_;
};

}  // namespace

std::unique_ptr<Sensor> makeHwmonSensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<HwmonSensor>(config, sysRoot);
}

}  // namespace edge
