// SPDX-License-Identifier: MIT
#include "journal/store/row_archive.hpp"

#include <charconv>
#include <limits>
#include <zlib.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kBootBytes = 16;

bool isBootHex(std::string_view text) {
    return text.size() == 2 * kBootBytes && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string fromHex(std::string_view hex) {
    std::string bytes;
    for (std::size_t at = 0; at < hex.size(); at += 2) {
        unsigned byte = 0;
        std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

/// A damaged row can hold any number; what does not fit fails the checksum, not the arithmetic.
WallTime toTime(std::int64_t ms) {
    constexpr auto kLimit = std::chrono::duration_cast<milliseconds>(WallTime::duration::max()).count();
    if (ms > kLimit || ms < -kLimit) return WallTime{};
    return WallTime{std::chrono::duration_cast<WallTime::duration>(milliseconds{ms})};
}

}  // namespace

std::string encodeBoot(std::string_view bootId) {
    return isBootHex(bootId) ? fromHex(bootId) : std::string(bootId);
}

void RowChecksum::addBytes(char tag, const void* data, std::size_t size) {
    const auto length = static_cast<std::uint32_t>(size);
    const auto add = [this](const void* bytes, std::size_t count) {
        crc_ = static_cast<std::uint32_t>(crc32_z(crc_, static_cast<const Bytef*>(bytes), count));
    };
    add(&tag, 1);
    add(&length, sizeof length);
    if (size > 0) add(data, size);  // zlib takes a null pointer as "start anew"
}

void RowWriter::integer(std::int64_t value) {
    checksum_.add(value);
    statement_.bind(value);
}

void RowWriter::real(double value) {
    const double kept = value + 0.0;  // SQLite keeps -0.0 as 0
    checksum_.add(kept);
    statement_.bind(kept);
}

void RowWriter::text(std::string_view value) {
    checksum_.add(value);
    statement_.bindText(value);
}

void RowWriter::blob(std::string_view value) {
    checksum_.add(value);
    statement_.bindBlob(value);
}

void RowWriter::time(WallTime value) {
    integer(std::int64_t{std::chrono::floor<milliseconds>(value.time_since_epoch()).count()});
}

void RowWriter::boot(std::string_view value) {
    blob(encodeBoot(value));
}

Result<void> RowWriter::insert() {
    statement_.bind(checksum_.value());
    return statement_.run();
}

void RowReader::integer(std::int64_t& value) {
    value = statement_.integer(column_++);
    checksum_.add(value);
}

void RowReader::integer(int& value) {
    std::int64_t wide = 0;
    integer(wide);
    const bool fits = wide >= std::numeric_limits<int>::min() && wide <= std::numeric_limits<int>::max();
    value = fits ? static_cast<int>(wide) : 0;
}

void RowReader::integer(std::uint64_t& value) {
    std::int64_t wide = 0;
    integer(wide);
    value = static_cast<std::uint64_t>(wide);
}

void RowReader::flag(bool& value) {
    std::int64_t wide = 0;
    integer(wide);
    value = wide != 0;
}

void RowReader::real(double& value) {
    value = statement_.real(column_++);
    checksum_.add(value);
}

void RowReader::text(std::string& value) {
    value = statement_.bytes(column_++);
    checksum_.add(std::string_view(value));
}

void RowReader::time(WallTime& value) {
    std::int64_t ms = 0;
    integer(ms);
    value = toTime(ms);
}

void RowReader::boot(std::string& value) {
    text(value);
    if (value.size() == kBootBytes) value = toHex(value);
}

bool RowReader::isIntact() {
    return statement_.integer(column_++) == checksum_.value();
}

}  // namespace edge
