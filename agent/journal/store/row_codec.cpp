// SPDX-License-Identifier: MIT
#include "journal/store/row_codec.hpp"

#include <charconv>
#include <zlib.h>

#include <fmt/format.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kBootBytes = 16;

/// "humidity 2 %", "number 3 ", "" for what a ReadingRecord is by itself.
std::string encodeMeasure(const ReadingRecord& reading) {
    const ReadingRecord usual;
    const bool isUsual =
        reading.quantity == usual.quantity && reading.unit == usual.unit && reading.decimals == usual.decimals;
    return isUsual ? "" : fmt::format("{} {} {}", reading.quantity, reading.decimals, reading.unit);
}

/// A damaged text can be anything: the checksum is wrong then.
void decodeMeasure(std::string_view text, ReadingRecord& reading) {
    const std::size_t first = text.find(' ');
    const std::size_t second = text.find(' ', first + 1);
    if (first == text.npos || second == text.npos) return;
    reading.quantity = text.substr(0, first);
    reading.decimals = parseNumber<int>(text.substr(first + 1, second - first - 1)).value_or(0);
    reading.unit = text.substr(second + 1);
}

}  // namespace

std::string encodeBoot(std::string_view bootId) {
    const bool isHex =
        bootId.size() == 2 * kBootBytes && bootId.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!isHex) return std::string(bootId);
    std::string bytes;
    for (std::size_t at = 0; at < bootId.size(); at += 2) {
        unsigned byte = 0;
        std::from_chars(bootId.data() + at, bootId.data() + at + 2, byte, 16);
        bytes += static_cast<char>(byte);
    }
    return bytes;
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

void RowWriter::addInteger(std::int64_t value) {
    checksum_.add(value);
    statement_.bind(value);
}

void RowWriter::add(double value) {
    const double kept = value + 0.0;  // SQLite stores -0.0 as 0
    checksum_.add(kept);
    statement_.bind(kept);
}

void RowWriter::add(WallTime value) {
    addInteger(std::chrono::floor<milliseconds>(value.time_since_epoch()).count());
}

void RowWriter::add(const std::string& value) {
    checksum_.add(std::string_view(value));
    statement_.bindText(value);
}

void RowWriter::addBlob(std::string_view value) {
    checksum_.add(value);
    statement_.bindBlob(value);
}

void RowWriter::addMeasure(const ReadingRecord& reading) {
    const std::string text = encodeMeasure(reading);
    if (!text.empty()) checksum_.add(std::string_view(text));
    statement_.bindText(text);
}

Result<void> RowWriter::insert() {
    statement_.bind(checksum_.value());
    return statement_.run();
}

std::int64_t RowReader::takeInteger() {
    const std::int64_t value = statement_.integer(column_++);
    checksum_.add(value);
    return value;
}

void RowReader::take(double& value) {
    value = statement_.real(column_++);
    checksum_.add(value);
}

void RowReader::take(WallTime& value) {
    constexpr auto kLimit = std::chrono::duration_cast<milliseconds>(WallTime::duration::max()).count();
    const std::int64_t ms = takeInteger();
    const bool isTime = ms <= kLimit && ms >= -kLimit;  // otherwise the row is damaged
    value = WallTime{std::chrono::duration_cast<WallTime::duration>(milliseconds{isTime ? ms : 0})};
}

void RowReader::take(std::string& value) {
    value = statement_.bytes(column_++);
    checksum_.add(std::string_view(value));
}

void RowReader::take(Measure<ReadingRecord> measure) {
    const std::string text = statement_.bytes(column_++);
    if (text.empty()) return;
    checksum_.add(std::string_view(text));
    decodeMeasure(text, measure.reading);
}

void RowReader::take(Boot<std::string> boot) {
    take(boot.text);
    if (boot.text.size() == kBootBytes) boot.text = toHex(boot.text);
}

}  // namespace edge
