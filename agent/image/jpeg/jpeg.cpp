// SPDX-License-Identifier: MIT
#include "image/jpeg/jpeg.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "image/jpeg/exif.hpp"
#include "image/jpeg/jpeg_layout.hpp"
#include "image/jpeg/quality.hpp"
#include "image/jpeg/turbo.hpp"
#include "image/pixels/geometry.hpp"
#include "image/pixels/planar.hpp"

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Nothing smaller is worth sending.
constexpr int kSmallestSide = 64;
/// A picture that is still too large loses at least this much of each side at once …
constexpr double kLeastShrink = 0.75;
/// … and at most this much, so that one bad guess does not make it tiny.
constexpr double kMostShrink = 0.35;
/// JFIF's segment, marker included, which makes room for EXIF's.
constexpr std::size_t kJfifBytes = 18;
constexpr std::size_t kSoiBytes = 2;

/// TurboJPEG begins with SOI and JFIF's APP0. EXIF wants to be the first segment itself, so it takes JFIF's place.
std::size_t bytesBeforeTables(Bytes jpeg) {
    constexpr std::size_t kLengthAt = 4;
    if (jpeg.size() <= kLengthAt + 1 || jpeg[2] != 0xFF || jpeg[3] != marker::kApp0) return kSoiBytes;
    return kLengthAt + (static_cast<std::size_t>(jpeg[kLengthAt]) << 8U | jpeg[kLengthAt + 1]);
}

/// There is room for `exif` before the JPEG, so that nothing of it is moved.
JpegBytes withExif(const EncodedJpeg& encoded, Bytes exif) {
    const std::span<std::uint8_t> jpeg = encoded.bytes;
    if (exif.empty()) return {encoded.memory, jpeg};
    const std::size_t tables = bytesBeforeTables(jpeg);
    const std::size_t before = exif.size() + kSoiBytes;
    std::uint8_t* const begin = jpeg.data() + tables - before;
    begin[0] = 0xFF;
    begin[1] = marker::kSoi;
    std::copy(exif.begin(), exif.end(), begin + kSoiBytes);
    return {encoded.memory, {begin, jpeg.size() - tables + before}};
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

DecodedImage asImage(PlanarBuffer& buffer) {
    DecodedImage image;
    const PlanarView view = buffer.view();
    image.view = {view.chroma == Chroma::kNone ? PixelFormat::kGrey8 : PixelFormat::kYuv420, ColorRange::kFull,
                  view.width, view.height, view.planes};
    for (const Plane& plane : view.planes) image.storageBytes += plane.bytes;
    image.storage = buffer.release();
    return image;
}

}  // namespace

struct JpegRenderer::Impl {
    /// What is encoded: planes, or an RGB frame as it came.
    struct Source {
        PlanarView planes;
        const FrameView* rgb = nullptr;  ///< set while nothing of it has to change
        int width = 0;
        int height = 0;
    };

    Result<RenderedJpeg> render(const FrameView& frame, const RenderOptions& options) {
        if (!isImageSizeAllowed(options.width, options.height)) {
            return fail(Errc::kInvalid,
                        fmt::format("cannot make a picture of {}x{} pixels", options.width, options.height));
        }
        TRY(checkFrame(frame));
        const Geometry geometry{options.width, options.height, options.transform, drawableText(options.overlay)};
        if (frame.format == PixelFormat::kMjpeg) return renderMjpeg(frame, options, geometry);
        if (isRgb(frame.format)) return encode({{}, &frame, frame.width, frame.height}, options, geometry);
        return encode({toPlanar(frame, planar), nullptr, frame.width, frame.height}, options, geometry);
    }

    // ---- a camera that gives JPEGs itself

    Result<RenderedJpeg> renderMjpeg(const FrameView& frame, const RenderOptions& options, Geometry geometry) {
        const Bytes jpeg(frame.planes[0].data, frame.planes[0].bytes);
        JpegLayout layout = TRY(parseJpeg(jpeg));
        const int orientation = readOrientation(jpeg, layout);
        geometry.transform = combine(transformOfExif(orientation), geometry.transform);
        if (orientation == 1 && !changes(geometry, layout.width, layout.height) && layout.quality <= options.quality &&
            layout.components.size() != 4) {
            auto passed = passThrough(jpeg, layout, options);
            if (!passed || options.maxBytes == 0 || passed->jpeg.size() <= options.maxBytes) return passed;
        }
        const PlanarView planes = TRY(decoder.decode(jpeg, layout, planar));
        return encode({planes, nullptr, planes.width, planes.height}, options, geometry);
    }

