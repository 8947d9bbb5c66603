// SPDX-License-Identifier: MIT
#include "image/jpeg/jpeg.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <fmt/format.h>

#include "image/jpeg/exif.hpp"
#include "image/jpeg/jpeg_layout.hpp"
#include "image/jpeg/quality.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Nothing smaller is worth sending.
constexpr int kSmallestSide = 64;
/// A picture that is still too large loses at least this much of each side at once …
constexpr double kLeastShrink = 0.75;
/// … and at most this much, so that one bad guess does not make it tiny.
constexpr double kMostShrink = 0.35;
/// TurboJPEG begins with SOI and JFIF's segment. EXIF wants to be the first segment itself, so it takes JFIF's place.
constexpr std::size_t kSoiBytes = 2;
constexpr std::size_t kJfifBytes = 18;

/// There is room for `exif` before the JPEG, so that nothing of it is moved.
JpegBytes withExif(const EncodedJpeg& encoded, Bytes exif) {
    std::uint8_t* const tables = encoded.bytes.data() + kSoiBytes + kJfifBytes;
    std::uint8_t* const begin = tables - exif.size() - kSoiBytes;
    begin[0] = 0xFF;
    begin[1] = marker::kSoi;
    std::copy(exif.begin(), exif.end(), begin + kSoiBytes);
    return {{begin, encoded.bytes.size() + exif.size() - kJfifBytes}, encoded.memory};
}

/// The next smaller size of the same shape; nullopt when that would be too small to be worth anything.
std::optional<std::pair<int, int>> smaller(int width, int height, std::size_t bytes, std::size_t maxBytes) {
    const double guess = std::sqrt(static_cast<double>(maxBytes) / static_cast<double>(bytes));
    const double factor = std::clamp(guess, kMostShrink, kLeastShrink);
    const auto shrunk = [factor](int side) { return static_cast<int>(std::lround(side * factor / 2)) * 2; };
    const std::pair<int, int> size{shrunk(width), shrunk(height)};
    if (size.first < kSmallestSide || size.second < kSmallestSide) return std::nullopt;
    return size;
}

std::string describeReduction(const RenderOptions& asked, int width, int height, int quality) {
    std::string what;
    if (width != asked.width || height != asked.height) {
        what = fmt::format("{}x{} → {}x{}", asked.width, asked.height, width, height);
    }
    if (quality < asked.quality) {
        what += fmt::format("{}quality {} → {}", what.empty() ? "" : ", ", asked.quality, quality);
    }
    return what.empty() ? "" : fmt::format("{} to stay under {} bytes", what, asked.maxBytes);
}

}  // namespace

Result<RenderedJpeg> JpegRenderer::render(const FrameView& frame, const RenderOptions& options) {
    Geometry geometry{options.width, options.height, options.transform, drawableText(options.overlay)};
    if (frame.format == PixelFormat::kMjpeg && options.masks.empty()) {
        if (auto passed = TRY(passThrough(frame, options, geometry))) return std::move(*passed);
    }
    const auto [planes, upright] = TRY(reader_.read(frame, options.masks, options.transform));
    geometry.transform = combine(upright, geometry.transform);
    return encode(planes, options, std::move(geometry));
}

Result<std::optional<RenderedJpeg>> JpegRenderer::passThrough(const FrameView& frame, const RenderOptions& options,
                                                              const Geometry& geometry) {
    const Bytes jpeg(frame.planes[0].data, frame.planes[0].bytes);
    JpegLayout layout = TRY(parseJpeg(jpeg));
    const bool isAsWanted = readOrientation(jpeg, layout) == 1 && !changes(geometry, layout.width, layout.height) &&
                            layout.quality <= options.quality;
    if (!isAsWanted) return std::nullopt;
    TRY(verifier_.verify(jpeg, layout));
    const auto exif = makeExifSegment(options.exif, layout.width, layout.height);
    const auto rewritten = std::make_shared<const std::vector<std::uint8_t>>(rewriteJpeg(jpeg, layout, exif));
    if (rewritten->size() > options.maxBytes) return std::nullopt;
    return RenderedJpeg{{*rewritten, rewritten}, layout.width, layout.height, layout.quality, ""};
}

Result<RenderedJpeg> JpegRenderer::encode(const PlanarView& planes, const RenderOptions& options, Geometry geometry) {
    while (true) {
        const auto exif = makeExifSegment(options.exif, geometry.width, geometry.height);
        const bool isChanged = changes(geometry, planes.width, planes.height);
        const PlanarView picture = isChanged ? TRY(shaper_.shape(planes, geometry)) : planes;
        const std::size_t room = options.maxBytes - std::min(options.maxBytes, exif.size() - kJfifBytes);
        const FittedJpeg fitted = TRY(fitQuality(
            [&](int quality) { return encoder_.encode(picture, quality, exif.size()); }, options.quality, room));
        if (fitted.fits) {
            return RenderedJpeg{withExif(fitted.jpeg, exif), geometry.width, geometry.height, fitted.quality,
                                describeReduction(options, geometry.width, geometry.height, fitted.quality)};
        }
        const auto size =
            smaller(geometry.width, geometry.height, fitted.jpeg.bytes.size() + exif.size(), options.maxBytes);
        if (!size) {
            return fail(Errc::kTooLarge, fmt::format("the picture is larger than {} bytes even at {}x{}; raise "
                                                     "image.max_bytes, or the broker's packet limit",
                                                     options.maxBytes, geometry.width, geometry.height));
        }
        std::tie(geometry.width, geometry.height) = *size;
    }
}

Result<DecodedImage> decodeJpeg(std::span<const std::uint8_t> jpeg) {
    FrameView frame;
    frame.format = PixelFormat::kMjpeg;
    frame.planes[0] = {jpeg.data(), jpeg.size(), jpeg.size()};
    DecodedImage image;
    const auto reader = std::make_shared<FrameReader>();
    auto [planes, upright] = TRY(reader->read(frame));
    image.storage = reader;
    const bool is420 = planes.chroma == Chroma::k420 || planes.chroma == Chroma::kNone;
    if (!is420 || upright != Transform{}) {
        Geometry geometry{planes.width, planes.height, upright, ""};
        if (upright.transpose) std::swap(geometry.width, geometry.height);
        const auto shaper = std::make_shared<Shaper>();
        planes = TRY(shaper->shape(planes, geometry));
        image.storage = shaper;
    }
    image.view = {planes.chroma == Chroma::kNone ? PixelFormat::kGrey8 : PixelFormat::kYuv420, ColorRange::kFull,
                  planes.width, planes.height, planes.planes};
    return image;
}

}  // namespace edge
