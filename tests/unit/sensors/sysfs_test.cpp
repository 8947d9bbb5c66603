// SPDX-License-Identifier: MIT
#include "sensors/sysfs.hpp"

#include <cerrno>

#include "sensor_fixture.hpp"

namespace edge {
namespace {

class SysfsTest : public SensorFixture {};

TEST_F(SysfsTest, ReadsAWholeAttribute) {
    EXPECT_EQ(readAttribute(dir.write("temp", "21437\n")).value(), "21437\n");
    EXPECT_EQ(readWord(dir.write("name", " lm75 \n")), "lm75");
    EXPECT_EQ(readWord(dir.file("missing")), "");
}

TEST_F(SysfsTest, NamesPathAndReasonOfAFailure) {
    EXPECT_EQ(readAttribute(dir.file("missing")).error().code, Errc::kNotFound);
    EXPECT_EQ(readAttribute(dir.path().string()).error().code, Errc::kIo);
    EXPECT_NE(readAttribute(dir.file("missing")).error().message.find(dir.file("missing")), std::string::npos);
}

TEST_F(SysfsTest, RefusesFilesThatAreTooLong) {
    EXPECT_TRUE(readAttribute(dir.write("long", std::string(kMaxAttributeBytes, '1'))));
    EXPECT_EQ(readAttribute(dir.write("longer", std::string(kMaxAttributeBytes + 1, '1'))).error().code, Errc::kFault);
}

TEST_F(SysfsTest, ReadsThousandthsAndDecimals) {
    EXPECT_VALUE(readWholeNumber(dir.write("temp", "-21437\n")), -21437);
    EXPECT_FAULT(readWholeNumber(dir.write("empty", "")), Errc::kFault, "is empty");
    EXPECT_FAULT(readWholeNumber(dir.write("garbage", "N/A\n")), Errc::kFault, "\"N/A\"");
    EXPECT_FAULT(readDecimal(dir.write("nan", "nan\n")), Errc::kFault, "nan");
}

TEST_F(SysfsTest, RetriesTheErrnosOfBuses) {
    for (const int error : {EAGAIN, EIO, EREMOTEIO, ETIMEDOUT, ENODATA, EBUSY}) {
        EXPECT_TRUE(explainErrno(error).isTransient) << error;
    }
    for (const int error : {ENOENT, ENODEV, EACCES, EINVAL}) EXPECT_FALSE(explainErrno(error).isTransient) << error;
    EXPECT_EQ(explainErrno(ENODEV).code, Errc::kNotFound);
    EXPECT_EQ(explainErrno(EACCES).code, Errc::kPermission);
}

}  // namespace
}  // namespace edge
