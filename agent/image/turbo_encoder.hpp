// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/result.hpp"
#include "image/frame.hpp"
#include "image/planar.hpp"

namespace edge {

[[nodiscard]] bool isRgb(PixelFormat format);

/// TurboJPEG's compressor with an output buffer that is kept: a warm buffer is faster than a fresh one for each
/// picture. libjpeg's own API is not used, because its default error handler ends the process. One object a thread.
class TurboEncoder {
  public:
    TurboEncoder();

    /// Straight from the planes, no copy. Luma must be padded so that chroma covers it (any even size is).
    /// The result is valid until the next call of any method. Errors: kInternal.
    Result<std::span<const std::uint8_t>> encodePlanes(const PlanarView& planes, int quality);
    /// From an RGB frame, as 4:2:0.
    Result<std::span<const std::uint8_t>> encodeRgb(const FrameView& frame, int quality);
    /// An RGB frame as full-range 4:2:0 planes, by the same conversion.
    Result<PlanarView> rgbToPlanes(const FrameView& frame, PlanarBuffer& target);

  private:
    struct CloseHandle {
        void operator()(void* handle) const;
    };
    struct FreeBuffer {
        void operator()(std::uint8_t* buffer) const;
    };
    Result<void> reserve(int width, int height, int subsampling);
    Result<void> open();

    std::unique_ptr<void, CloseHandle> handle_;
    std::unique_ptr<std::uint8_t, FreeBuffer> buffer_;
    std::size_t capacity_ = 0;
};

}  // namespace edge
