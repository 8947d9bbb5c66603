// SPDX-License-Identifier: MIT
#include "image/jpeg/exif.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>

#include "core/time/time.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;
using namespace std::string_view_literals;

constexpr std::string_view kExifHeader = "Exif\0\0"sv;
constexpr std::size_t kEntryBytes = 12;
constexpr std::size_t kValueBytes = 4;
constexpr int kUpright = 1;

/// TIFF 6.0.
enum class Type : std::uint16_t { kAscii = 2, kShort = 3, kLong = 4, kRational = 5, kUndefined = 7 };

/// Little-endian.
std::string number(std::uint64_t value, std::size_t bytes) {
    std::string out(bytes, '\0');
    for (char& byte : out) {
        byte = static_cast<char>(value & 0xFF);
        value >>= 8;
    }
    return out;
}

/// A TIFF directory (IFD): entries of 12 bytes, and behind them the values that do not fit into four of those.
class Directory {
  public:
    void addText(std::uint16_t tag, std::string_view text) {
        constexpr std::size_t kMaxTextBytes = 200;
        const std::string cut(text.substr(0, std::min(text.find('\0'), kMaxTextBytes)));
        if (!cut.empty()) add(tag, Type::kAscii, cut.size() + 1, cut + '\0');
    }
    void addBytes(std::uint16_t tag, std::string_view bytes) {
        add(tag, Type::kUndefined, bytes.size(), std::string(bytes));
    }
    void addShort(std::uint16_t tag, int value) {
        add(tag, Type::kShort, 1, number(static_cast<std::uint16_t>(value), 2));
    }
    void addLong(std::uint16_t tag, std::size_t value) { add(tag, Type::kLong, 1, number(value, 4)); }
    void addRational(std::uint16_t tag, std::uint32_t numerator, std::uint32_t denominator) {
        add(tag, Type::kRational, 1, number(numerator, 4) + number(denominator, 4));
    }

    [[nodiscard]] std::size_t size() const { return 2 + entries_.size() * kEntryBytes + kValueBytes + outside_; }

    /// Appends it to a TIFF block. The values must have come in the order of their tags.
    void appendTo(std::string& tiff) const {
        std::size_t valueAt = tiff.size() + size() - outside_;
        tiff += number(entries_.size(), 2);
        for (const Entry& entry : entries_) {
            tiff += number(entry.tag, 2);
            tiff += number(static_cast<std::uint16_t>(entry.type), 2);
            tiff += number(entry.count, 4);
            tiff += entry.value.size() == kValueBytes ? entry.value : number(valueAt, 4);
            valueAt += entry.outside();
        }
        tiff += number(0, 4);  // no directory follows
        for (const Entry& entry : entries_) {
            if (entry.outside() > 0) tiff += entry.value;
        }
    }

  private:
    struct Entry {
        std::uint16_t tag;
        Type type;
        std::size_t count;
        std::string value;
        [[nodiscard]] std::size_t outside() const { return value.size() == kValueBytes ? 0 : value.size(); }
    };
    void add(std::uint16_t tag, Type type, std::size_t count, std::string value) {
        value.resize(std::max(kValueBytes, value.size() + value.size() % 2));
        entries_.push_back({tag, type, count, std::move(value)});
        outside_ += entries_.back().outside();
    }

    std::vector<Entry> entries_;
    std::size_t outside_ = 0;  ///< bytes behind the entries
};

void addExposure(Directory& directory, double seconds) {
    constexpr double kMaxSeconds = 4000;  // in microseconds it must fit 32 bits
    if (!(seconds >= 1e-6 && seconds <= kMaxSeconds)) return;
    constexpr std::uint32_t kMicro = 1'000'000;
    const auto micros = static_cast<std::uint32_t>(std::llround(seconds * kMicro));
    const std::uint32_t divisor = std::gcd(micros, kMicro);  // viewers show 20000/1000000 as such, instead of 1/50
    directory.addRational(0x829A, micros / divisor, kMicro / divisor);  // ExposureTime
}

void addIso(Directory& directory, double analogueGain) {
    const double iso = std::round(analogueGain * 100);
    if (iso >= 1 && iso <= 65535) directory.addShort(0x8827, static_cast<int>(iso));  // ISOSpeedRatings
}

/// Reads a foreign TIFF block: every offset is checked.
class TiffReader {
  public:
    explicit TiffReader(Bytes tiff) : tiff_(tiff), isIntel_(!tiff.empty() && tiff[0] == 'I') {}

