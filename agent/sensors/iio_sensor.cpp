// SPDX-License-Identifier: MIT
// Devices under /sys/bus/iio, by the kernel's documents sysfs-bus-iio and sysfs-bus-iio-*.
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

/// A type of channel, and the factor from the unit of the kernel's interface to the quantity's.
struct ChannelType {
    Quantity quantity;
    std::string_view name;      ///< in "in_<name>3_<modifier>_raw"
    std::string_view modifier;  ///< that belongs to the type; "" = none
    double factor;
};

constexpr std::array<ChannelType, 11> kTypes{{
    {Quantity::kTemperature, "temp", "", 1e-3},           // thousandths of a degree Celsius
    {Quantity::kHumidity, "humidityrelative", "", 1e-3},  // thousandths of a per cent
    {Quantity::kPressure, "pressure", "", 10},            // kPa
    {Quantity::kIlluminance, "illuminance", "", 1},       // lx
    {Quantity::kVoltage, "voltage", "", 1e-3},            // mV
    {Quantity::kCurrent, "current", "", 1e-3},            // mA
    {Quantity::kPower, "power", "", 1e-3},                // mW
    {Quantity::kDistance, "distance", "", 1},             // m
    {Quantity::kDistance, "proximity", "", 1},            // m, of the drivers in kProximityInMetres
    {Quantity::kCo2, "concentration", "co2", 1e4},        // per cent
    {Quantity::kResistance, "resistance", "", 1},         // Ω
}};
constexpr ChannelType kAnyType{Quantity::kNumber, "", "", 1};

/// A storm's and a time-of-flight sensor. Of all others proximity has no unit, and its scale is the gain of an
/// amplifier (APDS-9960, LTR-559, Si1145).
constexpr std::array<std::string_view, 2> kProximityInMetres{"as3935", "isl29501"};

/// Drivers whose unit is not the documents', as their sources in Linux have it.
struct OtherUnit {
    std::string_view driver;  ///< how its name begins
    Quantity quantity;
    double factor;
};
constexpr std::array<OtherUnit, 6> kOtherUnits{{
    {"bme680", Quantity::kHumidity, 1},      // per cent
    {"hts221", Quantity::kHumidity, 1},      // per cent
    {"hts221", Quantity::kTemperature, 1},   // °C
    {"mcp342", Quantity::kVoltage, 1},       // V; MCP3421 to MCP3428
    {"mpl3115", Quantity::kTemperature, 1},  // °C
    {"sgp30", Quantity::kCo2, 1e6},          // parts of one
}};

/// From the unit of what `driver` gives to the quantity's.
double factorOf(const ChannelType& type, std::string_view driver) {
    const auto* const other = std::ranges::find_if(kOtherUnits, [&](const OtherUnit& unit) {
        return unit.quantity == type.quantity && driver.starts_with(unit.driver);
    });
    return other == kOtherUnits.end() ? type.factor : other->factor;
}

/// "in_voltage0-voltage1", "in_temp_object", "in_concentration_co2", taken apart.
struct Stem {
    std::string text;
    const ChannelType* type = &kAnyType;
    std::string rest{};  ///< behind the type: "0-voltage1", "_object", ""

    [[nodiscard]] bool isDifferential() const { return rest.find('-') != std::string::npos; }
};

/// The stem of an attribute that is a measurement; "" for any other, also for the highest, lowest and mean one.
std::string stemOf(std::string_view file) {
    for (const std::string_view suffix : {"_input", "_raw"}) {
        if (!file.ends_with(suffix)) continue;
        file.remove_suffix(suffix.size());
        const bool isStatistic = file.ends_with("_peak") || file.ends_with("_trough") || file.ends_with("_mean");
        return isStatistic ? "" : std::string(file);
    }
    return "";
}

/// `text` as a channel of `type`; false where it is another one.
bool matches(const ChannelType& type, std::string_view text, std::string& rest) {
    constexpr std::string_view kDigits = "0123456789";
    text.remove_prefix(std::string_view("in_").size());
    if (!text.starts_with(type.name)) return false;
    text.remove_prefix(type.name.size());
    if (!text.empty() && text.front() != '_' && text.front() != '-' && kDigits.find(text.front()) == kDigits.npos)
        return false;
    if (!type.modifier.empty()) {
        const auto end = std::min(text.find_first_not_of(kDigits), text.size());
        if (text.substr(end) != fmt::format("_{}", type.modifier)) return false;
        text = text.substr(0, end);
    }
    rest = text;
    return true;
}

Stem parseStem(std::string text) {
    Stem stem{std::move(text)};
    for (const ChannelType& type : kTypes) {
        if (!matches(type, stem.text, stem.rest)) continue;
        stem.type = &type;
        return stem;
    }
    stem.rest = stem.text.substr(std::string_view("in_").size());
    return stem;
}

/// The driver's label, else "object" for "in_temp_object", "temp0" for "in_temp0", "" for "in_temp".
std::string labelOf(const std::string& channel, const Stem& stem) {
    std::string label = readWord(channel + "_label");
    if (!label.empty() || stem.rest.empty()) return label;
    return stem.rest.front() == '_' ? stem.rest.substr(1) : fmt::format("{}{}", stem.type->name, stem.rest);
}

