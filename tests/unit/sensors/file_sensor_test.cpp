// SPDX-License-Identifier: MIT
#include "sensor_fixture.hpp"

namespace edge {
namespace {

using FileSensorTest = SensorFixture;

TEST_F(FileSensorTest, TakesTheFirstNumberInTheFile) {
    const auto sensor = make(SensorType::kFile, "/run/temperature");
    EXPECT_EQ(codeOf(sensor->read()), Errc::kNotFound);
    write("run/temperature", "temp=42.3'C\n");
    EXPECT_VALUE(sensor->read(), 42.3);
    write("run/temperature", "-7\n");
    EXPECT_VALUE(sensor->read(), -7.0);
}

TEST_F(FileSensorTest, WhatIsNoNumberIsAFault) {
    for (const char* text : {"nan", "23,5", "none", "1e400", "0x10", "\u221221.5", "1 234"}) {
        write("t", text);
        EXPECT_EQ(codeOf(make(SensorType::kFile, "/t")->read()), Errc::kFault) << text;
    }
}

TEST_F(FileSensorTest, AnEmptyFileIsReadAgain) {
    for (const char* text : {"", " \n"}) {
        write("t", text);
        EXPECT_EQ(codeOf(make(SensorType::kFile, "/t")->read()), Errc::kIo) << "which is tried again";
    }
}

}  // namespace
}  // namespace edge
