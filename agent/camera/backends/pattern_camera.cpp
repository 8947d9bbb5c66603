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

/// A YUV420 picture in one block of memory.
class Canvas {
  public:
    Canvas(int width, int height)
        : width_(static_cast<std::size_t>(width)),
          height_(static_cast<std::size_t>(height)),
          chromaWidth_((width_ + 1) / 2),
          block_(width_ * height_ + 2 * chromaWidth_ * ((height_ + 1) / 2)) {}

    [[nodiscard]] std::size_t width() const { return width_; }
    [[nodiscard]] std::size_t height() const { return height_; }

    void copy(const Canvas& other) { std::memcpy(block_.data(), other.block_.data(), block_.size()); }

    void fill(std::size_t x, std::size_t y, std::size_t w, std::size_t h, Yuv colour) {
        fillPlane(0, x, y, w, h, colour.y);
        fillPlane(1, x / 2, y / 2, (w + 1) / 2, (h + 1) / 2, colour.u);
        fillPlane(2, x / 2, y / 2, (w + 1) / 2, (h + 1) / 2, colour.v);
    }

    /// Light text on a dark box; what does not fit is cut off.
    void drawText(const std::string& text, std::size_t left, std::size_t top, std::size_t scale) {
        const std::size_t advance = (kGlyphWidth + 1) * scale;
        fill(left, top, text.size() * advance + 2 * scale, (kGlyphHeight + 2) * scale, {kPaper, kNeutral, kNeutral});
        for (std::size_t i = 0; i < text.size(); ++i) {
            const std::size_t x = left + scale + i * advance;
            const Glyph& glyph = kGlyphs[std::min(kCharacters.find(text[i]), kGlyphs.size() - 1)];
            for (std::size_t row = 0; row < kGlyphHeight; ++row) {
                for (std::size_t column = 0; column < kGlyphWidth; ++column) {
                    if ((glyph[row] >> (kGlyphWidth - 1 - column) & 1) == 0) continue;
                    fillPlane(0, x + column * scale, top + (row + 1) * scale, scale, scale, kInk);
                }
            }
        }
    }

    [[nodiscard]] FrameView view() const {
        FrameView view{
            PixelFormat::kYuv420, ColorRange::kFull, static_cast<int>(width_), static_cast<int>(height_), {}};
        for (std::size_t i = 0; i < 3; ++i) view.planes[i] = {block_.data() + offset(i), bytes(i), stride(i)};
        return view;
    }

  private:
    [[nodiscard]] std::size_t stride(std::size_t plane) const { return plane == 0 ? width_ : chromaWidth_; }
    [[nodiscard]] std::size_t rows(std::size_t plane) const { return plane == 0 ? height_ : (height_ + 1) / 2; }
    [[nodiscard]] std::size_t bytes(std::size_t plane) const { return stride(plane) * rows(plane); }
    [[nodiscard]] std::size_t offset(std::size_t plane) const {
        return plane == 0 ? 0 : bytes(0) + (plane - 1) * bytes(1);
    }

    void fillPlane(std::size_t plane, std::size_t x, std::size_t y, std::size_t w, std::size_t h, std::uint8_t value) {
        const std::size_t right = std::min(x + w, stride(plane));
        const std::size_t bottom = std::min(y + h, rows(plane));
        for (std::size_t row = y; row < bottom && x < right; ++row) {
            std::memset(block_.data() + offset(plane) + row * stride(plane) + x, value, right - x);
        }
    }

    std::size_t width_;
    std::size_t height_;
    std::size_t chromaWidth_;
    std::vector<std::uint8_t> block_;
};

class PatternCamera : public Camera {
  public:
    PatternCamera(Loop& loop, const CameraConfig& config) : loop_(loop), limiter_(loop, config.frameRate) {}

    Result<CameraInfo> probe() override { return CameraInfo{"test pattern", "pattern", ""}; }

    Result<Transform> start(const StreamRequest& request) override {
        stop();
        background_ = std::make_unique<Canvas>(request.width, request.height);
        const std::size_t width = background_->width();
        for (std::size_t i = 0; i < kBars.size(); ++i) {
            const std::size_t left = (i * width / kBars.size() + 1) / 2 * 2;
            background_->fill(left, 0, width - left, background_->height(), kBars[i]);
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
        if (it == buffers_.end()) it = buffers_.insert(it, std::make_shared<Canvas>(*background_));
        Canvas& canvas = **it;
        Frame frame;
        frame.exposureStart = bootTimeNow();
        frame.sequence = sequence_++;

        canvas.copy(*background_);
        const std::size_t markWidth = std::max<std::size_t>(canvas.width() / 20 / 2 * 2, 2);
        const std::size_t markHeight = std::max<std::size_t>(canvas.height() / 16 / 2 * 2, 2);
        const std::size_t place = frame.sequence % (canvas.width() / markWidth);
        canvas.fill(place * markWidth, canvas.height() / 2 / 2 * 2, markWidth, markHeight,
                    {kPaper, kNeutral, kNeutral});
        const std::size_t scale = std::max<std::size_t>(canvas.width() / 200, 1);
        const std::size_t line = (kGlyphHeight + 3) * scale;
        canvas.drawText(fmt::format("#{}", frame.sequence), 2 * scale, 2 * scale, scale);
        canvas.drawText(formatLocalTime(loop_.clock().wallNow()), 2 * scale, 2 * scale + line, scale);

        frame.view = canvas.view();
        frame.lease = *it;
        return frame;
    }

    Loop& loop_;
    FrameRateLimiter limiter_;
    std::unique_ptr<Canvas> background_;  ///< nullptr: not streaming
    std::uint32_t sequence_ = 0;
    std::vector<std::shared_ptr<Canvas>> buffers_;  ///< reused once nobody else holds them
};

}  // namespace

std::unique_ptr<Camera> makePatternCamera(Loop& loop, const CameraConfig& config) {
    return std::make_unique<PatternCamera>(loop, config);
}

}  // namespace edge