    [[nodiscard]] int orientation() const {
        const std::size_t directory = number(4, 4);
        const std::size_t count = number(directory, 2);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t entry = directory + 2 + i * kEntryBytes;
            if (number(entry, 2) != 0x0112) continue;
            const std::size_t value = number(entry + 8, 2);
            const bool isShort =
                number(entry + 2, 2) == static_cast<std::uint16_t>(Type::kShort) && number(entry + 4, 4) == 1;
            return isShort && value >= 1 && value <= 8 ? static_cast<int>(value) : kUpright;
        }
        return kUpright;
    }

  private:
    /// 0 outside of the block.
    [[nodiscard]] std::size_t number(std::size_t at, std::size_t bytes) const {
        if (at > tiff_.size() || tiff_.size() - at < bytes) return 0;
        std::size_t value = 0;
        for (std::size_t i = 0; i < bytes; ++i) value = value << 8U | tiff_[at + (isIntel_ ? bytes - 1 - i : i)];
        return value;
    }

    Bytes tiff_;
    bool isIntel_;
};

}  // namespace

// Tags and their order are those of EXIF 2.31, the first with time offsets.
std::vector<std::uint8_t> makeExifSegment(const ExifInfo& info, int width, int height) {
    constexpr std::string_view kOffset = "+00:00";
    const std::string utc = formatRfc3339(info.time);  // 2026-11-20T09:30:00.123Z
    std::string dateTime = utc.substr(0, 10) + " " + utc.substr(11, 8);
    std::ranges::replace(dateTime, '-', ':');

    Directory exif;
    if (info.exposureSeconds) addExposure(exif, *info.exposureSeconds);
    if (info.analogueGain) addIso(exif, *info.analogueGain);
    exif.addBytes(0x9000, "0231");            // ExifVersion
    exif.addText(0x9003, dateTime);           // DateTimeOriginal
    exif.addText(0x9010, kOffset);            // OffsetTime
    exif.addText(0x9011, kOffset);            // OffsetTimeOriginal
    exif.addBytes(0x9101, "\1\2\3\0"sv);      // ComponentsConfiguration: Y, Cb, Cr
    exif.addText(0x9291, utc.substr(20, 3));  // SubSecTimeOriginal
    exif.addBytes(0xA000, "0100");            // FlashpixVersion
    exif.addShort(0xA001, 1);                 // ColorSpace: sRGB
    exif.addShort(0xA002, width);             // PixelXDimension
    exif.addShort(0xA003, height);            // PixelYDimension

    Directory image;
    image.addText(0x0110, info.model);     // Model
    image.addRational(0x011A, 72, 1);      // XResolution
    image.addRational(0x011B, 72, 1);      // YResolution
    image.addShort(0x0128, 2);             // ResolutionUnit: inches
    image.addText(0x0131, info.software);  // Software
    image.addText(0x0132, dateTime);       // DateTime
    image.addShort(0x0213, 1);             // YCbCrPositioning: centred

    constexpr std::string_view kTiffHeader = "II*\0\x08\0\0\0"sv;  // little-endian, the first directory follows
    image.addLong(0x8769, kTiffHeader.size() + image.size() + kEntryBytes);  // Exif IFD pointer: behind this directory
    std::string tiff(kTiffHeader);
    tiff.reserve(kTiffHeader.size() + image.size() + exif.size());
    image.appendTo(tiff);
    exif.appendTo(tiff);

    const std::size_t length = 2 + kExifHeader.size() + tiff.size();
    std::vector<std::uint8_t> segment;
    segment.reserve(2 + length);
    for (const std::size_t byte : {std::size_t{0xFF}, std::size_t{marker::kApp1}, length >> 8U, length & 0xFFU})
        segment.push_back(static_cast<std::uint8_t>(byte));
    std::copy(kExifHeader.begin(), kExifHeader.end(), std::back_inserter(segment));
    std::copy(tiff.begin(), tiff.end(), std::back_inserter(segment));
    return segment;
}

int readOrientation(Bytes jpeg, const JpegLayout& layout) {
    for (const JpegSegment& segment : layout.headers) {
        const Bytes payload = jpeg.subspan(segment.payload, segment.end - segment.payload);
        if (segment.marker == marker::kApp1 && payload.size() >= kExifHeader.size() &&
            std::equal(kExifHeader.begin(), kExifHeader.end(), payload.begin())) {
            return TiffReader(payload.subspan(kExifHeader.size())).orientation();
        }
    }
    return kUpright;
}

}  // namespace edge
