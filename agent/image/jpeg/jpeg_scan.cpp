// SPDX-License-Identifier: MIT
#include "image/jpeg/jpeg_scan.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "image/jpeg/jpeg_markers.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr int kMaxCodeBits = 16;
constexpr int kFastBits = 9;
constexpr std::size_t kMaxBlocksInMcu = 10;  ///< ITU-T T.81, B.2.3
constexpr int kCoefficients = 64;

tl::unexpected<Error> damaged(std::string_view what) {
    return fail(Errc::kFault, fmt::format("the JPEG is damaged: {}", what));
}

/// One Huffman table, to look codes up (ITU-T T.81, annex F.2.2.3).
struct HuffmanTable {
    /// `counts`: of codes of 1 to 16 bits, then their symbols. False: more codes than there can be of a length.
    bool define(Bytes counts, Bytes values) {
        symbols.assign(values.begin(), values.end());
        fast.fill({});
        std::uint32_t code = 0;
        std::size_t symbol = 0;
        for (int bits = 1; bits <= kMaxCodeBits; ++bits, code <<= 1U) {
            const auto length = static_cast<std::size_t>(bits);
            const std::size_t count = counts[length - 1];
            firstCode[length] = code;
            firstSymbol[length] = symbol;
            if (count > 0 && code + count >= (std::uint32_t{1} << length)) return false;
            for (std::size_t i = 0; bits <= kFastBits && i < count; ++i) {
                const std::uint32_t shift = static_cast<std::uint32_t>(kFastBits - bits);
                const auto begin = fast.begin() + static_cast<std::ptrdiff_t>((code + i) << shift);
                std::fill_n(begin, std::size_t{1} << shift, Entry{static_cast<std::uint8_t>(bits), values[symbol + i]});
            }
            code += static_cast<std::uint32_t>(count);
            symbol += count;
            endCode[length] = code;
        }
        return true;
    }

    struct Entry {
        std::uint8_t bits = 0;  ///< 0: no such code
        std::uint8_t symbol = 0;
    };
    /// `next`: the 16 bits that come.
    [[nodiscard]] Entry find(std::uint32_t next) const {
        if (const Entry entry = fast[next >> (kMaxCodeBits - kFastBits)]; entry.bits != 0) return entry;
        for (std::size_t bits = kFastBits + 1; bits <= kMaxCodeBits; ++bits) {
            const std::uint32_t code = next >> (kMaxCodeBits - bits);
            if (code >= firstCode[bits] && code < endCode[bits])
                return {static_cast<std::uint8_t>(bits), symbols[firstSymbol[bits] + code - firstCode[bits]]};
        }
        return {};
    }

    std::vector<std::uint8_t> symbols;
    std::array<Entry, std::size_t{1} << kFastBits> fast{};
    std::array<std::uint32_t, kMaxCodeBits + 1> firstCode{};
    std::array<std::uint32_t, kMaxCodeBits + 1> endCode{};
    std::array<std::size_t, kMaxCodeBits + 1> firstSymbol{};
};

/// The entropy-coded data between two markers, without stuffed zeros.
class Interval {
  public:
    /// Reads from `begin` to the next marker.
    void load(Bytes jpeg, std::size_t begin) {
        bytes_.clear();
        begin_ = end_ = begin;
        bit_ = 0;
        while (end_ < jpeg.size()) {
            const auto* from = jpeg.data() + end_;
            const auto* found = static_cast<const std::uint8_t*>(std::memchr(from, 0xFF, jpeg.size() - end_));
            const std::size_t plain = found == nullptr ? jpeg.size() - end_ : static_cast<std::size_t>(found - from);
            bytes_.insert(bytes_.end(), from, from + plain);
            end_ += plain;
            const std::size_t after = afterFill(jpeg, end_);
            if (after >= jpeg.size() || jpeg[after] != 0) break;
            bytes_.push_back(0xFF);
            end_ = after + 1;
        }
        size_ = bytes_.size();
        bytes_.insert(bytes_.end(), kPadding, 0);
    }

