// SPDX-License-Identifier: MIT
#include "sensors/sysfs.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "core/system/files.hpp"
#include "core/text.hpp"
#include "sensors/number.hpp"

namespace edge {
namespace {

constexpr const char* kAllowReading = "let the agent's user read it: change its mode or its group";
constexpr const char* kCheckWiring = "check the sensor's wiring and supply";

struct ErrnoRow {
    int error;
    ReadFailure meaning;
};

constexpr std::array<ErrnoRow, 17> kErrnoTable{{
    // The driver has no new sample yet: a thermal zone that is being re-enabled, a converter that is still busy.
    {EAGAIN, {Errc::kIo, true, "the driver has no value yet"}},
    // The transfer failed: no answer on 1-Wire, a checksum, an I2C controller that gave up.
    {EIO, {Errc::kIo, true, kCheckWiring}},
    // The device did not acknowledge its I2C address or a byte.
    {EREMOTEIO, {Errc::kIo, true, kCheckWiring}},
    // Bus or conversion took too long: stretched clock, edges that a DHT11 never sent.
    {ETIMEDOUT, {Errc::kIo, true, kCheckWiring}},
    // The answer's checksum or framing is wrong.
    {EBADMSG, {Errc::kIo, true, kCheckWiring}},
    {EPROTO, {Errc::kIo, true, kCheckWiring}},
    // The first conversion is not done, or the driver marks its value as invalid.
    {ENODATA, {Errc::kIo, true, "the driver has no value"}},
    // Another process holds the bus, or an IIO buffer is running.
    {EBUSY, {Errc::kIo, true, "another program uses the device"}},
    // The thermal zone is switched off, or the driver cannot make sense of the device.
    {EINVAL, {Errc::kIo, false, "check that the device is enabled"}},
    // The device was powered down with its bus.
    {ESHUTDOWN, {Errc::kIo, false, "the device is powered down"}},
    {EISDIR, {Errc::kIo, false, "give the path of a file"}},
    // Unplugged, unbound from its driver, or never there.
    {ENOENT, {Errc::kNotFound, false, ""}},
    {ENODEV, {Errc::kNotFound, false, "the device was removed"}},
    {ENXIO, {Errc::kNotFound, false, "the device was removed"}},
    {ENOTDIR, {Errc::kNotFound, false, ""}},
    {EACCES, {Errc::kPermission, false, kAllowReading}},
    {EPERM, {Errc::kPermission, false, kAllowReading}},
}};

/// One attempt: the file's content, cut after one byte too many; else the errno.
tl::expected<std::string, int> readOnce(const std::string& path) {
    // O_NONBLOCK: a FIFO that somebody gave as a "file" must not hold the strand. Sysfs does not care.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) return tl::unexpected(errno);

    std::string content(kMaxAttributeBytes + 1, '\0');
    const ssize_t filled = readAll(file.get(), content.data(), content.size());
    if (filled < 0) return tl::unexpected(errno);
    content.resize(static_cast<std::size_t>(filled));
    return content;
}

tl::unexpected<Error> notANumber(const std::string& path, const std::string& content) {
    if (content.empty()) return fail(Errc::kFault, fmt::format("{} is empty", path));
    return fail(Errc::kFault, fmt::format("{} says \"{}\", which is not a number", path, printable(trim(content), 40)));
}

}  // namespace

ReadFailure explainErrno(int error) {
    for (const ErrnoRow& row : kErrnoTable) {
        if (row.error == error) return row.meaning;
    }
    return {};
}

Result<std::string> readAttribute(const std::string& path) {
    auto content = readOnce(path);
    for (int i = 1; i < kReadAttempts && !content && explainErrno(content.error()).isTransient; ++i)
        content = readOnce(path);
    if (!content) {
        const ReadFailure failure = explainErrno(content.error());
        return fail(failure.code, fmt::format("cannot read {}: {}{}{}", printable(path, 300),
                                              std::generic_category().message(content.error()),
                                              failure.advice.empty() ? "" : "; ", failure.advice));
    }
    if (content->size() > kMaxAttributeBytes) {
        return fail(Errc::kFault, fmt::format("{} holds more than {} bytes: it is not a sensor's file",
                                              printable(path, 300), kMaxAttributeBytes));
    }
    return std::move(*content);
}

std::string readWord(const std::string& path) {
    return std::string(trim(readAttribute(path).value_or("")));
}

Result<double> readWholeNumber(const std::string& path) {
    const std::string content = TRY(readAttribute(path));
    const auto number = parseNumber<std::int64_t>(trim(content));
    if (!number) return notANumber(path, content);
    return static_cast<double>(*number);
}

Result<double> readDecimal(const std::string& path) {
    const std::string content = TRY(readAttribute(path));
    const auto number = parseDecimalNumber(content);
    if (!number) return notANumber(path, content);
    return *number;
}

Result<std::vector<std::string>> listDirectory(const std::string& path, std::string_view prefix) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        std::string name = entry->path().filename().string();
        if (name.starts_with(prefix)) names.push_back(std::move(name));
    }
    const ReadFailure failure = explainErrno(error.value());
    if (error && failure.code != Errc::kNotFound)
        return fail(failure.code, fmt::format("cannot list {}: {}", path, error.message()));
    std::ranges::sort(names, [](const std::string& left, const std::string& right) {
        return ::strverscmp(left.c_str(), right.c_str()) < 0;
    });
    return names;
}

}  // namespace edge
