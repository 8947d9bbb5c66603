// SPDX-License-Identifier: MIT
#include "image/pixels/planar.hpp"

namespace edge {

ChromaStep chromaStep(Chroma chroma) {
    switch (chroma) {
        case Chroma::k420:
            return {2, 2};
        case Chroma::k422:
            return {2, 1};
        case Chroma::k440:
            return {1, 2};
        case Chroma::k411:
            return {4, 1};
        case Chroma::kNone:
        case Chroma::k444:
            break;
    }
    return {1, 1};
}

int planeCount(Chroma chroma) {
    return chroma == Chroma::kNone ? 1 : 3;
}

int planeWidth(Chroma chroma, int index, int width) {
    const int step = index == 0 ? 1 : chromaStep(chroma).across;
    return (width + step - 1) / step;
}

int planeHeight(Chroma chroma, int index, int height) {
    const int step = index == 0 ? 1 : chromaStep(chroma).down;
    return (height + step - 1) / step;
}

void PlanarBuffer::shape(int width, int height, Chroma chroma) {
    width_ = width;
    height_ = height;
    chroma_ = chroma;
    const ChromaStep step = chromaStep(chroma);
    std::size_t total = 0;
    for (int i = 0; i < planeCount(chroma); ++i) {
        const int columns = planeWidth(chroma, 1, width) * (i == 0 ? step.across : 1);
        const int rows = planeHeight(chroma, 1, height) * (i == 0 ? step.down : 1);
        const auto index = static_cast<std::size_t>(i);
        strides_[index] = static_cast<std::size_t>(columns);
        sizes_[index] = strides_[index] * static_cast<std::size_t>(rows);
        total += sizes_[index];
    }
    if (total > capacity_) {
        storage_.reset();  // before the new one, so that both never exist at once
        storage_ = std::make_unique_for_overwrite<std::uint8_t[]>(total);
        capacity_ = total;
    }
    std::uint8_t* next = storage_.get();
    for (std::size_t i = 0; i < static_cast<std::size_t>(planeCount(chroma)); ++i) {
        planes_[i] = next;
        next += sizes_[i];
    }
}

PlanarView PlanarBuffer::view() const {
    PlanarView view{width_, height_, chroma_, {}};
    for (std::size_t i = 0; i < static_cast<std::size_t>(planeCount(chroma_)); ++i) {
        view.planes[i] = {planes_[i], sizes_[i], strides_[i]};
    }
    return view;
}

std::unique_ptr<std::uint8_t[]> PlanarBuffer::release() {
    capacity_ = 0;
    return std::move(storage_);
}

}  // namespace edge
