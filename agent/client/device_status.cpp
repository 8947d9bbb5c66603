// SPDX-License-Identifier: MIT
#include "client/device_status.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNameWidth = 12;
constexpr std::size_t kMaxTextBytes = 500;

Json parse(const std::string& text) {
    constexpr std::size_t kMaxDepth = 32;
    if (jsonDepth(text) > kMaxDepth) return {};
    Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    return json.is_discarded() ? Json() : json;
}

/// null where there is no such key.
Json at(const Json& object, const char* key) {
    return object.is_object() && object.contains(key) ? object[key] : Json();
}

std::string text(const Json& value) {
    if (value.is_null()) return "";
    if (value.is_string()) return printable(value.get<std::string>(), kMaxTextBytes);
    return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), kMaxTextBytes);
}
std::string text(const Json& object, const char* key) {
    return text(at(object, key));
}

std::int64_t count(const Json& object, const char* key) {
    const Json value = at(object, key);
    return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

/// "3 s", "12 min", "5 h", "9 d"
std::string formatAge(milliseconds age) {
    const auto whole = std::max<std::int64_t>(std::chrono::duration_cast<seconds>(age).count(), 0);
    constexpr std::int64_t kMinute = 60;
    constexpr std::int64_t kHour = 60 * kMinute;
    constexpr std::int64_t kDay = 24 * kHour;
    if (whole < 2 * kMinute) return fmt::format("{} s", whole);
    if (whole < 2 * kHour) return fmt::format("{} min", whole / kMinute);
    if (whole < 2 * kDay) return fmt::format("{} h", whole / kHour);
    return fmt::format("{} d", whole / kDay);
}

std::string formatAgo(const Json& time, WallTime now) {
    const auto then = time.is_string() ? parseRfc3339(time.get<std::string>()) : std::nullopt;
    return then ? formatAge(std::chrono::duration_cast<milliseconds>(now - *then)) + " ago" : "";
}

/// "2026-11-20 09:30:00 (in 3 min)", in local time.
std::string formatTurn(const Json& time, WallTime now) {
    const auto turn = time.is_string() ? parseRfc3339(time.get<std::string>()) : std::nullopt;
    if (!turn) return "";
    return fmt::format("next {} (in {})", formatLocalTime(*turn),
                       formatAge(std::chrono::duration_cast<milliseconds>(*turn - now)));
}

/// A line of a name and a text, lined up with the others.
void add(std::string& lines, const std::string& name, const std::string& line) {
    if (!line.empty()) lines += fmt::format("  {:{}} {}\n", name, kNameWidth, line);
}

std::string join(std::vector<std::string> parts) {
    std::erase(parts, "");
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::string counted(std::int64_t number, const char* what) {
    return number <= 0 ? "" : fmt::format("{} {}", number, what);
}
std::string counted(const Json& object, const char* key, const char* what) {
    return counted(count(object, key), what);
}

/// "offline: no such file"
std::string statusOf(const Json& part, const char* detailKey = "error") {
    const std::string detail = text(part, detailKey);
    return text(part, "status") + (detail.empty() ? "" : ": " + detail);
}

std::string describeConnection(const Json& connection) {
    const std::string protocol = text(connection, "protocol");
    return join({text(connection, "server"), protocol.empty() ? "" : "MQTT " + protocol,
                 counted(count(connection, "connects") - 1, "reconnects"),
                 counted(connection, "waiting", "messages waiting"),
                 counted(connection, "dropped_replies", "replies dropped"), text(connection, "last_failure")});
}

std::string describeReadings(const Json& readings) {
    const Json publishing = at(readings, "publishing");
    if (!publishing.is_boolean()) return "";
    return join({publishing.get<bool>() ? "published" : "not published; \"pi-edge-agent request start\" starts it",
                 counted(readings, "delivered", "delivered"), counted(readings, "queued", "waiting in the journal"),
                 counted(readings, "dropped", "dropped")});
}

std::string describeSensor(const Json& sensor, WallTime now) {
    std::string value;
    if (at(sensor, "value").is_number())
        value = join({text(sensor, "value") + " " + text(sensor, "unit"), formatAgo(at(sensor, "time"), now)});
    if (text(sensor, "status") == "online" && !value.empty()) return join({value, counted(sensor, "faults", "faults")});
    return statusOf(sensor) + (value.empty() ? "" : "; last: " + value);
}

std::string describeCamera(const Json& camera) {
    return join({statusOf(camera, text(camera, "status") == "online" ? "model" : "error"),
                 counted(camera, "published", "published"), counted(camera, "failed", "failed"),
                 counted(camera, "waiting", "waiting"), counted(camera, "kept", "waiting for a connection")});
}

std::string describeSchedule(const Json& schedule, WallTime now) {
    const std::string next = formatTurn(at(schedule, "next"), now);
    const std::string error = text(schedule, "error");
    std::string state = next.empty() ? "no next turn" : next;
    if (at(schedule, "enabled") == false) state = "off";
    return join({state, counted(schedule, "turns", "turns"), counted(schedule, "skipped", "skipped"),
                 counted(schedule, "failed", "failed"), error});
}

std::string describeArchive(const Json& archive, WallTime now) {
    constexpr double kMebi = 1 << 20;
    if (!archive.is_object() || text(archive, "status") == "off") return "";
    const std::string age = formatAgo(at(archive, "oldest"), now);
    return join({statusOf(archive), fmt::format("{} pictures", count(archive, "pictures")),
                 fmt::format("{:.1f} MiB", static_cast<double>(count(archive, "bytes")) / kMebi),
                 age.empty() ? "" : "the oldest " + age});
}

std::string describeJournal(const Json& journal) {
    constexpr double kMebi = 1 << 20;
    if (!journal.is_object()) return "";
    return join({statusOf(journal), fmt::format("{:.1f} MiB", static_cast<double>(count(journal, "bytes")) / kMebi),
                 counted(journal, "corrupt_rows", "damaged rows"), counted(journal, "dropped_rows", "dropped rows")});
}

/// Undervoltage or throttling: {"now":…,"since_boot":…}.
std::string describeFlag(const Json& board, const char* key) {
    const Json flag = at(board, key);
    if (at(flag, "now") == true) return fmt::format("{} NOW", key);
    return at(flag, "since_boot") == true ? fmt::format("{} since the boot", key) : "";
}

std::string describeBoard(const Json& board) {
    constexpr std::int64_t kKibi = 1024;
    const auto value = [&board](const char* key, const char* format) {
        const std::string shown = text(board, key);
        return shown.empty() ? "" : fmt::format(fmt::runtime(format), shown);
    };
    const Json wifi = at(board, "wifi");
    const Json addresses = at(board, "addresses");
    std::vector<std::string> parts{value("cpu_temperature_c", "CPU {} °C"),
                                   value("load_1m", "load {}"),
                                   counted(count(board, "memory_available_kib") / kKibi, "MiB memory free"),
                                   counted(count(board, "disk_free_kib") / kKibi, "MiB disk free"),
                                   describeFlag(board, "undervoltage"),
                                   describeFlag(board, "throttled")};
    if (wifi.is_object()) parts.push_back(fmt::format("{} {} dBm", text(wifi, "interface"), text(wifi, "signal_dbm")));
    if (addresses.is_array()) {
        for (const Json& address : addresses) parts.push_back(text(address));
    }
    return join(std::move(parts));
}

void addParts(const Json& health, WallTime now, std::string& lines) {
    const Json connection = at(health, "connection");
    add(lines, "connection", describeConnection(connection));
    add(lines, "readings", describeReadings(at(health, "readings")));
    for (const Json& sensor : at(health, "sensors"))
        add(lines, "sensor", text(sensor, "name") + ": " + describeSensor(sensor, now));
    const Json camera = at(health, "camera");
    if (camera.is_object() && text(camera, "status") != "none") add(lines, "camera", describeCamera(camera));
    for (const Json& line : at(health, "gpio")) {
        const std::string error = text(line, "error");
        add(lines, "gpio", fmt::format("{}: {}", text(line, "name"), error.empty() ? text(line, "state") : error));
    }
    for (const Json& schedule : at(health, "schedules"))
        add(lines, "schedule", text(schedule, "name") + ": " + describeSchedule(schedule, now));
    const Json commands = at(health, "commands");
    add(lines, "commands",
        join({counted(commands, "received", "received"), counted(commands, "refused", "refused"),
              counted(commands, "rate_limited", "rate limited"), counted(commands, "waiting", "waiting")}));
    add(lines, "archive", describeArchive(at(health, "archive"), now));
    add(lines, "journal", describeJournal(at(health, "journal")));
    add(lines, "board", describeBoard(at(health, "board")));
    if (text(health, "clock") == "unsynchronised") add(lines, "warning", "the clock is not synchronised");
    for (const Json& topic : at(connection, "denied_topics"))
        add(lines, "warning", fmt::format("the broker's access list denies \"{}\"", text(topic)));
    for (const Json& warning : at(health, "warnings")) add(lines, "warning", text(warning));
}

}  // namespace

std::string formatStatus(const DeviceStatus& device, WallTime now) {
    const Json info = parse(device.info);
    const Json health = parse(device.health);
    const std::string name = text(info, "name");
    const std::string startedAt = formatAgo(at(info, "started_at"), now);
    const std::string madeAt = formatAgo(at(health, "time"), now);
    std::string title = printable(device.id);
    if (!name.empty() && name != device.id) title += fmt::format(" ({})", name);
    title += ": " + (device.status.empty() ? "not known at " + device.server : printable(device.status));
    if (!device.status.empty() && !device.isOnline() && !madeAt.empty()) title += ", last health " + madeAt;
    std::string lines;
    if (info.is_object())
        add(lines, "agent",
            join({"version " + text(info, "version"), text(info, "model") == "unknown" ? "" : text(info, "model"),
                  text(info, "os"), startedAt.empty() ? "" : "started " + startedAt}));
    addParts(health, now, lines);
    const Json settings = parse(device.settings);
    for (const auto& [key, setting] : settings.items()) {
        add(lines, "setting",
            fmt::format("{} is {} over MQTT; the configuration says {}", printable(key, kMaxTextBytes),
                        text(setting, "value"), text(setting, "configured")));
    }
    if (device.isOnline() && !madeAt.empty()) add(lines, "as of", madeAt);
    return title + '\n' + lines;
}

std::string formatStatusJson(const DeviceStatus& device) {
    const Json json{{"id", device.id},
                    {"server", device.server},
                    {"status", device.status.empty() ? Json() : Json(device.status)},
                    {"info", parse(device.info)},
                    {"health", parse(device.health)},
                    {"settings", parse(device.settings)}};
    return printableJson(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace edge
