// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// A directory that looks like /sys, and sensors on it.
class SensorFixture : public ::testing::Test {
  protected:
    std::unique_ptr<Sensor> make(SensorType type, const std::string& device = "",
                                 Quantity quantity = Quantity::kTemperature, const std::string& channel = "") const {
        SensorConfig config;
        config.quantity = quantity;
        config.channel = channel;
        config.name = "room";
        config.type = type;
        config.device = device;
        return makeSensor(config, dir.path().string());
    }

    void write(const std::string& path, const std::string& text) { dir.write(path, text); }
    void remove(const std::string& path) { std::filesystem::remove_all(dir.path() / path); }

    static Errc codeOf(const Result<double>& result) { return result ? Errc::kInternal : result.error().code; }

    TempDir dir;
};

/// `expression` must be this value.
#define EXPECT_VALUE(expression, expected)               \
    do {                                                 \
        const auto reading = (expression);               \
        ASSERT_TRUE(reading) << reading.error().message; \
        EXPECT_DOUBLE_EQ(*reading, expected);            \
    } while (false)

/// `expression` must be an error with this code, whose message has this in it.
#define EXPECT_FAULT(expression, expectedCode, part)                                                 \
    do {                                                                                             \
        const auto reading = (expression);                                                           \
        ASSERT_FALSE(reading) << "a reading of " << *reading;                                        \
        EXPECT_EQ(reading.error().code, expectedCode) << reading.error().message;                    \
        EXPECT_NE(reading.error().message.find(part), std::string::npos) << reading.error().message; \
    } while (false)

}  // namespace edge
