// SPDX-License-Identifier: MIT
#include "camera/backends/pattern_camera.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string>

#include <fmt/core.h>

#include "camera/backends/glyphs.hpp"
#include "core/format.hpp"

namespace edge {
namespace {

struct Yuv {
    std::uint8_t y;
    std::uint8_t u;
    std::uint8_t v;
};
/// White, yellow, cyan, green, magenta, red, blue, black: full range, BT.601.
constexpr std::array<Yuv, 8> kBars{{{255, 128, 128},
                                    {226, 1, 149},
                                    {179, 171, 1},
                                    {150, 44, 21},
                                    {105, 212, 235},
                                    {76, 85, 255},
                                    {29, 255, 107},
                                    {0, 128, 128}}};
constexpr std::uint8_t kInk = 255;
constexpr std::uint8_t kPaper = 16;
constexpr std::uint8_t kNeutral = 128;

/// One YUV420 picture in one block of memory.
struct Canvas {
    Canvas(std::vector<std::uint8_t>& block, int w, int h)
        : width(static_cast<std::size_t>(w)),
          height(static_cast<std::size_t>(h)),
          chromaWidth((width + 1) / 2),
          chromaHeight((height + 1) / 2) {
        block.resize(width * height + 2 * chromaWidth * chromaHeight);
        const std::span<std::uint8_t> all(block);
        y = all.first(width * height);
        u = all.subspan(y.size(), chromaWidth * chromaHeight);
        v = all.subspan(y.size() + u.size());
    }

    std::size_t width, height, chromaWidth, chromaHeight;
    std::span<std::uint8_t> y, u, v;
};

void copyFirstRow(std::span<std::uint8_t> plane, std::size_t rowBytes) {
    for (std::size_t at = rowBytes; at < plane.size(); at += rowBytes) {
        std::memcpy(plane.data() + at, plane.data(), rowBytes);
    }
}

void drawBars(Canvas& canvas) {
    const auto barAt = [&](std::size_t x) -> const Yuv& { return kBars[x * kBars.size() / canvas.width]; };
    for (std::size_t x = 0; x < canvas.width; ++x) canvas.y[x] = barAt(x).y;
    for (std::size_t x = 0; x < canvas.chromaWidth; ++x) {
        const Yuv& bar = barAt(std::min(2 * x, canvas.width - 1));
        canvas.u[x] = bar.u;
        canvas.v[x] = bar.v;
    }
    copyFirstRow(canvas.y, canvas.width);
    copyFirstRow(canvas.u, canvas.chromaWidth);
    copyFirstRow(canvas.v, canvas.chromaWidth);
}

void fill(std::span<std::uint8_t> plane, std::size_t stride, std::size_t x, std::size_t y, std::size_t w, std::size_t h,
          std::uint8_t value) {
    const std::size_t right = std::min(x + w, stride);
    const std::size_t bottom = std::min(y + h, plane.size() / stride);
    for (std::size_t row = y; row < bottom; ++row) {
        if (x < right) std::memset(plane.data() + row * stride + x, value, right - x);
    }
}

/// Light text on a dark box; what does not fit is cut off. `drawn` is what is there already: of a text of the same
/// length only the characters that differ are drawn.
void drawText(Canvas& canvas, const std::string& text, std::string& drawn, std::size_t left, std::size_t top,
              std::size_t scale) {
    const std::size_t advance = (kGlyphWidth + 1) * scale;
    const bool isNew = drawn.size() != text.size();
    if (isNew) {
        const std::size_t boxWidth = text.size() * advance + 2 * scale;
        const std::size_t boxHeight = (kGlyphHeight + 2) * scale;
        fill(canvas.y, canvas.width, left, top, boxWidth, boxHeight, kPaper);
        fill(canvas.u, canvas.chromaWidth, left / 2, top / 2, boxWidth / 2, boxHeight / 2, kNeutral);
        fill(canvas.v, canvas.chromaWidth, left / 2, top / 2, boxWidth / 2, boxHeight / 2, kNeutral);
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!isNew && text[i] == drawn[i]) continue;
        const std::size_t x = left + scale + i * advance;
        fill(canvas.y, canvas.width, x, top + scale, kGlyphWidth * scale, kGlyphHeight * scale, kPaper);
        const Glyph& glyph = glyphFor(text[i]);
        for (std::size_t row = 0; row < kGlyphHeight; ++row) {
            for (std::size_t column = 0; column < kGlyphWidth; ++column) {
                if ((glyph[row] >> (kGlyphWidth - 1 - column) & 1) == 0) continue;
                fill(canvas.y, canvas.width, x + column * scale, top + (row + 1) * scale, scale, scale, kInk);
            }
        }
    }
    drawn = text;
}

/// The part of the picture in which the mark moves.
struct Track {
    explicit Track(const Canvas& canvas)
        : top(canvas.height / 2 / 2 * 2),
          height(std::max<std::size_t>(canvas.height / 16 / 2 * 2, 2)),
          markWidth(std::max<std::size_t>(canvas.width / 20 / 2 * 2, 2)),
          places(canvas.width / markWidth) {}

