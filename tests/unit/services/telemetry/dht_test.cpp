// SPDX-License-Identifier: MIT
// A DHT11 or DHT22 behind the kernel's driver (drivers/iio/humidity/dht11.c), which answers many reads with an error.
#include <filesystem>
#include <utility>

#include <nlohmann/json.hpp>

#include "services/telemetry/sensor_strands.hpp"
#include "telemetry_fixture.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

class DhtTest : public TelemetryFixture {
  protected:
    static constexpr seconds kInterval{8};
    static constexpr seconds kPause = SensorChannel::kRetryPause;

    DhtTest() {
        parts.clear();
        for (const Quantity quantity : {Quantity::kTemperature, Quantity::kHumidity}) {
            SensorConfig& sensor = addSensor(std::string(infoOf(quantity).name)).config;
            sensor.type = SensorType::kIio;
            sensor.device = "dht11";
            sensor.quantity = quantity;
        }
        dir.write(kDevice + "/name", "dht11@11\n");
        give(kTemperature, "21500");
        give(kHumidity, "48200");
    }

    SensorSlot makeSlot(const SensorConfig& sensor) override {
        return {sensor, makeSensor(sensor, dir.path().string()), strands.strandFor(sensor)};
    }

    void give(const std::string& attribute, const std::string& milli) {
        std::filesystem::remove(dir.path() / attribute);
        dir.write(attribute, milli + "\n");
    }

    /// Reading it is an I/O error, as after a wrong checksum: nothing is mapped at address 0.
    void breakChannel(const std::string& attribute) {
        std::filesystem::remove(dir.path() / attribute);
        std::filesystem::create_symlink("/proc/self/mem", dir.path() / attribute);
    }

    [[nodiscard]] std::size_t temperatures() const { return countOn("edge/pi/sensor/temperature"); }
    [[nodiscard]] Json lastOf(const std::string& name) const { return Json::parse(*last("edge/pi/sensor/" + name)); }
    [[nodiscard]] std::uint64_t faults() const { return telemetry->sensors().front().faults; }

    const std::string kDevice = "sys/bus/iio/devices/iio:device0";
    const std::string kTemperature = kDevice + "/in_temp_input";
    const std::string kHumidity = kDevice + "/in_humidityrelative_input";
    std::shared_ptr<Executor> strand = loop;
    int strandsMade = 0;
    SensorStrands strands{[this](const std::string&) {
        ++strandsMade;
        return strand;
    }};
};

TEST_F(DhtTest, BothQuantitiesArePublished) {
    boot();
    start(kInterval);

    EXPECT_EQ(lastOf("temperature")["value"], 21.5);
    EXPECT_EQ(lastOf("humidity")["value"], 48.2);
    EXPECT_EQ(lastOf("humidity")["unit"], "%");
}

TEST_F(DhtTest, AnErrorIsRetriedWithinTheInterval) {
    boot();
    start(kInterval);
    const std::size_t before = temperatures();

    breakChannel(kTemperature);
    loop->advance(kInterval + kPause);  // the turn, and one more try
    EXPECT_EQ(temperatures(), before);
    EXPECT_EQ(last("edge/pi/sensor/temperature/status"), "online");
    give(kTemperature, "22300");
    loop->advance(kPause);

    EXPECT_EQ(temperatures(), before + 1);
    EXPECT_EQ(lastOf("temperature")["value"], 22.3);
    EXPECT_EQ(faults(), 0U);
    EXPECT_EQ(countOn("edge/pi/sensor/humidity"), before + 1) << "read in its own turn";
}

TEST_F(DhtTest, ErrorsThatGoOnAreAFaultAndNoValueIsRepeated) {
    boot();
    start(kInterval);
    const std::size_t before = temperatures();

    breakChannel(kTemperature);
    loop->advance(kInterval + SensorChannel::kRetries * kPause);
    EXPECT_EQ(last("edge/pi/sensor/temperature/status"), "offline");
    EXPECT_EQ(faults(), 1U);
    loop->advance(10 * kInterval);
    telemetry->repeatReadings();
    EXPECT_EQ(temperatures(), before);
    EXPECT_EQ(last("edge/pi/sensor/humidity/status"), "online");

    give(kTemperature, "22300");
    loop->advance(kInterval);
    EXPECT_EQ(last("edge/pi/sensor/temperature/status"), "online");
    EXPECT_EQ(lastOf("temperature")["value"], 22.3);
    EXPECT_EQ(lastOf("temperature")["seq"], before + 1) << "a fault has no number";
}

TEST_F(DhtTest, ItsChannelsAreReadOneAfterTheOtherAndAnotherChipBesideThem) {
    const auto chip = std::make_shared<ManualLoop>();
    strand = chip;
    boot();

    EXPECT_EQ(strandsMade, 1);
    EXPECT_EQ(chip->pendingTasks(), 2U);
    SensorConfig other = parts.front().config;
    other.device = "bme280";
    const auto kept = strands.strandFor(other);
    EXPECT_EQ(strandsMade, 2);
    other.device = "bme280/ambient";
    strands.strandFor(other);
    EXPECT_EQ(strandsMade, 2);
}

}  // namespace
}  // namespace edge
