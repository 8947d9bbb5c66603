// SPDX-License-Identifier: MIT
#include "image/pixels/planar.hpp"

#include <algorithm>

namespace edge {
namespace {

using Table = std::array<std::uint8_t, 256>;

/// Video levels to JPEG levels: `span` steps around or above `zero` become 255.
constexpr Table expansion(int zero, int span, int result) {
    Table table{};
    for (int i = 0; i < 256; ++i) {
        const int scaled = (i - zero) * 255 * 2;
        const int rounded = (scaled + (scaled < 0 ? -span : span)) / (span * 2);
        table[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(std::clamp(rounded + result, 0, 255));
    }
    return table;
}
constexpr Table kLuma = expansion(16, 219, 0);
constexpr Table kChroma = expansion(128, 224, 128);

const std::uint8_t* rowOf(const Plane& plane, int row) {
    return plane.data + plane.strideBytes * static_cast<std::size_t>(row);
}

PlanarView splitChroma(const FrameView& frame, PlanarBuffer& scratch) {
    scratch.shape(frame.width, frame.height, Chroma::k420);
    const std::size_t first = frame.format == PixelFormat::kNv12 ? 1 : 2;
    const auto columns = static_cast<std::size_t>(planeWidth(Chroma::k420, 1, frame.width));
    for (int row = 0; row < planeHeight(Chroma::k420, 1, frame.height); ++row) {
        const std::uint8_t* in = rowOf(frame.planes[1], row);
        std::uint8_t* a = scratch.row(first, row);
        std::uint8_t* b = scratch.row(3 - first, row);
        for (std::size_t x = 0; x < columns; ++x) {
            a[x] = in[2 * x];
            b[x] = in[2 * x + 1];
        }
    }
    PlanarView view = scratch.view();
    view.planes[0] = frame.planes[0];
    return view;
}

PlanarView unpack(const FrameView& frame, PlanarBuffer& scratch) {
    scratch.shape(frame.width, frame.height, Chroma::k422);
    const std::size_t luma = frame.format == PixelFormat::kYuyv ? 0 : 1;
    const std::size_t chroma = 1 - luma;
    const auto pairs = static_cast<std::size_t>(planeWidth(Chroma::k422, 1, frame.width));
    for (int row = 0; row < frame.height; ++row) {
        const std::uint8_t* in = rowOf(frame.planes[0], row);
        std::uint8_t* y = scratch.row(0, row);
        std::uint8_t* u = scratch.row(1, row);
        std::uint8_t* v = scratch.row(2, row);
        for (std::size_t x = 0; x < pairs; ++x) {
            y[2 * x] = in[4 * x + luma];
            y[2 * x + 1] = in[4 * x + luma + 2];
            u[x] = in[4 * x + chroma];
            v[x] = in[4 * x + chroma + 2];
        }
    }
    return scratch.view();
}

PlanarView gather(const FrameView& frame, PlanarBuffer& scratch) {
    switch (frame.format) {
        case PixelFormat::kNv12:
        case PixelFormat::kNv21:
            return splitChroma(frame, scratch);
        case PixelFormat::kYuyv:
        case PixelFormat::kUyvy:
            return unpack(frame, scratch);
        default:
            return {frame.width, frame.height, frame.format == PixelFormat::kGrey8 ? Chroma::kNone : Chroma::k420,
                    frame.planes};
    }
}

/// In place where `view` already is `scratch`.
PlanarView expandRange(const PlanarView& view, PlanarBuffer& scratch) {
    scratch.shape(view.width, view.height, view.chroma);
    for (std::size_t i = 0; i < planeCount(view.chroma); ++i) {
        const Table& table = i == 0 ? kLuma : kChroma;
        const int columns = planeWidth(view.chroma, i, view.width);
        for (int row = 0; row < planeHeight(view.chroma, i, view.height); ++row) {
            const std::uint8_t* in = rowOf(view.planes[i], row);
            std::transform(in, in + columns, scratch.row(i, row), [&table](std::uint8_t v) { return table[v]; });
        }
    }
    return scratch.view();
}

}  // namespace

ChromaStep chromaStep(Chroma chroma) {
    constexpr std::array<ChromaStep, 6> kSteps{{{1, 1}, {2, 1}, {2, 2}, {1, 1}, {1, 2}, {4, 1}}};  // in Chroma's order
    return kSteps.at(static_cast<std::size_t>(chroma));
}

std::size_t planeCount(Chroma chroma) {
    return chroma == Chroma::kNone ? 1 : 3;
}

int planeWidth(Chroma chroma, std::size_t plane, int width) {
    const int step = plane == 0 ? 1 : chromaStep(chroma).across;
    return (width + step - 1) / step;
}

int planeHeight(Chroma chroma, std::size_t plane, int height) {
    const int step = plane == 0 ? 1 : chromaStep(chroma).down;
    return (height + step - 1) / step;
}

void PlanarBuffer::shape(int width, int height, Chroma chroma) {
    const ChromaStep step = chromaStep(chroma);
    const auto columns = static_cast<std::size_t>(planeWidth(chroma, 1, width));
    const auto rows = static_cast<std::size_t>(planeHeight(chroma, 1, height));
    const std::size_t chromaBytes = columns * rows;
    const std::size_t stride = columns * static_cast<std::size_t>(step.across);
    const std::size_t lumaBytes = stride * rows * static_cast<std::size_t>(step.down);
    const std::size_t total = lumaBytes + (planeCount(chroma) - 1) * chromaBytes;
    if (total > capacity_) {
        storage_.reset();  // before the new one, so that both never exist at once
        storage_ = std::make_unique_for_overwrite<std::uint8_t[]>(total);
        capacity_ = total;
    }
    view_ = {width, height, chroma, {}};
    std::uint8_t* next = storage_.get();
    for (std::size_t i = 0; i < planeCount(chroma); ++i) {
        planes_[i] = next;
        view_.planes[i] = {next, i == 0 ? lumaBytes : chromaBytes, i == 0 ? stride : columns};
        next += view_.planes[i].bytes;
    }
}

PlanarView toPlanar(const FrameView& frame, PlanarBuffer& scratch) {
    const PlanarView view = gather(frame, scratch);
    return frame.range == ColorRange::kLimited ? expandRange(view, scratch) : view;
}

}  // namespace edge
