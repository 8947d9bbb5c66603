// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/result.hpp"

namespace edge {

/// Below this a smaller picture looks better than a lower quality.
inline constexpr int kLowestQuality = 30;

using EncodeAt = std::function<Result<std::span<const std::uint8_t>>(int quality)>;

/// An encoded picture: what fits, or the smallest there is.
struct Fitted {
    std::span<const std::uint8_t> jpeg;  ///< as the encoder returned it
    int quality = 0;
    bool fits = false;
};

/// The best quality up to `quality` at which the JPEG has at most `maxBytes`, within some tries (of an encoder that
/// takes milliseconds), down to kLowestQuality; 0 = no limit.
Result<Fitted> fitQuality(const EncodeAt& encode, int quality, std::size_t maxBytes);

}  // namespace edge
