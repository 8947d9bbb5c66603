// SPDX-License-Identifier: MIT
// Monitoring chips under /sys/class/hwmon, by the kernel's document hwmon/sysfs-interface.
#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

/// A type of input, and the factor from the unit of the kernel's interface to the quantity's.
struct InputType {
    Quantity quantity;
    std::string_view prefix;  ///< of "temp1_input"
    double factor;
};

constexpr std::array<InputType, 6> kTypes{{
    {Quantity::kTemperature, "temp", 1e-3},   // thousandths of a degree Celsius
    {Quantity::kHumidity, "humidity", 1e-3},  // thousandths of a per cent
    {Quantity::kVoltage, "in", 1e-3},         // mV
    {Quantity::kCurrent, "curr", 1e-3},       // mA
    {Quantity::kPower, "power", 1e-6},        // µW
    {Quantity::kFan, "fan", 1},               // revolutions a minute
}};

const InputType* typeOf(Quantity quantity) {
    const auto* const type = std::ranges::find(kTypes, quantity, &InputType::quantity);
    return type == kTypes.end() ? nullptr : type;
}

/// A power meter may have the mean of an interval alone.
constexpr std::array<std::string_view, 2> kSuffixes{"_input", "_average"};

/// "temp1" of "temp1_input"; "" for another attribute.
std::string stemOf(std::string_view file, Quantity quantity) {
    const auto* const suffix = std::ranges::find_if(kSuffixes, [&](std::string_view s) { return file.ends_with(s); });
    if (suffix == kSuffixes.end()) return "";
    file.remove_suffix(suffix->size());
    const InputType* const type = typeOf(quantity);
    if (quantity == Quantity::kNumber) return std::string(file);
    const bool isOfType = type != nullptr && file.starts_with(type->prefix) &&
                          parseNumber<unsigned>(file.substr(type->prefix.size())).has_value();
    return isOfType ? std::string(file) : "";
}

/// Each input as a device: its path without "_input", called by its driver, its label or both.
void addInputs(const std::string& chip, Quantity quantity, std::vector<Device>& inputs) {
    const auto files = listDirectory(chip);
    const std::string driver = readWord(chip + "/name");
    std::vector<std::string> stems;
    for (const std::string& file : files.value_or(std::vector<std::string>{})) {
        std::string stem = stemOf(file, quantity);
        if (!stem.empty() && (stems.empty() || stems.back() != stem)) stems.push_back(std::move(stem));
    }
    for (const std::string& stem : stems) {
        const std::string path = chip + "/" + stem;
        const std::string label = readWord(path + "_label");
        const std::string& shown = label.empty() && stems.size() > 1 ? stem : label;
        if (shown.empty()) {
            inputs.push_back({path, driver, {}, {stem}, driver});
        } else {
            inputs.push_back({path, driver + "/" + shown, {driver, shown}, {stem, label}, driver});
        }
    }
}

/// An input may say that its sensor is broken; its value then means nothing. An alarm is about a limit: the value
/// stays true.
Result<double> readInput(const Device& input, Quantity quantity) {
    const std::string fault = readWord(input.path + "_fault");
    if (!fault.empty() && fault != "0") {
        return fail(Errc::kFault,
                    fmt::format("{}_fault says \"{}\": the driver reports a broken sensor; check its wiring",
                                input.path, printable(fault, 40)));
    }
    auto value = readWholeNumber(fmt::format("{}{}", input.path, kSuffixes[0]));
    if (!value && value.error().code == Errc::kNotFound) {
        if (auto mean = readWholeNumber(fmt::format("{}{}", input.path, kSuffixes[1]))) value = mean;
    }
    const InputType* const type = typeOf(quantity);
    return TRY(value) * (type == nullptr ? 1 : type->factor);
}

}  // namespace

const DeviceClass kHwmonClass{"hwmon",
                              "check that the chip is wired and its driver is loaded (dtoverlay in config.txt)",
                              "/sys/class/hwmon",
                              "hwmon",
                              addInputs,
                              readInput};

}  // namespace edge
