// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "image/frame.hpp"

namespace edge {

/// How much smaller the chroma planes are than the luma plane. In the order of TurboJPEG's TJSAMP_… numbers.
enum class Chroma { k444, k422, k420, kNone, k440, k411 };

/// Luma samples per chroma sample, across and down. kNone: 1, 1.
struct ChromaStep {
    int across = 1;
    int down = 1;
};
[[nodiscard]] ChromaStep chromaStep(Chroma chroma);
/// 1 for kNone, else 3.
[[nodiscard]] std::size_t planeCount(Chroma chroma);
/// Columns and rows of a plane (0 = luma) of a picture `width` x `height`; chroma rounds up.
[[nodiscard]] int planeWidth(Chroma chroma, std::size_t plane, int width);
[[nodiscard]] int planeHeight(Chroma chroma, std::size_t plane, int height);

/// Full-range planes that belong to another owner.
struct PlanarView {
    int width = 0;
    int height = 0;
    Chroma chroma = Chroma::k420;
    std::array<Plane, 3> planes;
};

/// Planes of its own. Memory grows to the largest picture seen and is kept; contents are undefined after shape().
class PlanarBuffer {
  public:
    /// Sets the size. Luma is padded so that chroma covers it entirely, as TurboJPEG wants it.
    void shape(int width, int height, Chroma chroma);

    /// Valid until the next shape().
    [[nodiscard]] const PlanarView& view() const { return view_; }
    [[nodiscard]] std::uint8_t* row(std::size_t plane, int row) {
        return planes_[plane] + view_.planes[plane].strideBytes * static_cast<std::size_t>(row);
    }

  private:
    std::size_t capacity_ = 0;
    std::unique_ptr<std::uint8_t[]> storage_;
    PlanarView view_;
    std::array<std::uint8_t*, 3> planes_{};  ///< those of view_, to be written
};

/// A frame of any YUV or grey format as full-range planes. Planes that need no change stay the caller's own memory; the
/// others (interleaved chroma, packed 4:2:2, limited range) are written to `scratch`. `frame` has passed checkFrame()
/// and is neither RGB nor MJPEG.
PlanarView toPlanar(const FrameView& frame, PlanarBuffer& scratch);

}  // namespace edge
