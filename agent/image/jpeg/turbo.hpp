// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/result.hpp"
#include "image/frame.hpp"
#include "image/jpeg/jpeg_layout.hpp"
#include "image/pixels/planar.hpp"

// TurboJPEG. libjpeg's own API is not used, because its default error handler ends the process.
namespace edge {

struct CloseTurbo {
    void operator()(void* handle) const;
};
using TurboHandle = std::unique_ptr<void, CloseTurbo>;

struct EncodedJpeg {
    std::shared_ptr<std::uint8_t> memory;
    std::span<std::uint8_t> bytes;  ///< in `memory`
};

/// The compressor. `headroom` is how many bytes are left free before the result. Errors: kInternal. One object a
/// thread.
class TurboEncoder {
  public:
    TurboEncoder();

    /// Straight from the planes, no copy. Luma must be padded so that chroma covers it (any even size is).
    Result<EncodedJpeg> encode(const PlanarView& planes, int quality, std::size_t headroom);
    /// An RGB frame as full-range 4:2:0 planes.
    Result<PlanarView> rgbToPlanes(const FrameView& frame, PlanarBuffer& target);

  private:
    TurboHandle handle_;
};

/// The decompressor. `layout` is what parseJpeg() says of `jpeg`: the limits on size and memory are checked there.
/// Stray bytes between the blocks of a picture that is complete are taken out of layout.body. Errors of all methods:
/// kFault when the JPEG's data is damaged (also where a decoder could make up the missing part), kInternal when there
/// is no memory. One object a thread.
class TurboDecoder {
  public:
    /// To full-range planes in the JPEG's own subsampling; unusual colours or subsamplings (RGB, 4:1:0 …) become
    /// 4:2:0.
    Result<PlanarView> decode(std::span<const std::uint8_t> jpeg, JpegLayout& layout, PlanarBuffer& target);

    /// Checks that all of the scans can be decoded, at a fraction of the cost of decode(). 1 or 3 components.
    Result<void> verify(std::span<const std::uint8_t> jpeg, JpegLayout& layout);

  private:
    struct Header {
        int width = 0;
        int height = 0;
        int subsampling = -1;
        int colourSpace = -1;
    };
    template <typename Decode>
    auto tolerantly(std::span<const std::uint8_t> jpeg, JpegLayout& layout, const Decode& decode);
    Result<Header> readHeader(std::span<const std::uint8_t> jpeg);
    [[nodiscard]] Result<void> check(int result) const;
    Result<PlanarView> decodePlanes(std::span<const std::uint8_t> jpeg, PlanarBuffer& target);
    Result<PlanarView> decodeThroughRgb(std::span<const std::uint8_t> jpeg, const Header& header, PlanarBuffer& target);

    TurboHandle handle_;               ///< of the picture that is being decoded
    bool isOneScan_ = false;           ///< of what is being decoded: see JpegLayout
    std::vector<std::uint8_t> small_;  ///< of verify()
};

}  // namespace edge
