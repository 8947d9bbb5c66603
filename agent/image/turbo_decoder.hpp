// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/result.hpp"
#include "image/planar.hpp"

namespace edge {

/// TurboJPEG's decompressor. Give it only what parseJpeg() has accepted: the limits on size and memory are checked
/// there. Errors of all methods: kInvalid when the JPEG's data is damaged (also where a decoder could make up the
/// missing part), kInternal when there is no memory. One object a thread.
class TurboDecoder {
  public:
    TurboDecoder();

    /// How the rows come out of a JPEG: see JpegLayout::oneScan.
    enum class Rows { kAsRead, kAfterAllScans };

    /// To full-range planes in the JPEG's own subsampling; unusual colours or subsamplings (RGB, CMYK, 4:1:0 …) become
    /// 4:2:0.
    Result<PlanarView> decode(std::span<const std::uint8_t> jpeg, Rows rows, PlanarBuffer& target);

    /// Whether all of the scans can be decoded, at a fraction of the cost of decode(). 1 or 3 components.
    Result<void> verify(std::span<const std::uint8_t> jpeg, Rows rows);

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
    [[nodiscard]] Result<void> check(int result, Rows rows) const;
    Result<PlanarView> decodePlanes(std::span<const std::uint8_t> jpeg, Rows rows, PlanarBuffer& target);
    Result<PlanarView> decodeThroughRgb(std::span<const std::uint8_t> jpeg, Rows rows, const Header& header,
                                        PlanarBuffer& target);

    std::unique_ptr<void, CloseHandle> handle_;
    std::unique_ptr<std::uint8_t[]> small_;  ///< of verify()
    std::size_t smallBytes_ = 0;
};

}  // namespace edge
