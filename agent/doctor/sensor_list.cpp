// SPDX-License-Identifier: MIT
#include <ostream>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "doctor/checks/checks.hpp"
#include "sensors/sensor.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

/// JSON's strings are TOML's basic strings.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string blockOf(const SensorConfig& sensor) {
    std::string block = fmt::format("[[sensor]]\nname = {}\ntype = {}\ndevice = {}\n", quoted(sensor.name),
                                    quoted(std::string(nameOf(sensor.type))), quoted(sensor.device));
    if (sensor.quantity != Quantity::kTemperature)
        block += fmt::format("quantity = {}\n", quoted(std::string(infoOf(sensor.quantity).name)));
    if (!sensor.channel.empty()) block += fmt::format("channel = {}\n", quoted(sensor.channel));
    if (sensor.interval.count() > 0) block += fmt::format("interval = {}\n", quoted(formatDuration(sensor.interval)));
    return block;
}

Json toJson(const SensorConfig& sensor, const Result<double>& value) {
    Json json{{"type", nameOf(sensor.type)},
              {"device", sensor.device},
              {"channel", sensor.channel},
              {"quantity", infoOf(sensor.quantity).name},
              {"unit", unitOf(sensor)},
              {"value", value ? Json(std::stod(formatDecimal(*value, decimalsOf(sensor)))) : Json(nullptr)},
              {"error", value ? Json(nullptr) : Json(value.error().message)},
              {"config", blockOf(sensor)}};
    return json;
}

}  // namespace

int listSensors(const Machine& machine, bool isJson, std::ostream& out) {
    Json sensors = Json::array();
    for (const SensorConfig& sensor : discoverSensors(machine.path(""))) {
        const Result<double> value = readOnce(sensor, machine);
        if (isJson) {
            sensors.push_back(toJson(sensor, value));
            continue;
        }
        out << fmt::format("# {} of {}: {}\n{}\n", infoOf(sensor.quantity).name, printable(sensor.device),
                           value ? "now " + describeValue(sensor, *value) : printable(value.error().message),
                           blockOf(sensor))
            << std::flush;
        sensors.push_back(nullptr);
    }
    const std::vector<std::string> hints = hintsForMissingSensors(machine);
    if (isJson) {
        const Json json{{"sensors", sensors}, {"hints", hints}};
        out << json.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
        return 0;
    }
    if (sensors.empty()) out << "# no sensor found; how to connect one: docs/sensors.md\n";
    for (const std::string& hint : hints) out << "# " << printableLines(hint) << '\n';
    return 0;
}

}  // namespace edge
