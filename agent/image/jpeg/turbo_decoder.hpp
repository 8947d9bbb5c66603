// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/result.hpp"
#include "image/jpeg/jpeg_layout.hpp"
#include "image/pixels/planar.hpp"

namespace edge {

/// TurboJPEG's decompressor. `layout` is what parseJpeg() says of `jpeg`: the limits on size and memory are checked
/// there. Where the data holds stray bytes between the blocks of a picture that is whole, they are taken out of
/// layout.body. Errors of all methods: kFault when the JPEG's data is damaged (also where a decoder could make up the
/// missing part), kInternal when there is no memory. One object a thread.
class TurboDecoder {
  public:
    TurboDecoder();

    /// To full-range planes in the JPEG's own subsampling; unusual colours or subsamplings (RGB, CMYK, 4:1:0 …) become
    /// 4:2:0.
    Result<PlanarView> decode(std::span<const std::uint8_t> jpeg, JpegLayout& layout, PlanarBuffer& target);

    /// Whether all of the scans can be decoded, at a fraction of the cost of decode(). 1 or 3 components.
    Result<void> verify(std::span<const std::uint8_t> jpeg, JpegLayout& layout);

  private:
    struct CloseHandle {
        void operator()(void* handle) const;
    };
    struct Header {
        int width = 0;
        int height = 0;
        int subsampling = -1;
        int colourSpace = -1;
    };
    Result<Header> readHeader(std::span<const std::uint8_t> jpeg);
    [[nodiscard]] Result<void> check(int result) const;
    Result<PlanarView> decodeStrictly(std::span<const std::uint8_t> jpeg, PlanarBuffer& target);
    Result<PlanarView> decodePlanes(std::span<const std::uint8_t> jpeg, PlanarBuffer& target);
    Result<PlanarView> decodeThroughRgb(std::span<const std::uint8_t> jpeg, const Header& header, PlanarBuffer& target);
    Result<void> verifyStrictly(std::span<const std::uint8_t> jpeg);

    std::unique_ptr<void, CloseHandle> handle_;
    bool isOneScan_ = false;                 ///< of what is being decoded: see JpegLayout
    std::unique_ptr<std::uint8_t[]> small_;  ///< of verify()
    std::size_t smallBytes_ = 0;
};

}  // namespace edge
