// SPDX-License-Identifier: MIT
#include "image/jpeg/fit.hpp"

#include <algorithm>
#include <cmath>

namespace edge {
namespace {

/// A guess that is off costs one encoding more.
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

Result<Fitted> fitQuality(const EncodeAt& encode, int quality, std::size_t maxBytes) {
    int tooHigh = quality + 1;
    int fitting = 0;  // none so far
    const int lowest = std::min(quality, kLowestQuality);
    int next = quality;
    Fitted last;
    for (int tries = 0; tries < kMaxTries; ++tries) {
        auto jpeg = encode(next);
        if (!jpeg) return tl::unexpected(jpeg.error());
        last = {*jpeg, next, maxBytes == 0 || jpeg->size() <= maxBytes};
        if (last.fits) {
            fitting = next;
            if (static_cast<double>(jpeg->size()) >= static_cast<double>(maxBytes) * kCloseEnough) return last;
        } else {
            tooHigh = next;
        }
        const int floor = fitting > 0 ? fitting + 1 : lowest;
        if (floor >= tooHigh) break;  // nothing is left in between
        next = std::clamp(guess(last.quality, jpeg->size(), maxBytes), floor, tooHigh - 1);
        if (tries >= 3) next = (floor + tooHigh - 1) / 2;
        if (tries == kMaxTries - 2 && fitting == 0) next = lowest;
    }
    if (last.fits || fitting == 0) return last;
    auto jpeg = encode(fitting);
    if (!jpeg) return tl::unexpected(jpeg.error());
    return Fitted{*jpeg, fitting, true};
}

}  // namespace edge