    Result<RenderedJpeg> passThrough(Bytes jpeg, JpegLayout& layout, const RenderOptions& options) {
        TRY(decoder.verify(jpeg, layout));
        const auto exif = makeExifSegment(options.exif, layout.width, layout.height);
        return RenderedJpeg{JpegBytes(rewriteJpeg(jpeg, layout, exif)), layout.width, layout.height, layout.quality,
                            ""};
    }

    // ---- everything else

    Result<RenderedJpeg> encode(Source source, const RenderOptions& options, Geometry geometry) {
        while (true) {
            const auto exif = makeExifSegment(options.exif, geometry.width, geometry.height);
            if (options.maxBytes != 0 && options.maxBytes <= exif.size()) return tooLarge(options, geometry);
            const FittedJpeg fitted = TRY(encodeOnce(source, options, geometry, exif.size()));
            if (fitted.fits) {
                return RenderedJpeg{withExif(fitted.jpeg, exif), geometry.width, geometry.height, fitted.quality,
                                    describeReduction(options, geometry.width, geometry.height, fitted.quality)};
            }
            const std::size_t bytes = fitted.jpeg.bytes.size() + exif.size();
            const auto size = smaller(geometry.width, geometry.height, bytes, options.maxBytes);
            if (!size) return tooLarge(options, geometry);
            std::tie(geometry.width, geometry.height) = *size;
        }
    }

    Result<FittedJpeg> encodeOnce(Source& source, const RenderOptions& options, const Geometry& geometry,
                                  std::size_t exifBytes) {
        const bool isChanged = changes(geometry, source.width, source.height);
        if (source.rgb != nullptr && isChanged) {
            source.planes = TRY(encoder.rgbToPlanes(*source.rgb, planar));
            source.rgb = nullptr;
        }
        PlanarView picture = source.planes;
        if (isChanged) {
            picture = TRY(shaper.shape(source.planes, geometry));
        } else if (picture.width % 2 != 0 || picture.height % 2 != 0) {
            // TurboJPEG reads luma up to where chroma ends; a caller's odd plane ends before.
            copyAs420(source.planes, padded);
            picture = padded.view();
        }
        const std::size_t replaced = exifBytes > 0 ? kJfifBytes : 0;
        const std::size_t room = options.maxBytes == 0 ? 0 : options.maxBytes - exifBytes + replaced;
        const auto encodeAt = [&](int quality) {
            return source.rgb != nullptr ? encoder.encodeRgb(*source.rgb, quality, exifBytes)
                                         : encoder.encodePlanes(picture, quality, exifBytes);
        };
        return fitQuality(encodeAt, options.quality, room);
    }

    static tl::unexpected<Error> tooLarge(const RenderOptions& options, const Geometry& geometry) {
        return fail(Errc::kTooLarge, fmt::format("the picture is larger than {} bytes even at {}x{}; raise "
                                                 "image.max_bytes, or the broker's packet limit",
                                                 options.maxBytes, geometry.width, geometry.height));
    }

    TurboEncoder encoder;
    TurboDecoder decoder;
    PlanarBuffer planar;  ///< a frame in another layout, or decoded
    PlanarBuffer padded;  ///< a frame of odd size
    Shaper shaper;
};

JpegRenderer::JpegRenderer() : impl_(std::make_unique<Impl>()) {}
JpegRenderer::~JpegRenderer() = default;

Result<RenderedJpeg> JpegRenderer::render(const FrameView& frame, const RenderOptions& options) {
    return impl_->render(frame, options);
}

Result<DecodedImage> decodeJpeg(std::span<const std::uint8_t> jpeg) {
    JpegLayout layout = TRY(parseJpeg(jpeg));
    PlanarBuffer decoded;
    PlanarView planes = TRY(TurboDecoder().decode(jpeg, layout, decoded));
    const Transform transform = transformOfExif(readOrientation(jpeg, layout));
    const bool isUpright = transform == Transform{};
    if (isUpright && (planes.chroma == Chroma::k420 || planes.chroma == Chroma::kNone)) return asImage(decoded);

    Shaper shaper;
    if (!isUpright) {
        Geometry upright{planes.width, planes.height, transform, ""};
        if (transform.transpose) std::swap(upright.width, upright.height);
        planes = TRY(shaper.shape(planes, upright));
    }
    PlanarBuffer own;
    copyAs420(planes, own);
    return asImage(own);
}

}  // namespace edge
