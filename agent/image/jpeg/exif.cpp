// SPDX-License-Identifier: MIT
#include "image/jpeg/exif.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <libexif/exif-content.h>
#include <libexif/exif-data.h>
#include <libexif/exif-entry.h>
#include <libexif/exif-mem.h>
#include <libexif/exif-utils.h>

#include "image/jpeg/jpeg_markers.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxTextBytes = 200;
constexpr int kUpright = 1;
constexpr ExifByteOrder kOrder = EXIF_BYTE_ORDER_INTEL;

struct Unref {
    void operator()(ExifData* data) const { exif_data_unref(data); }
    void operator()(ExifEntry* entry) const { exif_entry_unref(entry); }
    void operator()(ExifMem* memory) const { exif_mem_unref(memory); }
};
struct Free {
    void operator()(unsigned char* bytes) const { std::free(bytes); }  // libexif allocates with malloc
};

/// The block under construction. What cannot be added (no memory) is left out: a picture without a tag is still a
/// picture.
class Block {
  public:
    Block() : memory_(exif_mem_new_default()), data_(exif_data_new_mem(memory_.get())) {
        if (data_ == nullptr) return;
        exif_data_set_option(data_.get(), EXIF_DATA_OPTION_FOLLOW_SPECIFICATION);
        exif_data_set_data_type(data_.get(), EXIF_DATA_TYPE_COMPRESSED);
        exif_data_set_byte_order(data_.get(), kOrder);
    }

    void text(ExifIfd ifd, ExifTag tag, std::string_view value) {
        const std::string_view cut = value.substr(0, std::min(value.find('\0'), kMaxTextBytes));
        if (cut.empty()) return;
        if (unsigned char* bytes = add(ifd, tag, EXIF_FORMAT_ASCII, cut.size() + 1, 1)) {
            std::memcpy(bytes, cut.data(), cut.size());  // the terminating zero is there already
        }
    }
    void bytes(ExifIfd ifd, ExifTag tag, std::string_view value) {
        if (unsigned char* to = add(ifd, tag, EXIF_FORMAT_UNDEFINED, value.size(), 1)) {
            std::memcpy(to, value.data(), value.size());
        }
    }
    void number(ExifIfd ifd, ExifTag tag, ExifShort value) {
        if (unsigned char* to = add(ifd, tag, EXIF_FORMAT_SHORT, 1, 2)) exif_set_short(to, kOrder, value);
    }
    void number(ExifIfd ifd, ExifTag tag, ExifRational value) {
        if (unsigned char* to = add(ifd, tag, EXIF_FORMAT_RATIONAL, 1, 8)) exif_set_rational(to, kOrder, value);
    }

    std::vector<std::uint8_t> segment() {
        if (data_ == nullptr) return {};
        unsigned char* saved = nullptr;
        unsigned int size = 0;
        exif_data_save_data(data_.get(), &saved, &size);
        const std::unique_ptr<unsigned char, Free> owner(saved);
        constexpr unsigned kMaxPayload = 65533;
        if (saved == nullptr || size == 0 || size > kMaxPayload) return {};
        std::vector<std::uint8_t> out{0xFF, marker::kApp1, static_cast<std::uint8_t>((size + 2) >> 8),
                                      static_cast<std::uint8_t>((size + 2) & 0xFF)};
        out.insert(out.end(), saved, saved + size);
        return out;
    }

  private:
    /// Zeroed memory of the entry; nullptr when there is none.
    unsigned char* add(ExifIfd ifd, ExifTag tag, ExifFormat format, std::size_t components,
                       std::size_t componentBytes) {
        if (data_ == nullptr) return nullptr;
        const std::unique_ptr<ExifEntry, Unref> entry(exif_entry_new_mem(memory_.get()));
        const auto size = static_cast<ExifLong>(components * componentBytes);
        auto* bytes = static_cast<unsigned char*>(exif_mem_alloc(memory_.get(), size));
        if (entry == nullptr || bytes == nullptr) {
            exif_mem_free(memory_.get(), bytes);
            return nullptr;
        }
        entry->tag = tag;
        entry->format = format;
        entry->components = components;
        entry->data = bytes;
        entry->size = size;
        exif_content_add_entry(data_->ifd[ifd], entry.get());
        return bytes;
    }

    std::unique_ptr<ExifMem, Unref> memory_;
    std::unique_ptr<ExifData, Unref> data_;
};

