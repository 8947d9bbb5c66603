// SPDX-License-Identifier: MIT
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "config/load.hpp"
#include "doctor/doctor.hpp"
#include "fakes/temp_dir.hpp"
#include "unit/doctor/fake_machine.hpp"

namespace edge {
namespace {

std::string listOf(const FakeMachine& fake, bool isJson) {
    std::ostringstream out;
    EXPECT_EQ(listSensors(fake.machine(), isJson, out), 0);
    return out.str();
}

void addBme280(const FakeMachine& fake) {
    fake.write("/sys/bus/iio/devices/iio:device0/name", "bme280\n");
    fake.write("/sys/bus/iio/devices/iio:device0/in_humidityrelative_input", "48230\n");
    fake.write("/sys/bus/iio/devices/iio:device0/in_pressure_input", "garbage\n");
}

TEST(SensorList, TheTextIsAConfigurationThatReadsTheSensors) {
    const FakeMachine fake;
    addBme280(fake);
    const TempDir dir;
    const Config config = loadConfig(dir.write("agent.toml", listOf(fake, false)), Identity{});
    ASSERT_EQ(config.sensors.size(), 2U);
    for (const SensorConfig& sensor : config.sensors) {
        EXPECT_EQ(sensor.type, SensorType::kIio);
        EXPECT_EQ(sensor.device, "bme280");
    }
}

TEST(SensorList, JsonHasValueUnitOrTheReasonWhyNot) {
    const FakeMachine fake;
    addBme280(fake);
    const auto json = nlohmann::json::parse(listOf(fake, true));
    ASSERT_EQ(json["sensors"].size(), 2U);
    const auto& humidity = json["sensors"][0];
    EXPECT_EQ(humidity["quantity"], "humidity");
    EXPECT_EQ(humidity["unit"], "%");
    EXPECT_DOUBLE_EQ(humidity["value"].get<double>(), 48.23);
    EXPECT_TRUE(humidity["error"].is_null());
    EXPECT_TRUE(json["sensors"][1]["value"].is_null());
    EXPECT_FALSE(json["sensors"][1]["error"].get<std::string>().empty());
}

TEST(SensorList, NamesWhatKeepsOthersFromBeingSeen) {
    const FakeMachine fake;
    EXPECT_TRUE(nlohmann::json::parse(listOf(fake, true))["hints"].empty());
    fake.write("/boot/firmware/config.txt", "dtparam=i2c_arm=on\n");
    fake.write("/sys/bus/i2c/devices/1-0076/name", "bme280\n");
    fake.write("/sys/bus/i2c/devices/1-0023/name", "bh1750\n");
    fake.write("/sys/bus/i2c/devices/1-0023/driver/module", "");
    const auto hints = nlohmann::json::parse(listOf(fake, true))["hints"];
    ASSERT_EQ(hints.size(), 2U);
    EXPECT_NE(hints[0].get<std::string>().find("dtoverlay=w1-gpio"), std::string::npos);
    EXPECT_NE(hints[1].get<std::string>().find("1-0076"), std::string::npos);
}

TEST(SensorList, A1WireBusWithoutADeviceIsNamed) {
    const FakeMachine fake;
    fake.write("/sys/bus/w1/devices/w1_bus_master1/w1_master_slave_count", "0\n");
    const auto hints = nlohmann::json::parse(listOf(fake, true))["hints"];
    ASSERT_EQ(hints.size(), 1U);
    EXPECT_NE(hints[0].get<std::string>().find("w1_bus_master1"), std::string::npos);
}

}  // namespace
}  // namespace edge
