// SPDX-License-Identifier: MIT
#include "sensor_fixture.hpp"

namespace edge {
namespace {

class IioSensorTest : public SensorFixture {
  protected:
    void attribute(int number, const std::string& name, const std::string& value) {
        write("sys/bus/iio/devices/iio:device" + std::to_string(number) + "/" + name, value);
    }
};

TEST_F(IioSensorTest, TakesAProcessedValueInThousandths) {
    attribute(0, "name", "adc\n");
    attribute(2, "name", "bme280\n");
    attribute(2, "in_temp_input", "21470\n");
    EXPECT_VALUE(make(SensorType::kIio, "bme280")->read(), 21.47);
    EXPECT_VALUE(make(SensorType::kIio)->read(), 21.47);
}

TEST_F(IioSensorTest, ComputesItFromRawOffsetAndScale) {
    attribute(0, "name", "tmp006\n");
    attribute(0, "in_temp_raw", "800\n");
    attribute(0, "in_temp_scale", "31.25\n");
    EXPECT_VALUE(make(SensorType::kIio, "tmp006")->read(), 25.0);
    attribute(0, "in_temp_offset", "-160\n");
    EXPECT_VALUE(make(SensorType::kIio, "tmp006")->read(), 20.0);
}

TEST_F(IioSensorTest, IsFoundByItsLabelToo) {
    attribute(0, "name", "bme280\n");
    attribute(0, "in_temp_input", "1000\n");
    attribute(1, "name", "bme280\n");
    attribute(1, "label", "outside\n");
    attribute(1, "in_temp_input", "2000\n");
    EXPECT_VALUE(make(SensorType::kIio, "outside")->read(), 2.0);
}

TEST_F(IioSensorTest, NeedsItsScale) {
    attribute(0, "name", "tmp006\n");
    attribute(0, "in_temp_raw", "800\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->read()), Errc::kNotFound);
    attribute(0, "in_temp_scale", "1e400\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->read()), Errc::kFault);
    attribute(0, "in_temp_scale", "1e308\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->read()), Errc::kFault);
}

TEST_F(IioSensorTest, FindsChannelsByModifierAndIndex) {
    attribute(0, "name", "mlx90614\n");
    attribute(0, "in_temp_ambient_raw", "14800\n");
    attribute(0, "in_temp_object_raw", "15000\n");
    attribute(0, "in_temp_offset", "-13657.5\n");
    attribute(0, "in_temp_scale", "20\n");
    attribute(1, "name", "adc\n");
    attribute(1, "in_temp0_input", "1000\n");
    attribute(1, "in_temp1_input", "2000\n");
    attribute(1, "in_temp1_label", "battery\n");

    EXPECT_VALUE(make(SensorType::kIio)->read(), 22.85);
    EXPECT_VALUE(make(SensorType::kIio, "mlx90614/object")->read(), 26.85);
    EXPECT_VALUE(make(SensorType::kIio, "object")->read(), 26.85);
    EXPECT_VALUE(make(SensorType::kIio, "adc")->read(), 1.0);
    EXPECT_VALUE(make(SensorType::kIio, "adc/temp0")->read(), 1.0);
    EXPECT_VALUE(make(SensorType::kIio, "adc/battery")->read(), 2.0);
    EXPECT_FAULT(make(SensorType::kIio, "x")->read(), Errc::kNotFound,
                 "there are mlx90614/ambient, mlx90614/object, adc/temp0, adc/battery");
}

TEST_F(IioSensorTest, AChannelsOwnScaleComesBeforeASharedOne) {
    attribute(0, "name", "chip\n");
    attribute(0, "in_temp_object_raw", "800\n");
    attribute(0, "scale", "1000\n");
    EXPECT_VALUE(make(SensorType::kIio)->read(), 800.0);
    attribute(0, "in_temp_scale", "100\n");
    EXPECT_VALUE(make(SensorType::kIio)->read(), 80.0);
    attribute(0, "in_temp_object_scale", "10\n");
    EXPECT_VALUE(make(SensorType::kIio)->read(), 8.0);
    attribute(0, "in_temp_object_offset", "100\n");
    EXPECT_VALUE(make(SensorType::kIio)->read(), 9.0);
}

TEST_F(IioSensorTest, TakesTheUnmodifiedTemperatureFirstAndNoStatistic) {
    attribute(0, "name", "chip\n");
    attribute(0, "in_temp_peak_raw", "1\n");
    attribute(0, "in_temp_trough_raw", "1\n");
    attribute(0, "in_temp_mean_raw", "1\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->read()), Errc::kNotFound);
    attribute(0, "in_temp_ambient_input", "1000\n");
    attribute(0, "in_temp_input", "2000\n");
    EXPECT_VALUE(make(SensorType::kIio)->read(), 2.0);
}

TEST_F(IioSensorTest, ABrokenThermocoupleIsAFault) {
    attribute(0, "name", "max31856\n");
    attribute(0, "in_temp_input", "21500\n");
    attribute(0, "fault_ovuv", "0\n");
    EXPECT_VALUE(make(SensorType::kIio)->read(), 21.5);
    attribute(0, "fault_oc", "1\n");
    EXPECT_FAULT(make(SensorType::kIio)->read(), Errc::kFault, "fault_oc");
}

TEST_F(IioSensorTest, NamesWhatThereIs) {
    EXPECT_FAULT(make(SensorType::kIio, "x")->read(), Errc::kNotFound, "IIO");
    attribute(0, "name", "bme280\n");
    attribute(0, "in_temp_input", "1000\n");
    EXPECT_FAULT(make(SensorType::kIio, "dht11")->read(), Errc::kNotFound, "there are bme280");
}

}  // namespace
}  // namespace edge
