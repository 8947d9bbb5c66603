// SPDX-License-Identifier: MIT
#include "services/presence/health.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edge {
namespace {

using Json = nlohmann::json;

TEST(Health, TellsWhatThereIsToTellWhileOffline) {
    HealthReport report;
    report.session.lastFailure = "refused";
    const Json json = Json::parse(formatHealth(report));

    EXPECT_EQ(json["connection"]["online"], false);
    EXPECT_EQ(json["connection"]["last_failure"], "refused");
    EXPECT_EQ(json["clock"], "unsynchronised");
    EXPECT_EQ(json["camera"]["status"], "none");
}

TEST(Health, HasOfTheBoardWhatTheMachineHas) {
    HealthReport report;
    EXPECT_EQ(Json::parse(formatHealth(report))["board"], Json::object());

    report.board.cpuCelsius = 48.312;
    report.board.load = 0.42;
    report.board.memoryAvailableKib = 312000;
    report.board.diskFreeKib = 5000000;
    report.board.undervoltage = BoardHealth::Flag{false, true};
    report.board.throttled = BoardHealth::Flag{true, true};
    report.board.wifi = BoardHealth::Wifi{"wlan0", -61};
    report.board.addresses = {"192.168.1.20"};
    EXPECT_EQ(Json::parse(formatHealth(report))["board"], Json::parse(R"({"cpu_temperature_c":48.3,"load_1m":0.42,
        "memory_available_kib":312000,"disk_free_kib":5000000,"undervoltage":{"now":false,"since_boot":true},
        "throttled":{"now":true,"since_boot":true},"wifi":{"interface":"wlan0","signal_dbm":-61},
        "addresses":["192.168.1.20"]})"));
}

TEST(Health, SaysWhenItWasMade) {
    HealthReport report;
    report.time = WallTime{seconds{1}};

    EXPECT_EQ(Json::parse(formatHealth(report))["time"], "1970-01-01T00:00:01.000Z");
}

TEST(Health, ListsRunningSeries) {
    HealthReport report;
    report.isCameraConfigured = true;
    report.captures.series = {{"t1", 3, 10}, {"", 0, 2}};
    const Json camera = Json::parse(formatHealth(report))["camera"];

    EXPECT_EQ(camera["series"], 2);
    EXPECT_EQ(camera["running_series"],
              Json::parse(R"([{"taken":3,"count":10,"transaction":"t1"},{"taken":0,"count":2}])"));
}

TEST(Health, HasTheLastReadingOfASensorThatWasRead) {
    HealthReport report;
    report.sensors.push_back({"room", SensorState::Kind::kOnline, "", 5, 0, 21.437, WallTime{seconds{1}}, "°C"});
    report.sensors.push_back({"tank"});
    const Json sensors = Json::parse(formatHealth(report))["sensors"];

    EXPECT_EQ(sensors[0]["value"], 21.437);
    EXPECT_EQ(sensors[0]["unit"], "°C");
    EXPECT_EQ(sensors[0]["time"], "1970-01-01T00:00:01.000Z");
    EXPECT_FALSE(sensors[1].contains("value"));
}

TEST(Health, NamesDeniedTopicsFaultsAndDrops) {
    HealthReport report;
    report.session.deniedTopics = {"room/temp"};
    report.sensors.push_back({"room", SensorState::Kind::kOffline, "its CRC is wrong", 5, 2});
    report.readings.dropped = 3;
    report.journal.droppedReadings = 4;
    report.journal.writable = false;
    report.journal.problem = "the disk is full";
    report.gpio.push_back({"lamp", true, std::nullopt, "chip gone"});
    const Json json = Json::parse(formatHealth(report));

    EXPECT_EQ(json["connection"]["denied_topics"][0], "room/temp");
    EXPECT_EQ(json["sensors"][0]["error"], "its CRC is wrong");
    EXPECT_EQ(json["readings"]["dropped"], 7);
    EXPECT_EQ(json["journal"]["status"], "degraded");
    EXPECT_EQ(json["gpio"][0]["error"], "chip gone");
}

TEST(Health, ListsSchedulesWithTheirNextTurn) {
    HealthReport report;
    report.schedules.push_back({"lapse", true, WallTime{seconds{60}}, 5, 1, 0, ""});
    report.schedules.push_back({"night", false, std::nullopt, 0, 0, 2, "no camera"});

    EXPECT_EQ(Json::parse(formatHealth(report))["schedules"], Json::parse(R"([
        {"name":"lapse","enabled":true,"turns":5,"skipped":1,"failed":0,"next":"1970-01-01T00:01:00.000Z"},
        {"name":"night","enabled":false,"turns":0,"skipped":0,"failed":2,"error":"no camera"}])"));
}

TEST(Health, SaysWhatDeliveredMeansAtQos0) {
    ConnectionInfo connection;
    HealthReport report;
    report.connection = &connection;
    EXPECT_EQ(Json::parse(formatHealth(report))["readings"]["delivered_means"], "acknowledged by the broker");
    report.qos = Qos::kAtMostOnce;
    EXPECT_EQ(Json::parse(formatHealth(report))["readings"]["delivered_means"], "written to the network");
    report.qos = Qos::kAtLeastOnce;
    connection.limits.publishQos = Qos::kAtMostOnce;
    EXPECT_EQ(Json::parse(formatHealth(report))["readings"]["delivered_means"], "written to the network");
}

TEST(Health, ShowsOnlyTheLimitsThatABrokerHas) {
    ConnectionInfo connection;
    HealthReport report;
    report.connection = &connection;
    EXPECT_EQ(Json::parse(formatHealth(report))["connection"]["limits"], Json::object());
    connection.limits = {4, Qos::kAtLeastOnce, Qos::kAtMostOnce, false, false, seconds{10}, 10'000};

    const Json json = Json::parse(formatHealth(report))["connection"];

    EXPECT_EQ(json["limits"], Json::parse(R"({"subscribe_qos":1,"publish_qos":0,"retain":false,"will_retain":false,
                                              "keep_alive_s":10,"packet_size":10000})"));
    EXPECT_EQ(json["protocol"], "3.1.1");
    EXPECT_EQ(json["maximum_packet_size"], 10'000);
}

TEST(Health, IsValidJsonWhateverADeviceSays) {
    HealthReport report;
    report.camera.reason = "\xff\"\n";
    report.isCameraConfigured = true;

    EXPECT_TRUE(Json::accept(formatHealth(report)));
}

TEST(Health, KnowsItsOwnMemory) {
    constexpr std::uint64_t kMebi = 1U << 20;
    EXPECT_GT(residentBytes(), kMebi);
    EXPECT_LT(residentBytes(), 4096 * kMebi);
}

}  // namespace
}  // namespace edge
