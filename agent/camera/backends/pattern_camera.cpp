// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "camera/backends/backends.hpp"
#include "camera/backends/frame_rate_limiter.hpp"
#include "core/time/time.hpp"
#include "image/pixels/planar.hpp"

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

/// A bitmap font: rows from the top, bit 4 is the leftmost pixel.
constexpr int kGlyphWidth = 5;
constexpr int kGlyphHeight = 7;
using Glyph = std::array<std::uint8_t, kGlyphHeight>;
constexpr std::string_view kCharacters = "0123456789-:# ";
constexpr std::array<Glyph, kCharacters.size()> kGlyphs{{
    {0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E},  // 0
    {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E},  // 1
    {0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F},  // 2
    {0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E},  // 3
    {0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02},  // 4
    {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E},  // 5
    {0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E},  // 6
    {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},  // 7
    {0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E},  // 8
    {0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C},  // 9
    {0x00, 0x00, 0x00, 0x1F, 0x00, 0x00, 0x00},  // -
    {0x00, 0x0C, 0x0C, 0x00, 0x0C, 0x0C, 0x00},  // :
    {0x0A, 0x0A, 0x1F, 0x0A, 0x1F, 0x0A, 0x0A},  // #
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00},  // space, and anything else
}};

/// A YUV420 picture that can be drawn on.
class Canvas {
  public:
    Canvas(int width, int height) { buffer_.shape(width, height, Chroma::k420); }

    [[nodiscard]] FrameView view() const {
        const PlanarView& view = buffer_.view();
        return {PixelFormat::kYuv420, ColorRange::kFull, view.width, view.height, view.planes};
    }

    void copy(const Canvas& other) {
        for (std::size_t i = 0; i < 3; ++i) {
            const Plane& plane = other.buffer_.view().planes[i];
            std::memcpy(buffer_.row(i, 0), plane.data, plane.bytes);
        }
    }

    void fill(int x, int y, int width, int height, Yuv colour) {
        fillPlane(0, x, y, width, height, colour.y);
        fillPlane(1, x / 2, y / 2, (width + 1) / 2, (height + 1) / 2, colour.u);
        fillPlane(2, x / 2, y / 2, (width + 1) / 2, (height + 1) / 2, colour.v);
    }

    /// Light text on a dark box; what does not fit is cut off.
    void drawText(const std::string& text, int left, int top, int scale) {
        const int advance = (kGlyphWidth + 1) * scale;
        const int length = static_cast<int>(text.size());
        fill(left, top, length * advance + 2 * scale, (kGlyphHeight + 2) * scale, {kPaper, kNeutral, kNeutral});
        for (int i = 0; i < length; ++i) {
            const auto place = kCharacters.find(text[static_cast<std::size_t>(i)]);
            const Glyph& glyph = kGlyphs[std::min(place, kGlyphs.size() - 1)];
            for (int row = 0; row < kGlyphHeight; ++row) {
                for (int column = 0; column < kGlyphWidth; ++column) {
                    if ((glyph[static_cast<std::size_t>(row)] >> (kGlyphWidth - 1 - column) & 1) == 0) continue;
                    fillPlane(0, left + scale + i * advance + column * scale, top + (row + 1) * scale, scale, scale,
                              kInk);
                }
            }
        }
    }

  private:
    void fillPlane(std::size_t plane, int x, int y, int width, int height, std::uint8_t value) {
        const PlanarView& view = buffer_.view();
        const int right = std::min(x + width, planeWidth(view.chroma, plane, view.width));
        const int bottom = std::min(y + height, planeHeight(view.chroma, plane, view.height));
        for (int row = y; row < bottom && x < right; ++row) std::fill_n(buffer_.row(plane, row) + x, right - x, value);
    }

    PlanarBuffer buffer_;
};

class PatternCamera : public Camera {
  public:
    PatternCamera(Loop& loop, const CameraConfig& config) : loop_(loop), limiter_(loop, config.frameRate) {}

    Result<CameraInfo> probe() override { return CameraInfo{"test pattern", "pattern", ""}; }

    Result<void> check(const Controls& controls) override { return refuseControls(controls, "pattern"); }
    Result<Transform> start(const StreamRequest& request) override {
        stop();
        width_ = request.width;
        height_ = request.height;
        background_ = std::make_unique<Canvas>(width_, height_);
        constexpr int kCount = static_cast<int>(kBars.size());
        for (int i = 0; i < kCount; ++i) {
            const int left = (i * width_ / kCount + 1) / 2 * 2;
            background_->fill(left, 0, width_ - left, height_, kBars[static_cast<std::size_t>(i)]);
        }
        return request.transform;
    }
    void stop() override {
        limiter_.cancel();
        buffers_.clear();
        background_.reset();
    }
    void nextFrame(BootTime /*notBefore*/, FrameHandler done) override {
        limiter_.schedule([this, done = std::move(done)] {
            if (background_) done(expose());
        });
    }
    void onChange(ChangeHandler /*handler*/) override {}

  private:
    Frame expose() {
        const auto isFree = [](const auto& buffer) { return buffer.use_count() == 1; };
        auto it = std::find_if(buffers_.begin(), buffers_.end(), isFree);
        if (it == buffers_.end()) it = buffers_.insert(it, std::make_shared<Canvas>(width_, height_));
        Canvas& canvas = **it;
        Frame frame;
        frame.exposureStart = bootTimeNow();
        frame.sequence = sequence_++;

        canvas.copy(*background_);
        const int markWidth = std::max(width_ / 20 / 2 * 2, 2);
        const int markHeight = std::max(height_ / 16 / 2 * 2, 2);
        const int place = static_cast<int>(frame.sequence % static_cast<std::uint32_t>(width_ / markWidth));
        canvas.fill(place * markWidth, height_ / 2 / 2 * 2, markWidth, markHeight, {kPaper, kNeutral, kNeutral});
        const int scale = std::max(width_ / 200, 1);
        const int line = (kGlyphHeight + 3) * scale;
        canvas.drawText(fmt::format("#{}", frame.sequence), 2 * scale, 2 * scale, scale);
        canvas.drawText(formatLocalTime(loop_.clock().wallNow()), 2 * scale, 2 * scale + line, scale);

        frame.view = canvas.view();
        frame.lease = *it;
        return frame;
    }

    Loop& loop_;
    FrameRateLimiter limiter_;
    int width_ = 0;
    int height_ = 0;
    std::unique_ptr<Canvas> background_;  ///< nullptr: not streaming
    std::uint32_t sequence_ = 0;
    std::vector<std::shared_ptr<Canvas>> buffers_;  ///< reused once nobody else holds them
};

}  // namespace

std::unique_ptr<Camera> makePatternCamera(Loop& loop, const CameraConfig& config) {
    return std::make_unique<PatternCamera>(loop, config);
}

}  // namespace edge
