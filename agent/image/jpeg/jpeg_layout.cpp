// SPDX-License-Identifier: MIT
#include "image/jpeg/jpeg_layout.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "image/frame_check.hpp"
#include "image/jpeg/jpeg_markers.hpp"
#include "image/jpeg/jpeg_quality.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMaxHeaders = 1000;
/// libjpeg walks over the whole picture once a scan; encoders write about ten.
constexpr int kMaxScans = 100;

tl::unexpected<Error> invalid(std::string_view what) {
    return fail(Errc::kFault, fmt::format("not a usable JPEG: {}", what));
}

struct Component {
    int across = 0;
    int down = 0;
    int quantTable = 0;
};

/// Walks over the markers once, and fills a JpegLayout.
class Parser {
  public:
    explicit Parser(Bytes bytes) : bytes_(bytes) {}

    Result<JpegLayout> parse() {
        if (bytes_.size() < 4 || bytes_[0] != 0xFF || bytes_[1] != marker::kSoi)
            return invalid("it does not begin with FF D8");
        position_ = 2;
        while (true) {
            auto segment = next();
            if (!segment) return tl::unexpected(segment.error());
            if (scans_ > 0 || segment->marker == marker::kSos) keep(segment->begin, segment->end);
            if (segment->marker == marker::kEoi) break;
            if (auto done = take(*segment); !done) return tl::unexpected(done.error());
        }
        if (scans_ == 0) return invalid("it has no picture data");
        if (auto sane = checkBlocks(); !sane) return tl::unexpected(sane.error());
        return std::move(layout_);
    }

  private:
    /// The segment at position_, which then stands behind it.
    Result<JpegSegment> next() {
        JpegSegment segment;
        do {
            skipToMarker();
            segment.begin = position_;
            while (position_ < bytes_.size() && bytes_[position_] == 0xFF) ++position_;
            if (position_ >= bytes_.size()) return invalid("it is truncated (no end marker)");
            segment.marker = bytes_[position_++];
        } while (segment.marker == marker::kSoi && components_.empty());  // some webcams write it twice
        segment.payload = segment.end = position_;
        if (segment.marker == marker::kEoi) return segment;
        if (segment.marker < marker::kSof0 || marker::isRestart(segment.marker) || segment.marker == marker::kSoi) {
            return invalid(fmt::format("marker FF {:02X} at byte {} belongs elsewhere", segment.marker, segment.begin));
        }
        if (bytes_.size() - position_ < 2) return invalid("it is truncated inside a segment");
        const std::size_t length = word(position_);
        if (length < 2 || bytes_.size() - position_ < length) return invalid("it is truncated inside a segment");
        segment.payload = position_ + 2;
        segment.end = position_ = position_ + length;
        return segment;
    }

    Result<void> take(const JpegSegment& segment) {
        if (segment.marker == marker::kSos) return takeScan(segment);
        if (marker::isFrame(segment.marker)) {
            if (auto done = takeFrame(segment); !done) return done;
        } else if (segment.marker == marker::kDht && scans_ == 0) {
            takeHuffman(segment);
        }
        if (scans_ == 0) {
            if (layout_.headers.size() == kMaxHeaders) return invalid("it has more than 1000 header segments");
            layout_.headers.push_back(segment);
        }
        return {};
    }

