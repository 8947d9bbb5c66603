// SPDX-License-Identifier: MIT
#include "image/jpeg/quality.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

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

/// One more encoding costs milliseconds.
constexpr int kMaxTries = 7;
/// Good enough: the next step would gain less than it costs.
constexpr double kCloseEnough = 0.92;

/// The factor by which the IJG's quality scales its quantisation tables, and back.
double scaleOf(int quality) {
    return quality < 50 ? 5000.0 / quality : std::max(1.0, 200.0 - 2.0 * quality);
}
int qualityOf(double scale) {
    return static_cast<int>(scale > 100 ? 5000 / scale : (200 - scale) / 2);
}

/// A JPEG's size goes roughly with the -0.7th power of that factor.
int guess(int quality, std::size_t bytes, std::size_t wanted) {
    const double ratio = static_cast<double>(bytes) / (static_cast<double>(wanted) * 0.97);
    return qualityOf(scaleOf(quality) * std::pow(ratio, 1 / 0.7));
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

Result<FittedJpeg> fitQuality(const EncodeAt& encode, int quality, std::size_t maxBytes) {
    int tooHigh = quality + 1;
    int fitting = 0;  // none so far
    const int lowest = std::min(quality, kLowestQuality);
    int next = quality;
    FittedJpeg last;
    for (int tries = 0; tries < kMaxTries; ++tries) {
        last.jpeg = {};  // before the next, which then uses the same memory
        last.jpeg = TRY(encode(next));
        last.quality = next;
        const std::size_t bytes = last.jpeg.bytes.size();
        last.fits = bytes <= maxBytes;
        if (last.fits) {
            fitting = next;
            if (static_cast<double>(bytes) >= static_cast<double>(maxBytes) * kCloseEnough) return last;
        } else {
            tooHigh = next;
        }
        const int floor = fitting > 0 ? fitting + 1 : lowest;
        if (floor >= tooHigh) break;  // there is none in between
        next = std::clamp(guess(last.quality, bytes, maxBytes), floor, tooHigh - 1);
        if (tries >= 3) next = (floor + tooHigh - 1) / 2;
        if (tries == kMaxTries - 2 && fitting == 0) next = lowest;
    }
    if (last.fits || fitting == 0) return last;
    last.jpeg = {};
    last.jpeg = TRY(encode(fitting));
    return FittedJpeg{std::move(last.jpeg), fitting, true};
}

}  // namespace edge
