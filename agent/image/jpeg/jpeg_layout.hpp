// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/result.hpp"

namespace edge {

/// JPEG's marker codes: the byte after 0xFF.
namespace marker {
inline constexpr std::uint8_t kSof0 = 0xC0;
inline constexpr std::uint8_t kSof2 = 0xC2;
inline constexpr std::uint8_t kDht = 0xC4;
inline constexpr std::uint8_t kRst0 = 0xD0;
inline constexpr std::uint8_t kRst7 = 0xD7;
inline constexpr std::uint8_t kSoi = 0xD8;
inline constexpr std::uint8_t kEoi = 0xD9;
inline constexpr std::uint8_t kSos = 0xDA;
inline constexpr std::uint8_t kDqt = 0xDB;
inline constexpr std::uint8_t kDri = 0xDD;
inline constexpr std::uint8_t kApp0 = 0xE0;
inline constexpr std::uint8_t kApp1 = 0xE1;
inline constexpr std::uint8_t kApp14 = 0xEE;  ///< Adobe: says which colours the components are
inline constexpr std::uint8_t kApp15 = 0xEF;
inline constexpr std::uint8_t kCom = 0xFE;
}  // namespace marker

/// One marker segment before the first scan: [begin, end) in the JPEG, fill bytes before it included.
struct JpegSegment {
    std::uint8_t marker = 0;  ///< the byte after 0xFF
    std::size_t begin = 0;
    std::size_t payload = 0;  ///< the first byte after the length
    std::size_t end = 0;
};

/// [begin, end) in the JPEG.
struct ByteRange {
    std::size_t begin = 0;
    std::size_t end = 0;
};

struct JpegComponent {
    std::uint8_t id = 0;
    int across = 1;  ///< sampling factor, 1 … 4
    int down = 1;    ///< sampling factor, 1 … 4
    int quantTable = 0;
};

/// Where things lie in a JPEG; nothing of its scans has been decoded.
struct JpegLayout {
    int width = 0;
    int height = 0;
    std::vector<JpegComponent> components;  ///< 1 or 3
    int mostAcross = 1;                     ///< the largest sampling factors
    int mostDown = 1;
    bool oneScan = false;              ///< baseline or extended, all components in one scan: rows come as they are read
    std::vector<JpegSegment> headers;  ///< all segments between SOI and the first SOS
    /// From the first SOS segment to EOI. What follows EOI (padding of a camera's buffer) is no part of the JPEG.
    std::vector<ByteRange> body;
    bool lacksHuffmanTables = false;  ///< as Motion JPEG may: the standard tables are meant
    int quality = 0;                  ///< 1 … 100: of the IJG table that is nearest to the luma quantisation table
};

/// One Huffman table (ITU-T T.81, annex C), in the JPEG.
struct HuffmanTable {
    std::span<const std::uint8_t> counts;  ///< of codes of 1 to 16 bits; empty: not defined
    std::span<const std::uint8_t> symbols;
};
using HuffmanTables = std::array<HuffmanTable, 8>;  ///< four for DC, four for AC

/// Adds the tables that the payload of a DHT segment defines. False: it is damaged.
bool addHuffmanTables(std::span<const std::uint8_t> segment, HuffmanTables& tables);

/// Takes a JPEG's markers apart. Allocates nothing that grows with what the file claims.
/// Stray bytes between header segments, and a second SOI at the beginning, are left out: many webcams write them.
/// Errors, all kFault: no JPEG, no EOI (truncated), not baseline, extended or progressive Huffman with 8 bits, larger
/// than kMaxImage…Side, more than 100 scans, or fewer bytes than its number of blocks needs (a bomb).
Result<JpegLayout> parseJpeg(std::span<const std::uint8_t> jpeg);

/// Follows the Huffman codes of a JPEG in one scan (JpegLayout::oneScan) from block to block, without decoding pixels,
/// and returns the layout's body without the bytes that belong to no block. Many webcams leave some before a restart
/// marker: the picture is complete, but TurboJPEG cannot tell that from damage. nullopt where a block or a restart
/// marker is missing, or a code is in no table. Everything else is left to TurboJPEG.
std::optional<std::vector<ByteRange>> followScan(std::span<const std::uint8_t> jpeg, const JpegLayout& layout);

/// ITU-T T.81, tables K.3 to K.6 as one DHT segment: what a Motion JPEG without tables means.
std::span<const std::uint8_t> standardHuffmanTables();

/// The same scans behind other headers: EXIF first, in place of any foreign APP1 and JFIF (each wants to be the first
/// segment), then the standard Huffman tables if they are missing; everything else byte for byte.
std::vector<std::uint8_t> rewriteJpeg(std::span<const std::uint8_t> jpeg, const JpegLayout& layout,
                                      std::span<const std::uint8_t> exifSegment);

/// For our own decoder: only what it needs to see (an unknown JFIF version is a warning, and a warning is an error).
std::vector<std::uint8_t> stripJpeg(std::span<const std::uint8_t> jpeg, const JpegLayout& layout);

}  // namespace edge
