// SPDX-License-Identifier: MIT
#include "image/jpeg/jpeg_layout.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "image/frame.hpp"
#include "image/jpeg/quality.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMaxHeaders = 1000;
/// libjpeg walks over the whole picture once a scan; encoders write about ten.
constexpr int kMaxScans = 100;

tl::unexpected<Error> invalid(std::string_view what) {
    return fail(Errc::kFault, fmt::format("not a usable JPEG: {}", what));
}

/// SOF0 … SOF15; DHT, JPG and DAC lie between them.
bool isFrame(std::uint8_t code) {
    return code >= marker::kSof0 && code <= 0xCF && code != marker::kDht && code != 0xC8 && code != 0xCC;
}

bool isRestart(std::uint8_t code) {
    return code >= marker::kRst0 && code <= marker::kRst7;
}

/// Walks over the markers once, and fills a JpegLayout.
class Parser {
  public:
    explicit Parser(Bytes bytes) : bytes_(bytes) {}

    Result<JpegLayout> parse() {
        if (bytes_.size() < 4 || bytes_[0] != 0xFF || bytes_[1] != marker::kSoi)
            return invalid("it does not begin with FF D8");
        position_ = 2;
        JpegSegment segment;
        while (segment.marker != marker::kEoi) {
            segment = TRY(next());
            TRY(take(segment));
        }
        if (scans_ == 0) return invalid("it has no picture data");
        layout_.body.front().end = segment.end;
        TRY(checkBlocks());
        return std::move(layout_);
    }

  private:
    /// The segment at position_, which then stands behind it.
    Result<JpegSegment> next() {
        JpegSegment segment;
        do {
            skipToMarker([](std::uint8_t code) { return code != 0; });
            segment.begin = position_;
            while (position_ < bytes_.size() && bytes_[position_] == 0xFF) ++position_;
            if (position_ >= bytes_.size()) return invalid("it is truncated (no end marker)");
            segment.marker = bytes_[position_++];
        } while (segment.marker == marker::kSoi && layout_.components.empty());  // some webcams write it twice
        segment.payload = segment.end = position_;
        if (segment.marker == marker::kEoi) return segment;
        if (segment.marker < marker::kSof0 || isRestart(segment.marker) || segment.marker == marker::kSoi)
            return invalid(fmt::format("marker FF {:02X} at byte {} belongs elsewhere", segment.marker, segment.begin));
        const std::size_t length = bytes_.size() - position_ < 2 ? 0 : word(position_);
        if (length < 2 || bytes_.size() - position_ < length) return invalid("it is truncated inside a segment");
        segment.payload = position_ + 2;
        segment.end = position_ = position_ + length;
        return segment;
    }

    Result<void> take(const JpegSegment& segment) {
        const Bytes payload = bytes_.subspan(segment.payload, segment.end - segment.payload);
        if (segment.marker == marker::kSos) return takeScan(segment, payload);
        if (isFrame(segment.marker)) TRY(takeFrame(segment.marker, payload));
        if (scans_ > 0) return {};
        if (segment.marker == marker::kDht) addHuffmanTables(payload, tables_);
        if (layout_.headers.size() == kMaxHeaders) return invalid("it has more than 1000 header segments");
        layout_.headers.push_back(segment);
        return {};
    }

