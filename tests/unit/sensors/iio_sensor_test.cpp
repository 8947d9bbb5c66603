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
    EXPECT_CELSIUS(make(SensorType::kIio, "bme280")->readCelsius(), 21.47);
    EXPECT_CELSIUS(make(SensorType::kIio)->readCelsius(), 21.47);
}

TEST_F(IioSensorTest, ComputesItFromRawOffsetAndScale) {
    attribute(0, "name", "tmp006\n");
    attribute(0, "in_temp_raw", "800\n");
    attribute(0, "in_temp_scale", "31.25\n");
    EXPECT_CELSIUS(make(SensorType::kIio, "tmp006")->readCelsius(), 25.0);
    attribute(0, "in_temp_offset", "-160\n");
    EXPECT_CELSIUS(make(SensorType::kIio, "tmp006")->readCelsius(), 20.0);
}

TEST_F(IioSensorTest, IsFoundByItsLabelToo) {
    attribute(0, "name", "bme280\n");
    attribute(0, "in_temp_input", "1000\n");
    attribute(1, "name", "bme280\n");
    attribute(1, "label", "outside\n");
    attribute(1, "in_temp_input", "2000\n");
    EXPECT_CELSIUS(make(SensorType::kIio, "outside")->readCelsius(), 2.0);
}

TEST_F(IioSensorTest, NeedsItsScale) {
    attribute(0, "name", "tmp006\n");
    attribute(0, "in_temp_raw", "800\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->readCelsius()), Errc::kNotFound);
    attribute(0, "in_temp_scale", "1e400\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->readCelsius()), Errc::kFault);
    attribute(0, "in_temp_scale", "1e308\n");
    EXPECT_EQ(codeOf(make(SensorType::kIio)->readCelsius()), Errc::kFault);
}

TEST_F(IioSensorTest, NamesWhatThereIs) {
    EXPECT_FAULT(make(SensorType::kIio, "x")->readCelsius(), Errc::kNotFound, "has a temperature");
    attribute(0, "name", "bme280\n");
    attribute(0, "in_temp_input", "1000\n");
    EXPECT_FAULT(make(SensorType::kIio, "dht11")->readCelsius(), Errc::kNotFound, "there are bme280");
}

}  // namespace
}  // namespace edge