    Result<void> takeFrame(const JpegSegment& segment) {
        if (!components_.empty()) return invalid("it has two frame headers");
        if (segment.marker > marker::kSof2) {
            return invalid("it is coded arithmetically, losslessly or in layers; baseline and progressive can be read");
        }
        const std::size_t size = segment.end - segment.payload;
        const std::uint8_t* head = bytes_.data() + segment.payload;
        if (size < 6 || size != 6 + 3 * std::size_t{head[5]}) return invalid("its frame header has the wrong length");
        if (head[0] != 8) return invalid(fmt::format("it has {} bits a sample, not 8", head[0]));
        layout_.height = static_cast<int>(word(segment.payload + 1));
        layout_.width = static_cast<int>(word(segment.payload + 3));
        layout_.components = head[5];
        if (!isImageSizeAllowed(layout_.width, layout_.height)) {
            return invalid(fmt::format("{}x{} pixels are outside 1x1 … {}x{}", layout_.width, layout_.height,
                                       kMaxImageLongSide, kMaxImageShortSide));
        }
        if (head[5] != 1 && head[5] != 3 && head[5] != 4) return invalid(fmt::format("it has {} components", head[5]));
        for (std::size_t i = 0; i < head[5]; ++i) {
            const std::uint8_t* entry = head + 6 + 3 * i;
            const Component component{entry[1] >> 4, entry[1] & 15, entry[2]};
            if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4) {
                return invalid("its sampling factors are not 1 to 4");
            }
            components_.push_back(component);
        }
        return {};
    }

    void takeHuffman(const JpegSegment& segment) {
        std::size_t at = segment.payload;
        while (segment.end - at >= 17) {
            const int table = bytes_[at];
            std::size_t symbols = 0;
            for (std::size_t i = 1; i <= 16; ++i) symbols += bytes_[at + i];
            if (segment.end - at < 17 + symbols) return;
            defined_ |= 1U << (((table >> 4) & 1) * 4 + (table & 3));
            at += 17 + symbols;
        }
    }

    Result<void> takeScan(const JpegSegment& segment) {
        if (components_.empty()) return invalid("its picture data comes before its frame header");
        if (++scans_ > kMaxScans) return invalid("it has more than 100 scans");
        const std::size_t size = segment.end - segment.payload;
        const std::size_t count = size > 0 ? bytes_[segment.payload] : 0;
        if (size != 4 + 2 * count || count < 1 || count > 4) return invalid("its scan header has the wrong length");
        if (scans_ == 1) {
            layout_.quality = estimateQuality(bytes_, layout_.headers, components_[0].quantTable);
            const bool progressive = std::any_of(layout_.headers.begin(), layout_.headers.end(),
                                                 [](const JpegSegment& s) { return s.marker == marker::kSof2; });
            // A progressive JPEG never leaves its tables out.
            if (!progressive) noteMissingTables(segment, count);
            layout_.oneScan = !progressive && count == components_.size();
        }
        const std::size_t begin = position_;
        skipEntropyCoded();
        keep(begin, position_);
        scanBytes_ += position_ - begin;
        return {};
    }

    void noteMissingTables(const JpegSegment& segment, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const unsigned tables = bytes_[segment.payload + 2 + 2 * i];
            const unsigned needed = (1U << ((tables >> 4) & 3)) | (1U << (4 + (tables & 3)));
            if ((defined_ & needed) != needed) layout_.lacksHuffmanTables = true;
        }
    }

    /// To the next 0xFF that begins a marker. Some webcams leave bytes between segments.
    void skipToMarker() {
        while (position_ < bytes_.size()) {
            const void* found = std::memchr(bytes_.data() + position_, 0xFF, bytes_.size() - position_);
            position_ = found == nullptr
                            ? bytes_.size()
                            : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes_.data());
            if (position_ + 1 >= bytes_.size() || bytes_[position_ + 1] != 0) return;
            position_ += 2;
        }
    }

    void keep(std::size_t begin, std::size_t end) {
        std::vector<ByteRange>& body = layout_.body;
        if (!body.empty() && body.back().end == begin) {
            body.back().end = end;
        } else {
            body.push_back({begin, end});
        }
    }

    /// To the next marker that is no stuffed zero, restart or fill byte.
    void skipEntropyCoded() {
        while (position_ + 1 < bytes_.size()) {
            const void* found = std::memchr(bytes_.data() + position_, 0xFF, bytes_.size() - 1 - position_);
            if (found == nullptr) break;
            position_ = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes_.data());
            const std::uint8_t code = bytes_[position_ + 1];
            if (code != 0 && code != 0xFF && !marker::isRestart(code)) return;
            position_ += code == 0xFF ? 1 : 2;
        }
        position_ = bytes_.size();
    }

    /// Every block takes at least one bit of Huffman code, so a tiny file cannot hold a huge picture. Decoders find
    /// that out only after they have taken the memory for it.
    Result<void> checkBlocks() const {
        int mostAcross = 1;
        int mostDown = 1;
        for (const Component& c : components_) {
            mostAcross = std::max(mostAcross, c.across);
            mostDown = std::max(mostDown, c.down);
        }
        std::size_t blocks = 0;
        for (const Component& c : components_) {
            const int across = (layout_.width * c.across + 8 * mostAcross - 1) / (8 * mostAcross);
            const int down = (layout_.height * c.down + 8 * mostDown - 1) / (8 * mostDown);
            blocks += static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
        }
        if (scanBytes_ * 8 >= blocks) return {};
        return invalid(fmt::format("{} bytes of data cannot hold {}x{} pixels: it is truncated", scanBytes_,
                                   layout_.width, layout_.height));
    }

    [[nodiscard]] std::size_t word(std::size_t at) const { return std::size_t{bytes_[at]} << 8 | bytes_[at + 1]; }

    Bytes bytes_;
    std::size_t position_ = 0;
    JpegLayout layout_;
    std::vector<Component> components_;
    unsigned defined_ = 0;  ///< bit 0–3: DC tables, 4–7: AC tables
    int scans_ = 0;
    std::size_t scanBytes_ = 0;
};

}  // namespace

Result<JpegLayout> parseJpeg(std::span<const std::uint8_t> jpeg) {
    return Parser(jpeg).parse();
}

}  // namespace edge
