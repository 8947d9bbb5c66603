// SPDX-License-Identifier: MIT
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "sensor_fixture.hpp"
#include "sensors/sensor.hpp"

namespace edge {
namespace {

class DiscoveryTest : public SensorFixture {
  protected:
    void iio(const std::string& address, const std::map<std::string, std::string>& attributes) {
        const std::string number = "iio:device" + std::to_string(devices_++);
        const std::string real = "sys/devices/i2c-1/" + address + "/" + number;
        for (const auto& [name, value] : attributes) write(real + "/" + name, value + "\n");
        std::filesystem::create_directories(dir.path() / "sys/bus/iio/devices");
        std::filesystem::create_directory_symlink(dir.path() / real, dir.path() / "sys/bus/iio/devices" / number);
    }
    std::vector<SensorConfig> discover() const { return discoverSensors(dir.path().string()); }

    int devices_ = 0;
};

TEST_F(DiscoveryTest, FindsNothingOnAMachineWithoutSensors) {
    EXPECT_TRUE(discover().empty());
}

TEST_F(DiscoveryTest, EveryBlockLeadsToTheChannelItWasMadeFor) {
    iio("1-0076", {{"name", "bme280"},
                   {"in_temp_input", "1000"},
                   {"in_humidityrelative_input", "2000"},
                   {"in_pressure_input", "50"}});
    iio("1-0048", {{"name", "ads1015"},
                   {"in_voltage_scale", "1"},
                   {"in_voltage0_raw", "10"},
                   {"in_voltage1_raw", "11"},
                   {"in_voltage0-voltage1_raw", "12"}});
    write("sys/class/hwmon/hwmon0/name", "ina219\n");
    write("sys/class/hwmon/hwmon0/in0_input", "20\n");
    write("sys/class/hwmon/hwmon0/in1_input", "21\n");
    write("sys/class/hwmon/hwmon0/curr1_input", "22\n");
    write("sys/class/hwmon/hwmon0/power1_input", "23000\n");
    write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    write("sys/class/thermal/thermal_zone0/temp", "3000\n");

    std::multiset<double> values;
    std::set<std::string> names;
    for (const SensorConfig& sensor : discover()) {
        const auto value = makeSensor(sensor, dir.path().string())->read();
        ASSERT_TRUE(value) << sensor.name << ": " << value.error().message;
        values.insert(*value);
        EXPECT_TRUE(names.insert(sensor.name).second) << sensor.name;
    }
    EXPECT_EQ(values, (std::multiset<double>{1, 2, 500, 0.010, 0.011, 0.012, 0.020, 0.021, 0.022, 0.023, 3}));
}

TEST_F(DiscoveryTest, EqualChipsAreNamedByTheirAddress) {
    iio("1-0076", {{"name", "bmp280"}, {"in_pressure_input", "100"}});
    iio("1-0077", {{"name", "bmp280"}, {"in_pressure_input", "101"}});
    const auto found = discover();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].device, "1-0076");
    EXPECT_EQ(found[1].device, "1-0077");
    EXPECT_NE(found[0].name, found[1].name);
    EXPECT_VALUE(makeSensor(found[1], dir.path().string())->read(), 1010);
}

TEST_F(DiscoveryTest, TwoDhtsAreNamedByTheirPlaceInTheDeviceTree) {
    iio("dht11@11", {{"name", "dht11@11"}, {"in_temp_input", "21500"}, {"in_humidityrelative_input", "48200"}});
    iio("dht11@1b", {{"name", "dht11@1b"}, {"in_temp_input", "22500"}, {"in_humidityrelative_input", "49200"}});
    std::map<std::string, double> values;
    for (const SensorConfig& sensor : discover())
        values[sensor.device + " " + std::string(infoOf(sensor.quantity).name)] =
            makeSensor(sensor, dir.path().string())->read().value();
    EXPECT_EQ(values, (std::map<std::string, double>{{"dht11@11 humidity", 48.2},
                                                     {"dht11@11 temperature", 21.5},
                                                     {"dht11@1b humidity", 49.2},
                                                     {"dht11@1b temperature", 22.5}}));
}

TEST_F(DiscoveryTest, ListsThermometersOn1Wire) {
    write("sys/bus/w1/devices/28-0316a2799af1/w1_slave", "");
    write("sys/bus/w1/devices/w1_bus_master1/w1_master_slave_count", "1\n");
    const auto found = discover();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].type, SensorType::kW1);
    EXPECT_EQ(found[0].device, "28-0316a2799af1");
    EXPECT_EQ(found[0].quantity, Quantity::kTemperature);
}

}  // namespace
}  // namespace edge
