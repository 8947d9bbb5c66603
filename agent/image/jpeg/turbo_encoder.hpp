// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/result.hpp"
#include "image/frame.hpp"
#include "image/jpeg/jpeg_memory.hpp"
#include "image/pixels/planar.hpp"

namespace edge {

[[nodiscard]] bool isRgb(PixelFormat format);

/// TurboJPEG's compressor. libjpeg's own API is not used, because its default error handler ends the process. One
/// object a thread.
class TurboEncoder {
  public:
    TurboEncoder();

    /// Straight from the planes, no copy. Luma must be padded so that chroma covers it (any even size is).
    /// Before the result `headroom` bytes are free; it is valid until the next call of an encode method. Errors:
    /// kInternal.
    Result<std::span<const std::uint8_t>> encodePlanes(const PlanarView& planes, int quality, std::size_t headroom);
    /// From an RGB frame, as 4:2:0.
    Result<std::span<const std::uint8_t>> encodeRgb(const FrameView& frame, int quality, std::size_t headroom);
    /// The last result, for as long as one of its memory's owners wants.
    struct Taken {
        std::shared_ptr<std::uint8_t> memory;
        std::span<std::uint8_t> jpeg;
    };
    Taken take();
    /// An RGB frame as full-range 4:2:0 planes, by the same conversion.
    Result<PlanarView> rgbToPlanes(const FrameView& frame, PlanarBuffer& target);

  private:
    struct CloseHandle {
        void operator()(void* handle) const;
    };
    /// The whole room there is for the result is in last_.jpeg after this.
    Result<void> reserve(int width, int height, int subsampling, std::size_t headroom);
    Result<void> open();

    std::unique_ptr<void, CloseHandle> handle_;
    JpegMemory memory_;
    Taken last_;
};

}  // namespace edge
