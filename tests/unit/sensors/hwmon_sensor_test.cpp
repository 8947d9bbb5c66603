// SPDX-License-Identifier: MIT
#include "sensor_fixture.hpp"

namespace edge {
namespace {

class HwmonSensorTest : public SensorFixture {
  protected:
    void chip(int number, const std::string& driver) {
        write("sys/class/hwmon/hwmon" + std::to_string(number) + "/name", driver + "\n");
    }
    void input(int number, int channel, const std::string& value, const std::string& label = "") {
        const std::string stem = "sys/class/hwmon/hwmon" + std::to_string(number) + "/temp" + std::to_string(channel);
        write(stem + "_input", value);
        if (!label.empty()) write(stem + "_label", label + "\n");
    }
};

TEST_F(HwmonSensorTest, IsFoundByDriverOrByLabelOrByBoth) {
    chip(0, "fan");
    chip(3, "nvme");
    input(3, 1, "41850\n", "Composite");
    input(3, 2, "43850\n", "Sensor 1");
    chip(4, "lm75");
    input(4, 1, "-1500\n");

    EXPECT_VALUE(make(SensorType::kHwmon, "lm75")->read(), -1.5);
    EXPECT_VALUE(make(SensorType::kHwmon, "nvme")->read(), 41.85);
    EXPECT_VALUE(make(SensorType::kHwmon, "Sensor 1")->read(), 43.85);
    EXPECT_VALUE(make(SensorType::kHwmon, "nvme/Sensor 1")->read(), 43.85);
    EXPECT_VALUE(make(SensorType::kHwmon)->read(), 41.85);
}

TEST_F(HwmonSensorTest, NamesWhatThereIs) {
    chip(0, "lm75");
    input(0, 1, "1\n");
    EXPECT_FAULT(make(SensorType::kHwmon, "lm76")->read(), Errc::kNotFound, "there are lm75");
    remove("sys/class/hwmon");
    EXPECT_FAULT(make(SensorType::kHwmon, "lm75")->read(), Errc::kNotFound, "hwmon");
}

TEST_F(HwmonSensorTest, FollowsAChipToAnotherNumber) {
    chip(0, "lm75");
    input(0, 1, "20000\n");
    const auto sensor = make(SensorType::kHwmon, "lm75");
    EXPECT_VALUE(sensor->read(), 20.0);
    remove("sys/class/hwmon/hwmon0");
    EXPECT_EQ(codeOf(sensor->read()), Errc::kNotFound);
    chip(7, "lm75");
    input(7, 1, "21000\n");
    EXPECT_VALUE(sensor->read(), 21.0);
}

TEST_F(HwmonSensorTest, ABrokenSensorIsAFaultAndAnAlarmIsNone) {
    chip(0, "lm90");
    input(0, 1, "21500\n");
    write("sys/class/hwmon/hwmon0/temp1_alarm", "1\n");
    write("sys/class/hwmon/hwmon0/temp2_fault", "1\n");
    write("sys/class/hwmon/hwmon0/temp1_fault", "0\n");
    EXPECT_VALUE(make(SensorType::kHwmon)->read(), 21.5);

    write("sys/class/hwmon/hwmon0/temp1_fault", "1\n");
    EXPECT_FAULT(make(SensorType::kHwmon)->read(), Errc::kFault, "temp1_fault");
}

TEST_F(HwmonSensorTest, GarbageIsAFault) {
    chip(0, "lm75");
    for (const char* text : {"", "abc", "1e3", "12.5"}) {
        input(0, 1, text);
        EXPECT_EQ(codeOf(make(SensorType::kHwmon)->read()), Errc::kFault) << text;
    }
}

}  // namespace
}  // namespace edge
