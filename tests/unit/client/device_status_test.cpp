// SPDX-License-Identifier: MIT
#include "client/device_status.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "services/presence/health.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr WallTime kNow{seconds{1'000'000}};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// What a real agent with a few problems publishes.
std::string healthOf(WallTime time) {
    static const ConnectionInfo connection{.server = "mqtt://broker:1883"};
    HealthReport report;
    report.time = time;
    report.clock = ClockState::kSynchronised;
    report.connection = &connection;
    report.session.deniedTopics = {"room/temp"};
    report.session.warnings = {"the password goes to broker unencrypted"};
    report.isPublishing = true;
    report.readings.delivered = 12;
    report.sensors.push_back({"room", SensorState::Kind::kOnline, "", 5, 0, 21.437, time - seconds{3}, "°C"});
    report.sensors.push_back({"tank", SensorState::Kind::kOffline, "its CRC is wrong", 0, 2});
    report.isCameraConfigured = true;
    report.camera.reason = "no camera found";
    report.gpio.push_back({"lamp", true, true, ""});
    report.schedules.push_back({"lapse", true, kNow + std::chrono::minutes{3}, 120, 2, 0, ""});
    report.schedules.push_back({"night", false, std::nullopt, 0, 0, 1, "no camera"});
    return formatHealth(report);
}

TEST(DeviceStatus, ShowsEveryPartOfAnAgentThatIsOnline) {
    const std::string info = R"({"name":"Greenhouse","version":"1.2.3","started_at":"1970-01-12T13:36:40.000Z"})";
    const std::string text =
        formatStatus({"pi", "mqtt://broker:1883", "online", info, healthOf(kNow - seconds{5})}, kNow);

    EXPECT_TRUE(text.starts_with("pi (Greenhouse): online\n")) << text;
    for (const char* part : {"version 1.2.3, started 10 min ago", "mqtt://broker:1883, MQTT 5",
                             "published, 12 delivered", "room: 21.437 °C, 8 s ago", "tank: offline: its CRC is wrong",
                             "offline: no camera found", "lamp: ON", "lapse: next ", "(in 3 min), 120 turns, 2 skipped",
                             "night: off, 1 failed, no camera", "\"room/temp\"", "unencrypted", "as of        5 s ago"})
        EXPECT_TRUE(has(text, part)) << part << "\n" << text;
}

TEST(DeviceStatus, SaysWhenItLastHeardOfAnAgentThatIsOffline) {
    const std::string text = formatStatus({"pi", "s", "offline", "", healthOf(kNow - std::chrono::hours{5})}, kNow);
    EXPECT_TRUE(text.starts_with("pi: offline, last health 5 h ago\n")) << text;
}

TEST(DeviceStatus, ShowsTheBoardWhereHealthHasIt) {
    const std::string health = R"({"board":{"cpu_temperature_c":51.5,"load_1m":0.3,"memory_available_kib":204800,
        "undervoltage":{"now":false,"since_boot":true},"throttled":{"now":true,"since_boot":true},
        "wifi":{"interface":"wlan0","signal_dbm":-61},"addresses":["192.0.2.5"]}})";
    const std::string text = formatStatus({"pi", "s", "online", "", health}, kNow);
    for (const char* part : {"CPU 51.5 °C", "load 0.3", "200 MiB memory free", "undervoltage since the boot",
                             "throttled NOW", "wlan0 -61 dBm", "192.0.2.5"})
        EXPECT_TRUE(has(text, part)) << part << "\n" << text;
}

TEST(DeviceStatus, ShowsTheArchiveWhereThereIsOne) {
    const std::string health = R"({"archive":{"status":"degraded","pictures":3,"bytes":5242880,"oldest":")" +
                               formatRfc3339(kNow - std::chrono::hours{72}) + R"(","error":"the disk is full"}})";
    const std::string shown = formatStatus({"pi", "s", "online", "", health}, kNow);
    EXPECT_NE(shown.find("degraded: the disk is full, 3 pictures, 5.0 MiB, the oldest 3 d ago"), shown.npos) << shown;
    const std::string off = formatStatus({"pi", "s", "online", "", R"({"archive":{"status":"off"}})"}, kNow);
    EXPECT_EQ(off.find("archive"), off.npos);
}

TEST(DeviceStatus, SurvivesWhatIsNotWrittenByAnAgent) {
    EXPECT_TRUE(has(formatStatus({"pi", "mqtt://broker", "", "", ""}, kNow), "not known at mqtt://broker"));
    for (const char* text :
         {"x", "[]", "5", R"({"sensors":5,"connection":[],"gpio":{"a":1},"warnings":"x","board":[1]})",
          R"({"readings":{"publishing":"yes"},"time":7,"sensors":[{"name":{}}]})"})
        EXPECT_TRUE(formatStatus({"pi", "s", "online", text, text}, kNow).starts_with("pi: online\n")) << text;
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_EQ(formatStatus({"pi", "s", "online", deep, deep, deep}, kNow), "pi: online\n");
    EXPECT_TRUE(has(formatStatusJson({"pi", "s", "online", deep, deep, deep}), R"("health":null)"));
    const std::string hostile = formatStatus({"pi", "s", "\x1b[2J", R"({"name":"\u001b[2J"})", ""}, kNow);
    EXPECT_FALSE(has(hostile, "\x1b")) << hostile;
}

TEST(DeviceStatus, ShowsWhatWasSetOverMqtt) {
    const std::string text = formatStatus(
        {"pi", "s", "online", "{}", "{}", R"({"telemetry.interval":{"value":"10s","configured":"2s"}})"}, WallTime{});
    EXPECT_NE(text.find("telemetry.interval is 10s"), std::string::npos) << text;
    for (const char* broken : {"", "[]", "7", "{", R"({"a":1})", R"({"a":null})"})
        (void)formatStatus({"pi", "s", "online", "{}", "{}", broken}, WallTime{});
}

TEST(DeviceStatus, JsonHasWhatCameAndNullForTheRest) {
    EXPECT_EQ(
        Json::parse(formatStatusJson({"pi", "s", "online", R"({"a":1})", "broken"})),
        Json::parse(R"({"id":"pi","server":"s","status":"online","info":{"a":1},"health":null,"settings":null})"));
}

}  // namespace
}  // namespace edge
