// SPDX-License-Identifier: MIT
#include "image/jpeg/jpeg_quality.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "image/jpeg/jpeg_markers.hpp"

namespace edge {
namespace {

using QuantTable = std::array<int, 64>;

/// ITU-T T.81, table K.1, in zigzag order: quality 50.
constexpr QuantTable kStandardLuma = {16, 11, 12,  14,  12,  10, 16, 14,  13,  14,  18,  17,  16, 19,  24,  40,
                                      26, 24, 22,  22,  24,  49, 35, 37,  29,  40,  58,  51,  61, 60,  57,  51,
                                      56, 55, 64,  72,  92,  78, 64, 68,  87,  69,  55,  56,  80, 109, 81,  87,
                                      95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99};

int distance(const QuantTable& table, int quality) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    int sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
        sum += std::abs(table[i] - std::clamp((kStandardLuma[i] * scale + 50) / 100, 1, 255));
    }
    return sum;
}

/// Table `wanted` as the segment (which may hold several) defines it.
std::optional<QuantTable> tableIn(std::span<const std::uint8_t> segment, int wanted) {
    while (!segment.empty()) {
        const int id = segment[0] & 15;
        const std::size_t width = segment[0] >> 4 == 0 ? 1 : 2;
        segment = segment.subspan(1);
        if (segment.size() < 64 * width) return std::nullopt;
        if (id == wanted) {
            QuantTable table{};
            for (std::size_t i = 0; i < table.size(); ++i) {
                table[i] = width == 1 ? segment[i] : segment[2 * i] << 8 | segment[2 * i + 1];
            }
            return table;
        }
        segment = segment.subspan(64 * width);
    }
    return std::nullopt;
}

}  // namespace

int estimateQuality(std::span<const std::uint8_t> jpeg, const std::vector<JpegSegment>& headers, int table) {
    std::optional<QuantTable> found;
    for (const JpegSegment& segment : headers) {
        if (segment.marker != marker::kDqt) continue;
        auto here = tableIn(jpeg.subspan(segment.payload, segment.end - segment.payload), table);
        if (here) found = here;
    }
    if (!found) return 0;
    int best = 1;
    for (int quality = 2; quality <= 100; ++quality) {
        if (distance(*found, quality) <= distance(*found, best)) best = quality;
    }
    return best;
}

}  // namespace edge