    /// False: no such code, or the data has ended.
    bool skipBlock(const HuffmanTable& dc, const HuffmanTable& ac) {
        const auto difference = dc.find(peek());
        if (difference.bits == 0 || difference.symbol >= kMaxCodeBits ||
            !skip(static_cast<unsigned>(difference.bits + difference.symbol)))
            return false;
        for (int k = 1; k < kCoefficients;) {
            const auto entry = ac.find(peek());
            const int zeros = entry.symbol >> 4;
            const int bits = entry.symbol & 15;
            if (entry.bits == 0 || !skip(static_cast<unsigned>(entry.bits + bits))) return false;
            if (bits == 0 && zeros != 15) return true;  // end of block
            k += zeros + 1;
            if (k > kCoefficients) return false;
        }
        return true;
    }

    [[nodiscard]] std::size_t begin() const { return begin_; }
    /// Of the marker behind it, fill bytes included; the JPEG's size where there is none.
    [[nodiscard]] std::size_t end() const { return end_; }
    /// Behind the last byte of which a bit was read.
    [[nodiscard]] std::size_t usedEnd(Bytes jpeg) const {
        const std::size_t used = (bit_ + 7) / 8;
        if (used == size_) return end_;
        std::size_t at = begin_;
        for (std::size_t i = 0; i < used; ++i) at = jpeg[at] == 0xFF ? afterFill(jpeg, at) + 1 : at + 1;
        return at;
    }

    /// Behind the 0xFF at `at`, and those that follow it.
    static std::size_t afterFill(Bytes jpeg, std::size_t at) {
        while (at < jpeg.size() && jpeg[at] == 0xFF) ++at;
        return at;
    }

  private:
    static constexpr std::size_t kPadding = 4;  ///< peek() reads that much behind the end

    [[nodiscard]] std::uint32_t peek() const {
        const std::uint8_t* at = bytes_.data() + bit_ / 8;
        const std::uint32_t three = std::uint32_t{at[0]} << 16U | std::uint32_t{at[1]} << 8U | at[2];
        return (three >> (8 - bit_ % 8)) & 0xFFFFU;
    }
    bool skip(unsigned bits) {
        bit_ += bits;
        return bit_ <= size_ * 8;
    }

    std::vector<std::uint8_t> bytes_;
    std::size_t size_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t bit_ = 0;
};

class Follower {
  public:
    Follower(Bytes jpeg, const JpegLayout& layout) : jpeg_(jpeg), layout_(layout) {}

    Result<std::vector<ByteRange>> follow() {
        if (layout_.lacksHuffmanTables) defineTables(standardHuffmanTables().subspan(4));
        for (const JpegSegment& segment : layout_.headers) {
            const Bytes payload = jpeg_.subspan(segment.payload, segment.end - segment.payload);
            if (segment.marker == marker::kDht && !defineTables(payload)) return damaged("a wrong Huffman table");
            if (segment.marker == marker::kDri) {
                if (payload.size() != 2) return damaged("a wrong restart interval");
                restartInterval_ = word(payload, 0);
            }
            if (marker::isFrame(segment.marker)) frame_ = payload;
        }
        const std::size_t scan = layout_.body.front().begin;
        const std::size_t header = Interval::afterFill(jpeg_, scan) + 1;
        const std::size_t length = word(jpeg_, header);
        if (auto planned = planMcu(jpeg_.subspan(header + 2, length - 2)); !planned)
            return tl::unexpected(planned.error());
        keep(scan, header + length);
        if (auto done = followIntervals(header + length); !done) return tl::unexpected(done.error());
        keep(layout_.body.back().end - 2, layout_.body.back().end);  // EOI
        return std::move(kept_);
    }

  private:
    static std::size_t word(Bytes bytes, std::size_t at) { return std::size_t{bytes[at]} << 8U | bytes[at + 1]; }

