// SPDX-License-Identifier: MIT
#include "sensors/quantity.hpp"

#include <cstddef>
#include <filesystem>

#include "sensor_fixture.hpp"

namespace edge {
namespace {

constexpr Quantity kEvery[] = {Quantity::kHumidity, Quantity::kPressure, Quantity::kIlluminance,
                               Quantity::kVoltage,  Quantity::kCurrent,  Quantity::kPower,
                               Quantity::kDistance, Quantity::kCo2,      Quantity::kResistance};

class QuantityTest : public SensorFixture {
  protected:
    void iio(const std::string& name, const std::string& value) {
        write("sys/bus/iio/devices/iio:device0/" + name, value + "\n");
    }
    void hwmon(const std::string& name, const std::string& value) {
        write("sys/class/hwmon/hwmon0/" + name, value + "\n");
    }
    Result<double> readIio(Quantity quantity, const std::string& channel = "") const {
        return make(SensorType::kIio, "", quantity, channel)->read();
    }
    Result<double> readHwmon(Quantity quantity, const std::string& channel = "") const {
        return make(SensorType::kHwmon, "", quantity, channel)->read();
    }
};

TEST_F(QuantityTest, EveryRowOfTheTableIsAtItsPlace) {
    for (std::size_t i = 0; i < kQuantityCount; ++i)
        EXPECT_EQ(static_cast<std::size_t>(kQuantities[i].quantity), i) << kQuantities[i].name;
}

TEST_F(QuantityTest, IioValuesAreConvertedFromTheUnitOfTheKernelsInterface) {
    iio("name", "chip");
    iio("in_humidityrelative_input", "48230");
    iio("in_pressure_input", "101.325");
    iio("in_illuminance_input", "320.5");
    iio("in_voltage0_raw", "26400");
    iio("in_voltage_scale", "0.125");
    iio("in_current1_input", "250");
    iio("in_power2_raw", "5");
    iio("in_power2_scale", "200");
    iio("in_distance_raw", "1234");
    iio("in_distance_scale", "0.001");
    iio("in_concentration_co2_raw", "612");
    iio("in_concentration_co2_scale", "0.0001");
    iio("in_resistance_input", "10000");

    EXPECT_VALUE(readIio(Quantity::kHumidity), 48.23);
    EXPECT_VALUE(readIio(Quantity::kPressure), 1013.25);
    EXPECT_VALUE(readIio(Quantity::kIlluminance), 320.5);
    EXPECT_VALUE(readIio(Quantity::kVoltage), 3.3);
    EXPECT_VALUE(readIio(Quantity::kCurrent), 0.25);
    EXPECT_VALUE(readIio(Quantity::kPower), 1.0);
    EXPECT_VALUE(readIio(Quantity::kDistance), 1.234);
    EXPECT_VALUE(readIio(Quantity::kCo2), 612);
    EXPECT_VALUE(readIio(Quantity::kResistance), 10000);
}

TEST_F(QuantityTest, HwmonValuesAreConvertedFromTheUnitOfTheKernelsInterface) {
    hwmon("name", "chip");
    hwmon("humidity1_input", "48230");
    hwmon("in1_input", "5012");
    hwmon("curr1_input", "-250");
    hwmon("power1_input", "1250000");
    hwmon("fan1_input", "1480");
    hwmon("intrusion0_alarm", "1");

    EXPECT_VALUE(readHwmon(Quantity::kHumidity), 48.23);
    EXPECT_VALUE(readHwmon(Quantity::kVoltage), 5.012);
    EXPECT_VALUE(readHwmon(Quantity::kCurrent), -0.25);
    EXPECT_VALUE(readHwmon(Quantity::kPower), 1.25);
    EXPECT_VALUE(readHwmon(Quantity::kFan), 1480);
}

TEST_F(QuantityTest, APowerMeterWithAMeanAloneIsRead) {
    hwmon("name", "meter");
    hwmon("power1_average", "2500000");
    EXPECT_VALUE(readHwmon(Quantity::kPower), 2.5);
}

TEST_F(QuantityTest, AChannelIsChosenByItsAttributeOrItsLabel) {
    iio("name", "ads1015");
    iio("in_voltage_scale", "1");
    iio("in_voltage0_raw", "1000");
    iio("in_voltage0-voltage1_raw", "1500");
    iio("in_voltage1_raw", "2000");
    iio("in_voltage1_label", "battery");
    hwmon("name", "ina226");
    hwmon("in0_input", "10");
    hwmon("in1_input", "12000");
    hwmon("in1_label", "rail");

    EXPECT_VALUE(readIio(Quantity::kVoltage), 1.0);
    EXPECT_VALUE(readIio(Quantity::kVoltage, "voltage1"), 2.0);
    EXPECT_VALUE(readIio(Quantity::kVoltage, "battery"), 2.0);
    EXPECT_VALUE(readIio(Quantity::kVoltage, "voltage0-voltage1"), 1.5);
    EXPECT_VALUE(readHwmon(Quantity::kVoltage, "in1"), 12.0);
    EXPECT_VALUE(readHwmon(Quantity::kVoltage, "rail"), 12.0);
    EXPECT_FAULT(readIio(Quantity::kVoltage, "voltage7"), Errc::kNotFound, "voltage7");
    EXPECT_EQ(codeOf(readIio(Quantity::kCurrent)), Errc::kNotFound);
}

TEST_F(QuantityTest, ADifferentialChannelHasTheScaleOfItsKind) {
    iio("in_voltage0-voltage1_raw", "3");
    iio("in_voltage-voltage_scale", "500");
    iio("in_voltage_scale", "1");
    EXPECT_VALUE(readIio(Quantity::kVoltage), 1.5);
}

TEST_F(QuantityTest, ProximityIsADistanceOnlyWhereTheDriverGivesMetres) {
    iio("in_proximity_raw", "2047");
    iio("in_proximity_scale", "0.001");
    iio("name", "apds9960");
    EXPECT_EQ(codeOf(readIio(Quantity::kDistance)), Errc::kNotFound) << "its scale is a gain";
    iio("name", "isl29501");
    EXPECT_VALUE(readIio(Quantity::kDistance), 2.047);
}

TEST_F(QuantityTest, DriversWithAnotherUnitAreKnown) {
    iio("in_temp_raw", "400");
    iio("in_temp_scale", "0.0625");
    iio("in_humidityrelative_input", "45.123");
    iio("in_voltage0_raw", "1500");
    iio("in_voltage0_scale", "0.001");
    iio("in_concentration_co2_input", "0.000412");
    iio("name", "mpl3115");
    EXPECT_VALUE(readIio(Quantity::kTemperature), 25);
    iio("name", "mcp3424");
    EXPECT_VALUE(readIio(Quantity::kVoltage), 1.5);
    iio("name", "sgp30");
    EXPECT_VALUE(readIio(Quantity::kCo2), 412);
    iio("name", "hts221");
    EXPECT_VALUE(readIio(Quantity::kTemperature), 25);
    EXPECT_VALUE(readIio(Quantity::kHumidity), 45.123);
    iio("name", "bme680");
    EXPECT_VALUE(readIio(Quantity::kHumidity), 45.123);
    EXPECT_VALUE(readIio(Quantity::kTemperature), 0.025);  // in thousandths
    EXPECT_VALUE(readIio(Quantity::kNumber, "humidityrelative"), 45.123);
}

TEST_F(QuantityTest, ANumberIsWhatTheInterfaceGives) {
    iio("name", "chip");
    iio("in_proximity_raw", "2047");
    iio("in_voltage0_raw", "100");
    iio("in_voltage_scale", "0.5");
    EXPECT_VALUE(readIio(Quantity::kNumber, "proximity"), 2047);
    EXPECT_VALUE(readIio(Quantity::kNumber, "voltage0"), 50);
    hwmon("energy1_input", "123456");
    EXPECT_VALUE(readHwmon(Quantity::kNumber, "energy1"), 123456);
}

TEST_F(QuantityTest, OneQuantityIsNotTakenForAnother) {
    iio("in_temp_input", "21000");
    iio("in_concentration_voc_input", "1");
    iio("in_voltage0_mean_raw", "1");
    iio("in_illuminance_integration_time", "1");
    for (const Quantity quantity : kEvery) EXPECT_EQ(codeOf(readIio(quantity)), Errc::kNotFound);
    hwmon("temp1_input", "1");
    hwmon("in_reset_history", "1");
    EXPECT_EQ(codeOf(readHwmon(Quantity::kVoltage)), Errc::kNotFound);
}

TEST_F(QuantityTest, TwoEqualChipsAreToldApartByTheirAddress) {
    for (const char* chip : {"6", "7"}) {
        const std::string address = std::string("1-007") + chip;
        const std::string real = "sys/devices/i2c-1/" + address + "/iio:device" + chip;
        write(real + "/name", "bme280\n");
        write(real + "/in_humidityrelative_input", std::string(chip) + "0000\n");
        std::filesystem::create_directories(dir.path() / "sys/bus/iio/devices");
        std::filesystem::create_directory_symlink(
            dir.path() / real, dir.path() / "sys/bus/iio/devices" / (std::string("iio:device") + chip));
    }
    EXPECT_VALUE(make(SensorType::kIio, "1-0077", Quantity::kHumidity)->read(), 70);
    EXPECT_VALUE(make(SensorType::kIio, "1-0076/bme280", Quantity::kHumidity)->read(), 60);
    EXPECT_FAULT(make(SensorType::kIio, "x", Quantity::kHumidity)->read(), Errc::kNotFound,
                 "there are 1-0076/bme280, 1-0077/bme280");
}

TEST_F(QuantityTest, APlatformDriverIsFoundWithoutItsPlaceInTheDeviceTree) {
    iio("name", "dht11@11");
    iio("in_temp_input", "21500");
    iio("in_humidityrelative_input", "48200");
    EXPECT_VALUE(make(SensorType::kIio, "dht11")->read(), 21.5);
    EXPECT_VALUE(make(SensorType::kIio, "dht11", Quantity::kHumidity)->read(), 48.2);
}

TEST_F(QuantityTest, ASecondEqualChipDoesNotTakeTheNameOfTheFirst) {
    for (const char* chip : {"8", "9"}) {
        const std::string real = std::string("sys/devices/i2c-1/1-004") + chip + "/hwmon/hwmon" + chip;
        write(real + "/name", "lm75\n");
        write(real + "/temp1_input", std::string(chip) + "000\n");
        std::filesystem::create_directories(dir.path() / "sys/class/hwmon");
        std::filesystem::create_directory_symlink(dir.path() / real,
                                                  dir.path() / "sys/class/hwmon" / (std::string("hwmon") + chip));
    }
    EXPECT_VALUE(make(SensorType::kHwmon, "lm75")->read(), 8);
    EXPECT_VALUE(make(SensorType::kHwmon, "1-0049")->read(), 9);
}

TEST_F(QuantityTest, ABrokenInputIsAFaultForEveryQuantity) {
    hwmon("name", "chip");
    hwmon("fan1_input", "0");
    hwmon("fan1_fault", "1");
    EXPECT_EQ(codeOf(readHwmon(Quantity::kFan)), Errc::kFault);
}

TEST_F(QuantityTest, AFileMayNameTheUnitOfItsQuantity) {
    const auto readFile = [&](Quantity quantity, const std::string& text) {
        write("value", text);
        return make(SensorType::kFile, "/value", quantity)->read();
    };
    EXPECT_VALUE(readFile(Quantity::kPressure, "1013.2hPa\n"), 1013.2);
    EXPECT_VALUE(readFile(Quantity::kVoltage, "U = 3.3 V\n"), 3.3);
    EXPECT_VALUE(readFile(Quantity::kHumidity, "48 %\n"), 48);
    EXPECT_EQ(codeOf(readFile(Quantity::kVoltage, "3300mV\n")), Errc::kFault);
    EXPECT_EQ(codeOf(readFile(Quantity::kPressure, "21.5°C\n")), Errc::kFault);
}

TEST_F(QuantityTest, AScaleBelowOneAddsDecimals) {
    SensorConfig config;
    config.quantity = Quantity::kHumidity;
    EXPECT_EQ(describeValue(config, 48.2), "48.20 %");
    config.quantity = Quantity::kNumber;
    config.unit = "g";
    config.scale = 0.001;
    EXPECT_EQ(describeValue(config, 0.001234), "0.001234 g");
    config.scale = -0.5;
    EXPECT_EQ(decimalsOf(config), 4);
}

}  // namespace
}  // namespace edge
