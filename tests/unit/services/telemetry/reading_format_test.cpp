// SPDX-License-Identifier: MIT
#include "services/telemetry/reading_format.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

ReadingRecord reading(double value) {
    ReadingRecord record;
    record.time = *parseRfc3339("2026-11-20T09:30:00.123Z");
    record.bootId = "b00t";
    record.seq = 17;
    record.sensor = "room";
    record.value = value;
    return record;
}

TEST(ReadingFormatTest, JsonHasTheFieldsOfTheContract) {
    EXPECT_EQ(formatReadingJson(reading(21.437)),
              R"({"value":21.437,"unit":"°C","time":"2026-11-20T09:30:00.123Z","boot":"b00t","seq":17})");
}

TEST(ReadingFormatTest, AnIntegerIsRoundedToTheNearest) {
    const std::vector<std::pair<double, std::string>> cases = {
        {21.437, "21"}, {21.5, "22"}, {-0.4, "0"}, {-0.5, "-1"}, {-1.4, "-1"}, {0.0, "0"}, {124.6, "125"}};
    for (const auto& [value, text] : cases) EXPECT_EQ(formatReading(reading(value), ReadingFormat::kInteger), text);
}

TEST(ReadingFormatTest, ADecimalHasTwoDigitsAndNoNegativeZero) {
    const std::vector<std::pair<double, std::string>> cases = {
        {21.437, "21.44"}, {21.0, "21.00"}, {-0.001, "0.00"}, {-5.125, "-5.12"}, {100.0, "100.00"}};
    for (const auto& [value, text] : cases) EXPECT_EQ(formatReading(reading(value), ReadingFormat::kDecimal), text);
}

TEST(ReadingFormatTest, UnitQuantityAndDecimalsAreThoseOfTheSensor) {
    SensorConfig sensor;
    sensor.name = "scales";
    sensor.quantity = Quantity::kNumber;
    sensor.isQuantityGiven = true;
    sensor.unit = "\"kg\"";
    sensor.scale = 0.1;
    ReadingRecord record = reading(1.5);
    describeReading(record, sensor);
    EXPECT_EQ(record.sensor, "scales");
    EXPECT_NE(formatReadingJson(record).find(R"({"value":1.5000,"unit":"\"kg\"","quantity":"number",)"),
              std::string::npos);
    EXPECT_EQ(formatReading(reading(1e20), ReadingFormat::kInteger), "100000000000000000000");
}

TEST(ReadingFormatTest, JsonNumbersAlwaysHaveThreeDecimals) {
    EXPECT_NE(formatReadingJson(reading(21.0)).find("\"value\":21.000,"), std::string::npos);
    EXPECT_NE(formatReadingJson(reading(0.1 + 0.2)).find("\"value\":0.300,"), std::string::npos);
    EXPECT_NE(formatReadingJson(reading(-0.0001)).find("\"value\":0.000,"), std::string::npos);
    EXPECT_EQ(formatReading(reading(1.5), ReadingFormat::kJson), formatReadingJson(reading(1.5)));
}

}  // namespace
}  // namespace edge