    bool defineTables(Bytes payload) {
        constexpr std::size_t kCounts = 1 + kMaxCodeBits;
        while (payload.size() >= kCounts) {
            const Bytes counts = payload.subspan(1, kMaxCodeBits);
            std::size_t symbols = 0;
            for (const std::uint8_t count : counts) symbols += count;
            const unsigned which = payload[0];
            if ((which & 0xECU) != 0 || payload.size() < kCounts + symbols) return false;
            HuffmanTable& table = tables_[(which >> 4U) * 4 + (which & 3U)];
            if (!table.define(counts, payload.subspan(kCounts, symbols))) return false;
            payload = payload.subspan(kCounts + symbols);
        }
        return payload.empty();
    }

    /// What one MCU consists of, and how many there are. `scan` is the header's payload; parseJpeg() has checked the
    /// length of both headers.
    Result<void> planMcu(Bytes scan) {
        const std::size_t count = scan[0];
        int mostAcross = 1;
        int mostDown = 1;
        for (std::size_t i = 0; i < count; ++i) {
            const unsigned tables = scan[2 + 2 * i];
            const Bytes component = frame_.subspan(6 + 3 * i, 3);
            if (component[0] != scan[1 + 2 * i] || (tables & 0xCCU) != 0) return damaged("a wrong scan header");
            const int across = component[1] >> 4;
            const int down = component[1] & 15;
            mostAcross = std::max(mostAcross, across);
            mostDown = std::max(mostDown, down);
            // A component of its own comes block by block, whatever its sampling factors are.
            const int blocks = count == 1 ? 1 : across * down;
            mcu_.insert(mcu_.end(), static_cast<std::size_t>(blocks), {tables >> 4U, 4 + (tables & 3U)});
        }
        if (mcu_.size() > kMaxBlocksInMcu) return damaged("too many blocks in a unit");
        if (count == 1) mostAcross = mostDown = 1;
        const auto units = [](int pixels, int blocks) {
            return static_cast<std::size_t>((pixels + 8 * blocks - 1) / (8 * blocks));
        };
        mcus_ = units(layout_.width, mostAcross) * units(layout_.height, mostDown);
        return {};
    }

    Result<void> followIntervals(std::size_t at) {
        const std::size_t length = restartInterval_ == 0 ? mcus_ : restartInterval_;
        std::size_t left = mcus_;
        for (unsigned index = 0;; ++index) {
            interval_.load(jpeg_, at);
            const std::size_t count = std::min(length, left);
            for (std::size_t i = 0; i < count; ++i) {
                for (const auto& [dc, ac] : mcu_) {
                    if (!interval_.skipBlock(tables_[dc], tables_[ac]))
                        return damaged(fmt::format("its data ends or is wrong before byte {}", interval_.end()));
                }
            }
            keep(at, interval_.usedEnd(jpeg_));
            left -= count;
            if (left == 0) return {};
            const std::size_t code = Interval::afterFill(jpeg_, interval_.end());
            if (code >= jpeg_.size() || jpeg_[code] != marker::kRst0 + index % 8)
                return damaged(fmt::format("restart marker {} is missing at byte {}", index % 8, interval_.end()));
            keep(interval_.end(), code + 1);
            at = code + 1;
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
        unsigned dc = 0;
        unsigned ac = 0;
    };

    Bytes jpeg_;
    const JpegLayout& layout_;
    Bytes frame_;
    std::array<HuffmanTable, 8> tables_;  ///< four for DC, four for AC
    std::vector<BlockTables> mcu_;        ///< of its blocks
    std::size_t mcus_ = 0;
    std::size_t restartInterval_ = 0;
    Interval interval_;
    std::vector<ByteRange> kept_;
};

}  // namespace

Result<std::vector<ByteRange>> followScan(Bytes jpeg, const JpegLayout& layout) {
    return Follower(jpeg, layout).follow();
}

}  // namespace edge
