// SPDX-License-Identifier: MIT
// Devices under /sys/bus/iio, by the kernel's document sysfs-bus-iio.
#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

constexpr double kMilli = 1000.0;
constexpr std::string_view kType = "in_temp";

/// The stem ("in_temp", "in_temp0", "in_temp_object") of an attribute that is a temperature; "" for any other, also
/// for the highest, lowest and mean one.
std::string stemOf(std::string_view file) {
    for (const std::string_view suffix : {"_input", "_raw"}) {
        if (!file.ends_with(suffix)) continue;
        file.remove_suffix(suffix.size());
        const bool isStatistic = file.ends_with("_peak") || file.ends_with("_trough") || file.ends_with("_mean");
        return isStatistic ? "" : std::string(file);
    }
    return "";
}

/// The driver's label, else "object" for "in_temp_object", "temp0" for "in_temp0".
std::string labelOf(const std::string& channel, const std::string& stem) {
    const std::string label = readWord(channel + "_label");
    const std::string rest = stem.substr(kType.size());
    if (!label.empty() || rest.empty()) return label;
    return rest.front() == '_' ? rest.substr(1) : "temp" + rest;
}

/// Each channel as a device: its path up to the stem, called by driver, the device's or its own label, or both.
void addChannels(const std::string& device, std::vector<Device>& channels) {
    std::vector<std::string> stems;
    const auto files = listDirectory(device, kType);
    for (const std::string& file : files.value_or(std::vector<std::string>{})) {
        std::string stem = stemOf(file);
        if (stem.empty() || std::find(stems.begin(), stems.end(), stem) != stems.end()) continue;
        stems.insert(stem == kType ? stems.begin() : stems.end(), std::move(stem));
    }
    const std::string driver = readWord(device + "/name");
    const std::string deviceLabel = readWord(device + "/label");
    for (const std::string& stem : stems) {
        const std::string path = device + "/" + stem;
        const std::string label = labelOf(path, stem);
        channels.push_back({path, driver, {driver}});
        Device& channel = channels.back();
        if (!label.empty()) {
            channel.name += "/" + label;
            channel.aliases.push_back(label);
        }
        if (!deviceLabel.empty())
            channel.aliases.insert(channel.aliases.end(), {deviceLabel, deviceLabel + "/" + label});
    }
}

/// An attribute that a channel has for itself or shares with all temperatures, all inputs, or the whole device.
Result<double> readShared(const Device& channel, std::string_view attribute) {
    const std::string device = channel.path.substr(0, channel.path.rfind('/') + 1);
    auto own = readDecimal(fmt::format("{}_{}", channel.path, attribute));
    for (const std::string_view scope : {"in_temp_", "in_", ""}) {
        if (own || own.error().code != Errc::kNotFound) return own;
        if (auto shared = readDecimal(fmt::format("{}{}{}", device, scope, attribute));
            shared || shared.error().code != Errc::kNotFound)
            return shared;
    }
    return own;
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

/// A processed value is in thousandths of a degree, a raw one is so after (raw + offset) * scale.
Result<double> readTemperature(const Device& channel) {
    TRY(checkFaults(channel.path.substr(0, channel.path.rfind('/'))));
    auto processed = readDecimal(channel.path + "_input");
    if (processed) return *processed / kMilli;
    if (processed.error().code != Errc::kNotFound) return processed;

    const double raw = TRY(readDecimal(channel.path + "_raw"));
    const double scale = TRY(readShared(channel, "scale"));
    const auto offset = readShared(channel, "offset");
    if (!offset && offset.error().code != Errc::kNotFound) return offset;
    const double celsius = (raw + offset.value_or(0.0)) * scale / kMilli;
    if (!std::isfinite(celsius))
        return fail(Errc::kFault, fmt::format("{}_raw gives no finite temperature", channel.path));
    return celsius;
}

constexpr DeviceClass kIio{"IIO temperature",
                           "check that the sensor is wired and its driver is loaded (dtoverlay in config.txt)",
                           "/sys/bus/iio/devices",
                           "iio:device",
                           addChannels,
                           readTemperature};

}  // namespace

std::unique_ptr<Sensor> makeIioSensor(const SensorConfig& config, const std::string& sysRoot) {
    return makeDeviceSensor(kIio, config, sysRoot);
}

}  // namespace edge
