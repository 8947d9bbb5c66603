// SPDX-License-Identifier: MIT
#include "sensors/attribute.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "core/system/files.hpp"
#include "core/text.hpp"
#include "sensors/number.hpp"

namespace edge {
namespace {

struct ErrnoRow {
    int error;
    Errc code;
    Retry retry;
    const char* advice;
};

constexpr const char* kCheckWiring = "check the sensor's wiring and supply";

constexpr std::array<ErrnoRow, 18> kErrnoTable{{
    // The driver has no new sample yet: a thermal zone that is being re-enabled, a converter that is still busy.
    {EAGAIN, Errc::kIo, Retry::kYes, "the driver has no value yet"},
    // The transfer failed: no answer on 1-Wire, a checksum, an I2C controller that gave up.
    {EIO, Errc::kIo, Retry::kYes, kCheckWiring},
    // The device did not acknowledge its I2C address or a byte.
    {EREMOTEIO, Errc::kIo, Retry::kYes, kCheckWiring},
    // Bus or conversion took too long: stretched clock, edges that a DHT11 never sent.
    {ETIMEDOUT, Errc::kIo, Retry::kYes, kCheckWiring},
    // The answer's checksum or framing is wrong.
    {EBADMSG, Errc::kIo, Retry::kYes, kCheckWiring},
    {EPROTO, Errc::kIo, Retry::kYes, kCheckWiring},
    // The first conversion is not done, or the driver marks its value as invalid.
    {ENODATA, Errc::kIo, Retry::kYes, "the driver has no value"},
    // Another process holds the bus, or an IIO buffer is running.
    {EBUSY, Errc::kIo, Retry::kYes, "another program uses the device"},
    // The thermal zone is switched off, or the driver cannot make sense of the device.
    {EINVAL, Errc::kIo, Retry::kNo, "the driver refuses: is the device enabled?"},
    // The device was powered down with its bus.
    {ESHUTDOWN, Errc::kIo, Retry::kNo, "the device is powered down"},
    {EISDIR, Errc::kIo, Retry::kNo, "give the path of a file"},
    // Unplugged, unbound from its driver, or never there.
    {ENOENT, Errc::kNotFound, Retry::kNo, ""},
    {ENODEV, Errc::kNotFound, Retry::kNo, "the device was removed"},
    {ENXIO, Errc::kNotFound, Retry::kNo, "the device was removed"},
    {ENOTDIR, Errc::kNotFound, Retry::kNo, ""},
    {EACCES, Errc::kPermission, Retry::kNo,
     "the agent's user must be allowed to read it: change its mode or its group"},
    {EPERM, Errc::kPermission, Retry::kNo, "the agent's user must be allowed to read it: change its mode or its group"},
    // A link in the path that points to itself.
    {ELOOP, Errc::kIo, Retry::kNo, ""},
}};

/// One attempt; a negative errno's text is made by the caller.
struct Attempt {
    int error = 0;
    std::string content;
};

Attempt readOnce(const std::string& path) {
    // O_NONBLOCK: a FIFO that somebody gave as a "file" must not hold the strand. Sysfs does not care.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return {errno, ""};

    std::string content(kMaxAttributeBytes + 1, '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return {errno, ""};
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return {0, std::move(content)};
}

tl::unexpected<Error> noNumber(const std::string& path, const std::string& content) {
    return fail(Errc::kFault, content.empty() ? fmt::format("{} is empty", path)
                                              : fmt::format("{} says \"{}\", which is no number", path,
                                                            printable(trim(content), 40)));
}

}  // namespace

ReadFailure explainErrno(int error) {
    for (const ErrnoRow& row : kErrnoTable) {
        if (row.error == error) return {row.code, row.retry, row.advice};
    }
    return {};
}

Result<std::string> readAttribute(const std::string& path) {
    Attempt attempt;
    ReadFailure failure;
    for (int i = 0; i < kReadAttempts; ++i) {
        attempt = readOnce(path);
        if (attempt.error == 0) break;
        failure = explainErrno(attempt.error);
        if (failure.retry == Retry::kNo) break;
    }
    if (attempt.error != 0) {
        return fail(failure.code, fmt::format("cannot read {}: {}{}{}", printable(path, 300),
                                              std::generic_category().message(attempt.error),
                                              failure.advice.empty() ? "" : "; ", failure.advice));
    }
    if (attempt.content.size() > kMaxAttributeBytes) {
        return fail(Errc::kFault, fmt::format("{} holds more than {} bytes: this is no sensor's file",
                                              printable(path, 300), kMaxAttributeBytes));
    }
    return std::move(attempt.content);
}

std::string readWord(const std::string& path) {
    const auto content = readAttribute(path);
    return content ? std::string(trim(*content)) : std::string();
}

Result<double> readMilliCelsius(const std::string& path) {
    const auto content = readAttribute(path);
    if (!content) return tl::unexpected<Error>(content.error());
    const auto number = parseWholeNumber(*content);
    if (!number) return noNumber(path, *content);
    return static_cast<double>(*number) / 1000.0;
}

Result<double> readDecimal(const std::string& path) {
    const auto content = readAttribute(path);
    if (!content) return tl::unexpected<Error>(content.error());
    const auto number = parseDecimalNumber(*content);
    if (!number) return noNumber(path, *content);
    return *number;
}

}  // namespace edge
