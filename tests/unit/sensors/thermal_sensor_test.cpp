// SPDX-License-Identifier: MIT
#include "sensor_fixture.hpp"

namespace edge {
namespace {

class ThermalSensorTest : public SensorFixture {
  protected:
    void zone(int number, const std::string& type, const std::string& temp) {
        const std::string path = "sys/class/thermal/thermal_zone" + std::to_string(number);
        write(path + "/type", type + "\n");
        write(path + "/temp", temp);
    }
};

TEST_F(ThermalSensorTest, ReadsTheZoneOfItsTypeWhateverItsNumber) {
    zone(0, "gpu-thermal", "50000\n");
    zone(10, "cpu-thermal", "25178\n");
    const auto sensor = make(SensorType::kThermal, "cpu-thermal");
    EXPECT_VALUE(sensor->read(), 25.178);

    remove("sys/class/thermal/thermal_zone10");
    zone(1, "cpu-thermal", "26000\n");
    EXPECT_VALUE(sensor->read(), 26.0);
}

TEST_F(ThermalSensorTest, WithoutATypeReadsTheFirst) {
    zone(10, "late", "1000\n");
    zone(2, "early", "2000\n");
    EXPECT_VALUE(make(SensorType::kThermal)->read(), 2.0);
}

TEST_F(ThermalSensorTest, NamesTheZonesThereAre) {
    zone(0, "cpu-thermal", "1000\n");
    EXPECT_FAULT(make(SensorType::kThermal, "gpu")->read(), Errc::kNotFound, "there are cpu-thermal");
    remove("sys/class/thermal");
    EXPECT_FAULT(make(SensorType::kThermal)->read(), Errc::kNotFound, "thermal zone");
}

TEST_F(ThermalSensorTest, WhatIsNoTemperatureIsAFault) {
    for (const char* text : {"", "\n", "nan\n", "hot\n", "25.178\n", "1e400\n", "25178 25178\n"}) {
        zone(0, "cpu-thermal", text);
        EXPECT_EQ(codeOf(make(SensorType::kThermal)->read()), Errc::kFault) << text;
    }
}

TEST_F(ThermalSensorTest, IsThereAgainWhenItComesBack) {
    const auto sensor = make(SensorType::kThermal, "cpu-thermal");
    EXPECT_EQ(codeOf(sensor->read()), Errc::kNotFound);
    zone(0, "cpu-thermal", "25000\n");
    EXPECT_VALUE(sensor->read(), 25.0);
}

}  // namespace
}  // namespace edge
