// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <system_error>

#include <gtest/gtest.h>

#include "gpio/gpiod_bindings.hpp"

namespace edge {
namespace {

Result<int> failing(int error) {
    return guarded("open /dev/gpiochip0",
                   [&]() -> int { throw std::system_error(error, std::system_category(), "library words"); });
}

TEST(GpiodErrors, GivesEachErrnoItsMeaning) {
    EXPECT_EQ(failing(EBUSY).error().code, Errc::kBusy);
    EXPECT_EQ(failing(EACCES).error().code, Errc::kPermission);
    EXPECT_EQ(failing(EPERM).error().code, Errc::kPermission);
    EXPECT_EQ(failing(ENOENT).error().code, Errc::kNotFound);
    EXPECT_EQ(failing(ENODEV).error().code, Errc::kNotFound);
    EXPECT_EQ(failing(EIO).error().code, Errc::kIo);
}

TEST(GpiodErrors, TellsWhatToDoAboutAPermission) {
    const std::string message = failing(EACCES).error().message;

    EXPECT_NE(message.find("cannot open /dev/gpiochip0: Permission denied"), std::string::npos) << message;
    EXPECT_NE(message.find("group gpio"), std::string::npos) << message;
}

TEST(GpiodErrors, ConvertsExceptionsWithoutAnErrno) {
    const auto result = guarded("use line 3", []() -> int { throw std::invalid_argument("unable to request"); });

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kIo);
    EXPECT_EQ(result.error().message, "cannot use line 3: unable to request");
}

TEST(GpiodErrors, PassesAValueThrough) {
    EXPECT_EQ(guarded("count", [] { return 7; }).value(), 7);
}

}  // namespace
}  // namespace edge