/// An attribute that a channel has for itself or shares with all differential ones, all of its type, all inputs, or
/// the whole device.
Result<double> readShared(const std::string& channel, std::string_view attribute) {
    const std::size_t slash = channel.rfind('/') + 1;
    const std::string device = channel.substr(0, slash);
    const Stem stem = parseStem(channel.substr(slash));
    auto own = readDecimal(fmt::format("{}_{}", channel, attribute));
    const std::string type(stem.type->name);
    for (const std::string& scope :
         {fmt::format("in_{}-{}_", type, type), fmt::format("in_{}_", type), std::string("in_"), std::string()}) {
        if (own || own.error().code != Errc::kNotFound) return own;
        if (scope.find('-') != std::string::npos && !stem.isDifferential()) continue;
        if (auto shared = readDecimal(fmt::format("{}{}{}", device, scope, attribute));
            shared || shared.error().code != Errc::kNotFound)
            return shared;
    }
    return own;
}

bool isWanted(const Stem& stem, Quantity quantity, std::string_view driver) {
    if (quantity == Quantity::kNumber) return true;
    if (stem.type->quantity != quantity) return false;
    return stem.type->name != "proximity" || std::ranges::find(kProximityInMetres, driver) != kProximityInMetres.end();
}

/// Each channel as a device: its path up to the stem, called by driver, the device's or its own label, or both.
void addChannels(const std::string& device, Quantity quantity, std::vector<Device>& channels) {
    // A platform driver takes the name of its device tree node: "dht11@11" for dtoverlay=dht11,gpiopin=17.
    const std::string name = readWord(device + "/name");
    const std::string driver = name.substr(0, name.find('@'));
    std::vector<Stem> stems;
    const auto files = listDirectory(device, "in_");
    for (const std::string& file : files.value_or(std::vector<std::string>{})) {
        const std::string text = stemOf(file);
        const auto isSame = [&](const Stem& known) { return known.text == text; };
        if (text.empty() || std::ranges::any_of(stems, isSame)) continue;
        Stem stem = parseStem(text);
        if (!isWanted(stem, quantity, driver)) continue;
        stems.push_back(std::move(stem));
    }
    // The plain channel is the first, differential ones are the last.
    const auto rank = [](const Stem& stem) { return stem.rest.empty() ? 0 : 1 + int{stem.isDifferential()}; };
    std::ranges::stable_sort(stems, [&](const Stem& a, const Stem& b) { return rank(a) < rank(b); });
    const std::string deviceLabel = readWord(device + "/label");
    for (const Stem& stem : stems) {
        const std::string path = device + "/" + stem.text;
        const std::string label = labelOf(path, stem);
        Device& channel = channels.emplace_back(Device{path, driver, {driver}});
        channel.driver = driver;
        channel.channels = {stem.text.substr(std::string_view("in_").size()), label};
        if (!label.empty()) {
            channel.name += "/" + label;
            channel.aliases.push_back(label);
        }
        if (!deviceLabel.empty())
            channel.aliases.insert(channel.aliases.end(), {deviceLabel, deviceLabel + "/" + label});
    }
}

/// What drivers of thermocouples and resistance thermometers say of broken wires (sysfs-bus-iio-temperature-max31856,
/// -max31865): "fault_oc", "fault_ovuv", 1 or 0.
Result<void> checkFaults(const std::string& device) {
    const auto files = listDirectory(device, "fault_");
    for (const std::string& file : files.value_or(std::vector<std::string>{})) {
        if (readWord(device + "/" + file) != "1") continue;
        return fail(Errc::kFault,
                    fmt::format("{}/{} says 1: the driver reports a broken sensor; check its wiring", device, file));
    }
    return {};
}

/// A processed value is in the interface's unit, a raw one is so after (raw + offset) * scale.
Result<double> readInterface(const std::string& channel, Quantity quantity) {
    auto processed = readDecimal(channel + "_input");
    if (processed || processed.error().code != Errc::kNotFound) return processed;

    const double raw = TRY(readDecimal(channel + "_raw"));
    const auto scale = readShared(channel, "scale");
    const bool isCount = quantity == Quantity::kNumber && !scale && scale.error().code == Errc::kNotFound;
    if (!scale && !isCount) return scale;
    const auto offset = readShared(channel, "offset");
    if (!offset && offset.error().code != Errc::kNotFound) return offset;
    return (raw + offset.value_or(0.0)) * scale.value_or(1.0);
}

Result<double> readChannel(const Device& channel, Quantity quantity) {
    const std::size_t slash = channel.path.rfind('/');
    TRY(checkFaults(channel.path.substr(0, slash)));
    const double value = TRY(readInterface(channel.path, quantity));
    const Stem stem = parseStem(channel.path.substr(slash + 1));
    const double factor = quantity == Quantity::kNumber ? 1 : factorOf(*stem.type, channel.driver);
    if (!std::isfinite(value * factor))
        return fail(Errc::kFault, fmt::format("{}_raw gives no finite value", channel.path));
    return value * factor;
}

}  // namespace

const DeviceClass kIioClass{"IIO",
                            "check that the sensor is wired and its driver is loaded (dtoverlay in config.txt)",
                            "/sys/bus/iio/devices",
                            "iio:device",
                            addChannels,
                            readChannel};

}  // namespace edge
