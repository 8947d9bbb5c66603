// SPDX-License-Identifier: MIT
#include "sensors/attribute.hpp"

#include <cerrno>

#include "sensor_fixture.hpp"

namespace edge {
namespace {

class AttributeTest : public SensorFixture {};

TEST_F(AttributeTest, IsReadWhole) {
    EXPECT_EQ(readAttribute(dir.write("temp", "21437\n")).value(), "21437\n");
    EXPECT_EQ(readWord(dir.write("name", " lm75 \n")), "lm75");
    EXPECT_EQ(readWord(dir.file("missing")), "");
}

TEST_F(AttributeTest, SaysWhatIsWrongWithIt) {
    EXPECT_EQ(readAttribute(dir.file("missing")).error().code, Errc::kNotFound);
    EXPECT_EQ(readAttribute(dir.path().string()).error().code, Errc::kIo);
    EXPECT_NE(readAttribute(dir.file("missing")).error().message.find(dir.file("missing")), std::string::npos);
}

TEST_F(AttributeTest, ThatIsTooLongIsNoSensors) {
    EXPECT_TRUE(readAttribute(dir.write("long", std::string(kMaxAttributeBytes, '1'))));
    EXPECT_EQ(readAttribute(dir.write("longer", std::string(kMaxAttributeBytes + 1, '1'))).error().code, Errc::kFault);
}

TEST_F(AttributeTest, InThousandthsIsAWholeNumber) {
    EXPECT_CELSIUS(readMilliCelsius(dir.write("temp", "-21437\n")), -21.437);
    EXPECT_FAULT(readMilliCelsius(dir.write("empty", "")), Errc::kFault, "is empty");
    EXPECT_FAULT(readMilliCelsius(dir.write("garbage", "N/A\n")), Errc::kFault, "\"N/A\"");
    EXPECT_FAULT(readDecimal(dir.write("nan", "nan\n")), Errc::kFault, "no number");
}

TEST_F(AttributeTest, TheErrnosOfBusesAreWorthAnotherTry) {
    for (const int error : {EAGAIN, EIO, EREMOTEIO, ETIMEDOUT, ENODATA, EBUSY}) {
        EXPECT_EQ(explainErrno(error).retry, Retry::kYes) << error;
    }
    for (const int error : {ENOENT, ENODEV, EACCES, EINVAL}) EXPECT_EQ(explainErrno(error).retry, Retry::kNo) << error;
    EXPECT_EQ(explainErrno(ENODEV).code, Errc::kNotFound);
    EXPECT_EQ(explainErrno(EACCES).code, Errc::kPermission);
}

}  // namespace
}  // namespace edge
