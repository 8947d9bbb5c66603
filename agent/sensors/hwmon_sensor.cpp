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

/// One tempN_input, and what it may be called.
struct Input {
    std::string path;
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
        inputs.push_back({fmt::format("{}/{}", chip, file), driver, readWord(fmt::format("{}/{}_label", chip, stem))});
    }
}

/// Found anew for every reading: hwmon numbers change from boot to boot.
class HwmonSensor : public Sensor {
  public:
    HwmonSensor(const SensorConfig& config, const std::string& sysRoot)
        : wanted_(config.device), directory_(sysRoot + "/sys/class/hwmon"), choice_(config.name) {}

    Result<double> readCelsius() override {
        return find().and_then([](const std::string& input) { return readMilliCelsius(input); });
    }

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
        return inputs.front().path;
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