    Result<void> takeFrame(std::uint8_t type, Bytes head) {
        if (!layout_.components.empty()) return invalid("it has two frame headers");
        if (type > marker::kSof2) return invalid("it is neither baseline nor progressive with Huffman codes");
        if (head.size() < 6 || head.size() != 6 + 3 * std::size_t{head[5]})
            return invalid("its frame header has the wrong length");
        if (head[0] != 8) return invalid(fmt::format("it has {} bits per sample, not 8", head[0]));
        if (head[5] != 1 && head[5] != 3) return invalid(fmt::format("it has {} components", head[5]));
        layout_.height = head[1] << 8 | head[2];
        layout_.width = head[3] << 8 | head[4];
        if (!isImageSizeAllowed(layout_.width, layout_.height)) {
            return invalid(fmt::format("{}x{} pixels are outside 1x1 … {}x{}", layout_.width, layout_.height,
                                       kMaxImageLongSide, kMaxImageShortSide));
        }
        for (Bytes entry = head.subspan(6); !entry.empty(); entry = entry.subspan(3)) {
            const JpegComponent component{entry[0], entry[1] >> 4, entry[1] & 15, entry[2]};
            if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4)
                return invalid("its sampling factors are not 1 to 4");
            layout_.mostAcross = std::max(layout_.mostAcross, component.across);
            layout_.mostDown = std::max(layout_.mostDown, component.down);
            layout_.components.push_back(component);
        }
        return {};
    }

    Result<void> takeScan(const JpegSegment& segment, Bytes head) {
        if (layout_.components.empty()) return invalid("its picture data comes before its frame header");
        if (++scans_ > kMaxScans) return invalid("it has more than 100 scans");
        const std::size_t count = head.empty() ? 0 : head[0];
        if (head.size() != 4 + 2 * count || count < 1 || count > 4)
            return invalid("its scan header has the wrong length");
        if (scans_ == 1) {
            layout_.body.push_back({segment.begin, 0});
            layout_.quality = estimateQuality(bytes_, layout_.headers, layout_.components[0].quantTable);
            const bool isProgressive =
                std::ranges::any_of(layout_.headers, [](const JpegSegment& s) { return s.marker == marker::kSof2; });
            layout_.oneScan = !isProgressive && count == layout_.components.size();
            for (std::size_t i = 0; i < count && !isProgressive; ++i) {  // a progressive one never leaves tables out
                const unsigned used = head[2 + 2 * i];
                const HuffmanTable& dc = tables_[used >> 4U & 3U];
                const HuffmanTable& ac = tables_[4 + (used & 3U)];
                if (dc.counts.empty() || ac.counts.empty()) layout_.lacksHuffmanTables = true;
            }
        }
        skipToMarker([](std::uint8_t code) { return code != 0 && code != 0xFF && !isRestart(code); });
        return {};
    }

    /// To the next 0xFF before a code that `isWanted`, over entropy-coded data or what some webcams leave between
    /// segments.
    template <typename IsWanted>
    void skipToMarker(const IsWanted& isWanted) {
        while (position_ < bytes_.size()) {
            const void* found = std::memchr(bytes_.data() + position_, 0xFF, bytes_.size() - position_);
            if (found == nullptr) break;
            position_ = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes_.data());
            if (position_ + 1 >= bytes_.size()) break;
            const std::uint8_t code = bytes_[position_ + 1];
            if (isWanted(code)) return;
            position_ += code == 0xFF ? 1 : 2;
        }
        position_ = bytes_.size();
    }

    /// Every block takes at least one bit of Huffman code, so a tiny file cannot hold a huge picture. Decoders find
    /// that out only after they have taken the memory for it.
    Result<void> checkBlocks() const {
        const std::size_t bytes = layout_.body.front().end - layout_.body.front().begin;
        std::size_t blocks = 0;
        for (const JpegComponent& c : layout_.components) {
            const int across = (layout_.width * c.across + 8 * layout_.mostAcross - 1) / (8 * layout_.mostAcross);
            const int down = (layout_.height * c.down + 8 * layout_.mostDown - 1) / (8 * layout_.mostDown);
            blocks += static_cast<std::size_t>(across) * static_cast<std::size_t>(down);
        }
        if (bytes * 8 >= blocks) return {};
        return invalid(fmt::format("it is truncated: {} bytes of data cannot hold {}x{} pixels", bytes, layout_.width,
                                   layout_.height));
    }

    [[nodiscard]] std::size_t word(std::size_t at) const { return std::size_t{bytes_[at]} << 8 | bytes_[at + 1]; }

    Bytes bytes_;
    std::size_t position_ = 0;
    JpegLayout layout_;
    HuffmanTables tables_;
    int scans_ = 0;
};

}  // namespace

bool addHuffmanTables(Bytes segment, HuffmanTables& tables) {
    constexpr std::size_t kCounts = 16;
    while (segment.size() > kCounts) {
        const unsigned which = segment[0];
        const Bytes counts = segment.subspan(1, kCounts);
        const std::size_t symbols = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
        segment = segment.subspan(1 + kCounts);
        if ((which & 0xECU) != 0 || segment.size() < symbols) return false;
        tables[(which >> 4U) * 4 + (which & 3U)] = {counts, segment.first(symbols)};
        segment = segment.subspan(symbols);
    }
    return segment.empty();
}

Result<JpegLayout> parseJpeg(std::span<const std::uint8_t> jpeg) {
    return Parser(jpeg).parse();
}

}  // namespace edge
