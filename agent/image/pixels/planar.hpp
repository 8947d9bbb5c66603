// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "image/frame.hpp"

namespace edge {

/// How much smaller the chroma planes are than the luma plane.
enum class Chroma { kNone, k420, k422, k444, k440, k411 };

/// Luma samples per chroma sample, across and down. kNone: 1, 1.
struct ChromaStep {
    int across = 1;
    int down = 1;
};
[[nodiscard]] ChromaStep chromaStep(Chroma chroma);
/// 1 for kNone, else 3.
[[nodiscard]] int planeCount(Chroma chroma);
/// Columns and rows of plane `index` (0 = luma) of a picture `width` x `height`; chroma rounds up.
[[nodiscard]] int planeWidth(Chroma chroma, int index, int width);
[[nodiscard]] int planeHeight(Chroma chroma, int index, int height);

/// Full-range planes that somebody else owns.
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

    [[nodiscard]] std::uint8_t* data(int index) { return planes_[static_cast<std::size_t>(index)]; }
    [[nodiscard]] std::size_t strideBytes(int index) const { return strides_[static_cast<std::size_t>(index)]; }
    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    [[nodiscard]] Chroma chroma() const { return chroma_; }
    /// Valid until the next shape() or release().
    [[nodiscard]] PlanarView view() const;
    /// Gives the memory away; views of it stay valid for as long as the new owner keeps it.
    [[nodiscard]] std::unique_ptr<std::uint8_t[]> release();

  private:
    int width_ = 0;
    int height_ = 0;
    Chroma chroma_ = Chroma::k420;
    std::size_t capacity_ = 0;
    std::unique_ptr<std::uint8_t[]> storage_;
    std::array<std::uint8_t*, 3> planes_{};
    std::array<std::size_t, 3> strides_{};
    std::array<std::size_t, 3> sizes_{};
};

}  // namespace edge