void addTime(Block& block, WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss<milliseconds> clock(floor<milliseconds>(time - day));
    if (int(date.year()) < 0 || int(date.year()) > 9999) return;
    const std::string stamp =
        fmt::format("{:04}:{:02}:{:02} {:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                    unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    block.text(EXIF_IFD_0, EXIF_TAG_DATE_TIME, stamp);
    block.text(EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL, stamp);
    block.text(EXIF_IFD_EXIF, EXIF_TAG_OFFSET_TIME, "+00:00");
    block.text(EXIF_IFD_EXIF, EXIF_TAG_OFFSET_TIME_ORIGINAL, "+00:00");
    block.text(EXIF_IFD_EXIF, EXIF_TAG_SUB_SEC_TIME_ORIGINAL, fmt::format("{:03}", clock.subseconds().count()));
}

void addExposure(Block& block, double exposureSeconds) {
    constexpr double kMaxSeconds = 4000;  // in microseconds it must fit 32 bits
    if (!(exposureSeconds >= 1e-6 && exposureSeconds <= kMaxSeconds)) return;
    const auto micros = static_cast<ExifLong>(std::llround(exposureSeconds * 1e6));
    const ExifLong divisor =
        std::gcd(micros, ExifLong{1'000'000});  // 20000/1000000 is shown as such; 1/50 is what it means
    block.number(EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_TIME, ExifRational{micros / divisor, 1'000'000 / divisor});
}

void addIso(Block& block, double analogueGain) {
    const double iso = std::round(analogueGain * 100);
    if (iso >= 1 && iso <= 65535) {
        block.number(EXIF_IFD_EXIF, EXIF_TAG_ISO_SPEED_RATINGS, static_cast<ExifShort>(iso));
    }
}

/// What EXIF 2.31 (the first with time offsets) requires of every JPEG.
void addRequired(Block& block, int width, int height) {
    block.number(EXIF_IFD_0, EXIF_TAG_X_RESOLUTION, ExifRational{72, 1});
    block.number(EXIF_IFD_0, EXIF_TAG_Y_RESOLUTION, ExifRational{72, 1});
    block.number(EXIF_IFD_0, EXIF_TAG_RESOLUTION_UNIT, 2);    // inches
    block.number(EXIF_IFD_0, EXIF_TAG_YCBCR_POSITIONING, 1);  // centred
    block.bytes(EXIF_IFD_EXIF, EXIF_TAG_EXIF_VERSION, "0231");
    block.bytes(EXIF_IFD_EXIF, EXIF_TAG_COMPONENTS_CONFIGURATION, std::string_view("\1\2\3\0", 4));
    block.bytes(EXIF_IFD_EXIF, EXIF_TAG_FLASH_PIX_VERSION, "0100");
    block.number(EXIF_IFD_EXIF, EXIF_TAG_COLOR_SPACE, 1);  // sRGB
    block.number(EXIF_IFD_EXIF, EXIF_TAG_PIXEL_X_DIMENSION, static_cast<ExifShort>(width));
    block.number(EXIF_IFD_EXIF, EXIF_TAG_PIXEL_Y_DIMENSION, static_cast<ExifShort>(height));
}

/// Reads what a stranger wrote: every offset is checked. libexif would take apart all of it, for one number.
class TiffReader {
  public:
    explicit TiffReader(std::span<const std::uint8_t> payload) {
        using namespace std::string_view_literals;
        constexpr std::string_view kTag = "Exif\0\0"sv;
        if (payload.size() < kTag.size() || !std::equal(kTag.begin(), kTag.end(), payload.begin())) return;
        tiff_ = payload.subspan(kTag.size());
        isExif_ = true;
        isIntel_ = !tiff_.empty() && tiff_[0] == 'I';
    }

    [[nodiscard]] bool isExif() const { return isExif_; }

    [[nodiscard]] int orientation() const {
        constexpr std::size_t kEntryBytes = 12;
        const std::size_t directory = number(4, 4);
        const std::size_t count = number(directory, 2);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t entry = directory + 2 + i * kEntryBytes;
            if (number(entry, 2) != EXIF_TAG_ORIENTATION) continue;
            const std::size_t value = number(entry + 8, 2);
            const bool isShort = number(entry + 2, 2) == EXIF_FORMAT_SHORT && number(entry + 4, 4) == 1;
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

    std::span<const std::uint8_t> tiff_;
    bool isExif_ = false;
    bool isIntel_ = false;
};

}  // namespace

std::vector<std::uint8_t> makeExifSegment(const ExifInfo& info, int width, int height) {
    const bool timed = info.time != WallTime{};
    if (!timed && info.make.empty() && info.model.empty() && info.software.empty() && !info.exposureSeconds &&
        !info.analogueGain) {
        return {};
    }
    Block block;
    addRequired(block, width, height);
    block.text(EXIF_IFD_0, EXIF_TAG_MAKE, info.make);
    block.text(EXIF_IFD_0, EXIF_TAG_MODEL, info.model);
    block.text(EXIF_IFD_0, EXIF_TAG_SOFTWARE, info.software);
    if (timed) addTime(block, info.time);
    if (info.exposureSeconds) addExposure(block, *info.exposureSeconds);
    if (info.analogueGain) addIso(block, *info.analogueGain);
    return block.segment();
}

int readOrientation(std::span<const std::uint8_t> jpeg, const JpegLayout& layout) {
    for (const JpegSegment& segment : layout.headers) {
        const TiffReader tiff(jpeg.subspan(segment.payload, segment.end - segment.payload));
        if (segment.marker == marker::kApp1 && tiff.isExif()) return tiff.orientation();
    }
    return kUpright;
}

}  // namespace edge
