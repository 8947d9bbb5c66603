// SPDX-License-Identifier: MIT
#include "sensor_fixture.hpp"

namespace edge {
namespace {

constexpr const char* kId = "28-0316a2794b3f";

class W1SensorTest : public SensorFixture {
  protected:
    void say(const std::string& text, const std::string& id = kId) {
        write("sys/bus/w1/devices/" + id + "/w1_slave", text);
    }
    /// As w1_therm writes it.
    void measure(const std::string& scratchpad, const std::string& milli, const std::string& id = kId) {
        say(scratchpad + " : crc=57 YES\n" + scratchpad + " t=" + milli + "\n", id);
    }
    static constexpr const char* kRoom = "57 01 4b 46 7f ff 09 10 57";
    static constexpr const char* kPowerOn = "50 05 4b 46 7f ff 0c 10 1c";
    static constexpr const char* kTrue85 = "50 05 4b 46 7f ff 10 10 5d";
};

TEST_F(W1SensorTest, ReadsTheOneWithItsIdOrTheFirst) {
    measure(kRoom, "21437");
    measure(kRoom, "19000", "28-ffffffffffff");
    write("sys/bus/w1/devices/w1_bus_master1/w1_master_slaves", "");
    EXPECT_VALUE(make(SensorType::kW1)->read(), 21.437);
    EXPECT_VALUE(make(SensorType::kW1, "28-FFFFFFFFFFFF")->read(), 19.0);
}

TEST_F(W1SensorTest, SaysWhatToDoWhereThereIsNone) {
    EXPECT_FAULT(make(SensorType::kW1)->read(), Errc::kNotFound, "dtoverlay=w1-gpio");
    measure(kRoom, "20000");
    EXPECT_FAULT(make(SensorType::kW1, "28-000000000001")->read(), Errc::kNotFound, kId);
}

TEST_F(W1SensorTest, AFailedChecksumIsAFault) {
    say(std::string(kRoom) + " : crc=57 NO\n" + kRoom + " t=21437\n");
    EXPECT_EQ(codeOf(make(SensorType::kW1)->read()), Errc::kFault);
}

TEST_F(W1SensorTest, WhatIsNotTheDriversFormatIsAFault) {
    const std::string good = std::string(kRoom) + " : crc=57 YES\n" + kRoom;
    for (const std::string& text :
         {std::string(), std::string("\n"), good + "\n", good + " t=\n", good + " t=abc\n", good + " t=21.4\n",
          good + " t=99999999999999999999\n", std::string(4000, 'x'), std::string("YES t=21000\n")}) {
        say(text);
        EXPECT_EQ(codeOf(make(SensorType::kW1)->read()), Errc::kFault) << text.substr(0, 100);
    }
}

TEST_F(W1SensorTest, TheConfigurationByteTellsAThermocoupleFromAThermometer) {
    constexpr const char* kFamily3b = "3b-0316a2794b3f";
    // A DS1825 at 21.4375 °C: bit 0 of its first byte is a sixteenth of a degree.
    measure("57 01 4b 46 7f ff 09 10 57", "21437", kFamily3b);
    EXPECT_VALUE(make(SensorType::kW1)->read(), 21.437);
    measure("57 01 4b 46 7f ff 09 10 57", "130000", kFamily3b);
    EXPECT_EQ(codeOf(make(SensorType::kW1)->read()), Errc::kFault);
    // A MAX31850 with address pins 0000.
    measure("00 32 4b 46 f0 ff 09 10 57", "800000", kFamily3b);
    EXPECT_VALUE(make(SensorType::kW1)->read(), 800.0);
    measure("01 32 4b 46 f0 ff 09 10 57", "800000", kFamily3b);
    EXPECT_FAULT(make(SensorType::kW1)->read(), Errc::kFault, "thermocouple");
}

TEST_F(W1SensorTest, ADataLineHeldLowIsNotZeroDegrees) {
    measure("00 00 00 00 00 00 00 00 00", "0");
    EXPECT_EQ(codeOf(make(SensorType::kW1)->read()), Errc::kFault);
}

TEST_F(W1SensorTest, WhatItCannotMeasureIsAFault) {
    for (const char* milli : {"-127000", "127937", "-55001", "125001"}) {
        measure(kRoom, milli);
        EXPECT_EQ(codeOf(make(SensorType::kW1)->read()), Errc::kFault) << milli;
    }
}

TEST_F(W1SensorTest, ThePowerOnValueIsAFaultHoweverOftenItComes) {
    const auto sensor = make(SensorType::kW1);
    measure(kPowerOn, "85000");
    for (int i = 0; i < 10; ++i) EXPECT_FAULT(sensor->read(), Errc::kFault, "power-on value");
    measure(kRoom, "21437");
    EXPECT_VALUE(sensor->read(), 21.437);
    measure(kPowerOn, "85000");
    EXPECT_EQ(codeOf(sensor->read()), Errc::kFault);
}

TEST_F(W1SensorTest, AGenuine85IsBelievedBesideItsNeighbours) {
    const auto sensor = make(SensorType::kW1);
    measure(kRoom, "84500");
    EXPECT_VALUE(sensor->read(), 84.5);
    measure(kTrue85, "85000");
    EXPECT_VALUE(sensor->read(), 85.0);
    EXPECT_VALUE(sensor->read(), 85.0);
}

TEST_F(W1SensorTest, AGenuine85AtTheStartIsBelievedTheSecondTime) {
    const auto sensor = make(SensorType::kW1);
    measure(kTrue85, "85000");
    EXPECT_EQ(codeOf(sensor->read()), Errc::kFault);
    EXPECT_VALUE(sensor->read(), 85.0);
}

TEST_F(W1SensorTest, AnotherDeviceIsNoNeighbour) {
    measure(kRoom, "84500");
    const auto sensor = make(SensorType::kW1);
    EXPECT_VALUE(sensor->read(), 84.5);
    remove(std::string("sys/bus/w1/devices/") + kId);
    measure(kPowerOn, "85000", "28-ffffffffffff");
    EXPECT_EQ(codeOf(sensor->read()), Errc::kFault);
}

TEST_F(W1SensorTest, IsThereAgainWhenItIsPluggedInAgain) {
    const auto sensor = make(SensorType::kW1, kId);
    measure(kRoom, "20000");
    EXPECT_VALUE(sensor->read(), 20.0);
    remove(std::string("sys/bus/w1/devices/") + kId);
    EXPECT_EQ(codeOf(sensor->read()), Errc::kNotFound);
    measure(kRoom, "21000");
    EXPECT_VALUE(sensor->read(), 21.0);
}

}  // namespace
}  // namespace edge
