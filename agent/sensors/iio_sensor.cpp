// SPDX-License-Identifier: MIT
#include "sensors/iio_sensor.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/attribute.hpp"
#include "sensors/directory.hpp"

namespace edge {
namespace {

constexpr double kMilli = 1000.0;
constexpr std::string_view kType = "in_temp";

/// One temperature of a device, and what it may be called. Names as in the kernel's sysfs-bus-iio document.
struct Channel {
    std::string device;  ///< the path of its directory
    std::string stem;    ///< what its attributes begin with: "in_temp", "in_temp0", "in_temp_object"
    std::string driver;
    std::string deviceLabel;  ///< "" where the device tree gives none
    std::string label;        ///< the driver's, else "object" for "in_temp_object", "temp0" for "in_temp0"

    [[nodiscard]] std::string name() const { return label.empty() ? driver : driver + "/" + label; }
    [[nodiscard]] std::string path(std::string_view attribute) const {
        return fmt::format("{}/{}_{}", device, stem, attribute);
    }
    [[nodiscard]] bool isCalled(const std::string& wanted) const {
        const auto is = [&wanted](const std::string& what) { return !what.empty() && wanted == what; };
        return wanted.empty() || is(driver) || is(deviceLabel) || is(label) || is(name()) ||
               (!deviceLabel.empty() && is(deviceLabel + "/" + label));
    }
};

/// The stem of an attribute that is a temperature; "" for any other, also for the highest, lowest and mean one.
std::string stemOf(std::string_view file) {
    for (const std::string_view suffix : {"_input", "_raw"}) {
        if (!file.ends_with(suffix)) continue;
        file.remove_suffix(suffix.size());
        const bool isStatistic = file.ends_with("_peak") || file.ends_with("_trough") || file.ends_with("_mean");
        return isStatistic ? "" : std::string(file);
    }
    return "";
}

std::string labelOf(const std::string& stem) {
    const std::string rest = stem.substr(kType.size());
    if (rest.empty()) return "";
    return rest.front() == '_' ? rest.substr(1) : "temp" + rest;
}

void addChannels(const std::string& device, std::vector<Channel>& channels) {
    const auto files = listDirectory(device, kType);
    if (!files) return;  // unplugged between the two looks
    std::vector<std::string> stems;
    for (const std::string& file : *files) {
        std::string stem = stemOf(file);
        if (stem.empty() || std::find(stems.begin(), stems.end(), stem) != stems.end()) continue;
        stems.insert(stem == kType ? stems.begin() : stems.end(), std::move(stem));
    }
    for (const std::string& stem : stems) {
        Channel channel{device, stem, readWord(device + "/name"), readWord(device + "/label"), ""};
        channel.label = readWord(channel.path("label"));
        if (channel.label.empty()) channel.label = labelOf(stem);
        channels.push_back(std::move(channel));
    }
}

/// An attribute that a channel has for itself or shares with all temperatures, all inputs, or the whole device.
Result<double> readShared(const Channel& channel, std::string_view attribute) {
    auto own = readDecimal(channel.path(attribute));
    for (const std::string_view scope : {"in_temp_", "in_", ""}) {
        if (own || own.error().code != Errc::kNotFound) return own;
        if (auto shared = readDecimal(fmt::format("{}/{}{}", channel.device, scope, attribute));
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

/// By the same document: a processed value is in thousandths of a degree, a raw one is so after (raw + offset) * scale.
Result<double> readTemperature(const Channel& channel) {
    if (const auto checked = checkFaults(channel.device); !checked) return tl::unexpected<Error>(checked.error());
    auto processed = readDecimal(channel.path("input"));
    if (processed) return *processed / kMilli;
    if (processed.error().code != Errc::kNotFound) return processed;

    auto raw = readDecimal(channel.path("raw"));
    if (!raw) return raw;
    auto scale = readShared(channel, "scale");
    if (!scale) return scale;
    auto offset = readShared(channel, "offset");
    if (!offset && offset.error().code != Errc::kNotFound) return offset;
    const double celsius = (*raw + offset.value_or(0.0)) * *scale / kMilli;
    if (!std::isfinite(celsius))
        return fail(Errc::kFault, fmt::format("{} gives no finite temperature", channel.path("raw")));
    return celsius;
}

/// Found anew for every reading: device numbers change from boot to boot.
class IioSensor : public Sensor {
  public:
    IioSensor(const SensorConfig& config, const std::string& sysRoot)
        : wanted_(config.device), directory_(sysRoot + "/sys/bus/iio/devices"), choice_(config.name) {}

    Result<double> readCelsius() override { return find().and_then(readTemperature); }

  private:
    Result<Channel> find() {
        const auto devices = listDirectory(directory_, "iio:device");
        if (!devices && devices.error().code != Errc::kNotFound) return tl::unexpected<Error>(devices.error());
        std::vector<Channel> channels;
        for (const std::string& device : devices.value_or(std::vector<std::string>{})) {
            addChannels(directory_ + "/" + device, channels);
        }
        if (channels.empty()) {
            return fail(Errc::kNotFound,
                        fmt::format("no device under {} has a temperature: is the sensor's driver loaded (dtoverlay in "
                                    "config.txt), is it wired?",
                                    directory_));
        }
        const std::vector<std::string> names = namesOf(channels);
        std::erase_if(channels, [this](const Channel& channel) { return !channel.isCalled(wanted_); });
        if (channels.empty()) {
            return fail(Errc::kNotFound, fmt::format("no device with a temperature is called \"{}\"; there are {}",
                                                     printable(wanted_), printable(joinNames(names))));
        }
        choice_.chose(namesOf(channels));
        return channels.front();
    }

    static std::vector<std::string> namesOf(const std::vector<Channel>& channels) {
        std::vector<std::string> names;
        names.reserve(channels.size());
        for (const Channel& channel : channels) names.push_back(channel.name());
        return names;
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