    std::size_t top;
    std::size_t height;
    std::size_t markWidth;
    std::size_t places;
};

void drawMark(Canvas& canvas, const Track& track, std::size_t place) {
    fill(canvas.y, canvas.width, place * track.markWidth, track.top, track.markWidth, track.height, kPaper);
}

/// Every row of bars is like the last one, on which nothing is ever drawn.
void wipeMark(Canvas& canvas, const Track& track, std::size_t place) {
    const std::size_t left = place * track.markWidth;
    const std::size_t width = std::min(track.markWidth, canvas.width - left);
    for (std::size_t row = track.top; row < track.top + track.height; ++row) {
        std::memcpy(&canvas.y[row * canvas.width + left], &canvas.y[(canvas.height - 1) * canvas.width + left], width);
    }
}

}  // namespace

/// What is drawn stays from frame to frame but for the mark, and for the texts, which never become shorter.
struct PatternCamera::Buffer {
    std::vector<std::uint8_t> block;
    bool isDrawn = false;
    std::size_t markPlace = 0;
    std::string number;
    std::string time;
};

PatternCamera::PatternCamera(Loop& loop, const CameraConfig& config) : loop_(loop), pacer_(loop, config.frameRate) {}

Result<CameraInfo> PatternCamera::probe() {
    return CameraInfo{"test pattern", "pattern", ""};
}

Result<Orientation> PatternCamera::start(const StreamWish& wish) {
    stop();
    width_ = wish.width;
    height_ = wish.height;
    return wish.orientation;
}

void PatternCamera::stop() {
    pacer_.cancel();
    buffers_.clear();
    width_ = 0;
}

void PatternCamera::nextFrame(BootTime /*notBefore*/, FrameHandler done) {
    pacer_.schedule([this, done = std::move(done)] {
        if (width_ > 0) done(expose());
    });
}

Frame PatternCamera::expose() {
    const auto isFree = [](const auto& buffer) { return buffer.use_count() == 1; };
    auto it = std::find_if(buffers_.begin(), buffers_.end(), isFree);
    if (it == buffers_.end()) it = buffers_.insert(it, std::make_shared<Buffer>());
    Buffer& buffer = **it;

    Frame frame;
    frame.exposureStart = bootTimeNow();
    frame.sequence = sequence_++;
    Canvas canvas(buffer.block, width_, height_);
    const Track track(canvas);
    const std::size_t scale = std::max<std::size_t>(canvas.width / 200, 1);
    const std::size_t line = (kGlyphHeight + 3) * scale;
    const bool isFlat = 2 * scale + 2 * line > track.top;  // so wide that the texts cover all of it
    if (!buffer.isDrawn || isFlat) {
        drawBars(canvas);
        buffer.number.clear();
        buffer.time.clear();
    } else {
        wipeMark(canvas, track, buffer.markPlace);
    }
    buffer.isDrawn = true;
    buffer.markPlace = frame.sequence % track.places;
    drawMark(canvas, track, buffer.markPlace);
    drawText(canvas, fmt::format("#{}", frame.sequence), buffer.number, 2 * scale, 2 * scale, scale);
    drawText(canvas, formatLocalTime(loop_.clock().wallNow()), buffer.time, 2 * scale, 2 * scale + line, scale);

    frame.view = {PixelFormat::kYuv420,
                  ColorRange::kFull,
                  width_,
                  height_,
                  {{{canvas.y.data(), canvas.y.size(), canvas.width},
                    {canvas.u.data(), canvas.u.size(), canvas.chromaWidth},
                    {canvas.v.data(), canvas.v.size(), canvas.chromaWidth}}}};
    frame.lease = *it;
    return frame;
}

}  // namespace edge
