// SPDX-License-Identifier: MIT
#include <algorithm>

#include "image/jpeg/jpeg_layout.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr int kCoefficients = 64;

/// Behind the 0xFF at `at`, and those that follow it: at the code.
std::size_t afterFill(Bytes jpeg, std::size_t at) {
    while (at < jpeg.size() && jpeg[at] == 0xFF) ++at;
    return at;
}

/// The bits of entropy-coded data up to the next marker, without stuffed zeros.
class BitReader {
  public:
    BitReader(Bytes jpeg, std::size_t begin) : jpeg_(jpeg), position_(begin) {}

    /// 0 or 1; -1 at the end.
    int next() {
        if (left_ == 0 && !load()) return -1;
        --left_;
        return byte_ >> left_ & 1;
    }

    /// Behind the last byte of which a bit was read.
    [[nodiscard]] std::size_t position() const { return position_; }

    /// Of the next marker, with its fill bytes; the JPEG's size where there is none.
    [[nodiscard]] std::size_t nextMarker() const {
        BitReader rest = *this;
        while (rest.load()) {
        }
        return rest.position_;
    }

  private:
    bool load() {
        if (position_ >= jpeg_.size()) return false;
        byte_ = jpeg_[position_];
        const std::size_t code = afterFill(jpeg_, position_);
        if (byte_ == 0xFF && (code >= jpeg_.size() || jpeg_[code] != 0)) return false;
        position_ = code + 1;
        left_ = 8;
        return true;
    }

    Bytes jpeg_;
    std::size_t position_;
    int byte_ = 0;
    int left_ = 0;
};

/// The next symbol; -1 for a code that is not in the table, and at the end of the data.
int decode(const HuffmanTable& table, BitReader& bits) {
    std::size_t code = 0;
    std::size_t first = 0;  // code of this length
    std::size_t index = 0;  // of its symbol
    for (const std::uint8_t count : table.counts) {
        const int bit = bits.next();
        if (bit < 0) return -1;
        code = code << 1U | static_cast<std::size_t>(bit);
        if (code - first < count) return table.symbols[index + code - first];
        index += count;
        first = (first + count) << 1U;
    }
    return -1;
}

bool skip(BitReader& bits, int count) {
    for (; count > 0; --count) {
        if (bits.next() < 0) return false;
    }
    return true;
}

/// False: a code that is in no table, or the data has ended.
bool skipBlock(BitReader& bits, const HuffmanTable& dc, const HuffmanTable& ac) {
    const int size = decode(dc, bits);
    if (size < 0 || !skip(bits, size)) return false;
    for (int k = 1; k < kCoefficients;) {
        const int symbol = decode(ac, bits);
        if (symbol < 0 || !skip(bits, symbol & 15)) return false;
        const int zeros = symbol >> 4;
        if ((symbol & 15) == 0 && zeros != 15) return true;  // end of block
        k += zeros + 1;
        if (k > kCoefficients) return false;
    }
    return true;
}

class ScanFollower {
  public:
    ScanFollower(Bytes jpeg, const JpegLayout& layout) : jpeg_(jpeg), layout_(layout) {}

    std::optional<std::vector<ByteRange>> follow() {
        if (layout_.lacksHuffmanTables) addHuffmanTables(standardHuffmanTables().subspan(4), tables_);
        for (const JpegSegment& segment : layout_.headers) {
            const Bytes payload = jpeg_.subspan(segment.payload, segment.end - segment.payload);
            if (segment.marker == marker::kDht && !addHuffmanTables(payload, tables_)) return std::nullopt;
            if (segment.marker == marker::kDri && payload.size() == 2)
                interval_ = std::size_t{payload[0]} << 8U | payload[1];
        }
        // parseJpeg() has checked the length of the scan's header.
        const std::size_t scan = layout_.body.front().begin;
        const std::size_t head = afterFill(jpeg_, scan) + 3;
        const std::size_t data = head + 4 + 2 * layout_.components.size();
        keep(scan, data);
        if (!planUnit(jpeg_.subspan(head)) || !followIntervals(data)) return std::nullopt;
        keep(layout_.body.back().end - 2, layout_.body.back().end);  // EOI
        return std::move(kept_);
    }

  private:
    /// What one unit (MCU) consists of, and how many there are. `scan` is the payload of the scan's header.
    bool planUnit(Bytes scan) {
        const bool isSingle =
            layout_.components.size() == 1;  // comes block by block, whatever its sampling factors are
        for (std::size_t i = 0; i < layout_.components.size(); ++i) {
            const JpegComponent& component = layout_.components[i];
            const unsigned tables = scan[2 + 2 * i];
            if (component.id != scan[1 + 2 * i] || (tables & 0xCCU) != 0) return false;
            const int blocks = isSingle ? 1 : component.across * component.down;
            unit_.insert(unit_.end(), static_cast<std::size_t>(blocks),
                         {&tables_[tables >> 4U], &tables_[4 + (tables & 3U)]});
        }
        const auto units = [](int pixels, int blocks) {
            return static_cast<std::size_t>((pixels + 8 * blocks - 1) / (8 * blocks));
        };
        units_ = units(layout_.width, isSingle ? 1 : layout_.mostAcross) *
                 units(layout_.height, isSingle ? 1 : layout_.mostDown);
        return true;
    }

    bool followIntervals(std::size_t at) {
        std::size_t left = units_;
        for (unsigned index = 0;; ++index) {
            BitReader bits(jpeg_, at);
            const std::size_t count = interval_ == 0 ? left : std::min(interval_, left);
            for (std::size_t i = 0; i < count; ++i) {
                for (const auto& [dc, ac] : unit_) {
                    if (!skipBlock(bits, *dc, *ac)) return false;
                }
            }
            keep(at, bits.position());
            left -= count;
            if (left == 0) return true;
            const std::size_t restart = bits.nextMarker();
            const std::size_t code = afterFill(jpeg_, restart);
            if (code >= jpeg_.size() || jpeg_[code] != marker::kRst0 + index % 8) return false;
            at = code + 1;
            keep(restart, at);
        }
    }

    void keep(std::size_t begin, std::size_t end) {
        if (!kept_.empty() && kept_.back().end == begin) {
            kept_.back().end = end;
        } else {
            kept_.push_back({begin, end});
        }
    }

    struct BlockTables {
        const HuffmanTable* dc = nullptr;
        const HuffmanTable* ac = nullptr;
    };

    Bytes jpeg_;
    const JpegLayout& layout_;
    HuffmanTables tables_;
    std::vector<BlockTables> unit_;  ///< of its blocks
    std::size_t units_ = 0;
    std::size_t interval_ = 0;  ///< units between restart markers; 0 = there are none
    std::vector<ByteRange> kept_;
};

}  // namespace

std::optional<std::vector<ByteRange>> followScan(Bytes jpeg, const JpegLayout& layout) {
    return ScanFollower(jpeg, layout).follow();
}

}  // namespace edge
