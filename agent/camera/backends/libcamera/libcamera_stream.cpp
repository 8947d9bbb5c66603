// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/core.h>
#include <libcamera/formats.h>

#include "camera/backends/libcamera/libcamera_compat.hpp"
#include "camera/backends/libcamera/libcamera_session.hpp"

namespace edge {
namespace {

using libcamera::Size;

struct Format {
    libcamera::PixelFormat theirs;
    PixelFormat ours{};
};

/// In order of what a JPEG of it costs: planes go straight into the encoder, an MJPEG frame is one already (and the
/// only way to full frame rates over USB 2), packed YUV must be taken apart, RGB must be converted.
const std::array<Format, 11>& knownFormats() {
    namespace formats = libcamera::formats;
    static const std::array<Format, 11> known{{{formats::YUV420, PixelFormat::kYuv420},
                                               {formats::NV12, PixelFormat::kNv12},
                                               {formats::NV21, PixelFormat::kNv21},
                                               {formats::MJPEG, PixelFormat::kMjpeg},
                                               {formats::YUYV, PixelFormat::kYuyv},
                                               {formats::UYVY, PixelFormat::kUyvy},
                                               {formats::BGR888, PixelFormat::kBgr888},
                                               {formats::RGB888, PixelFormat::kRgb888},
                                               {formats::XRGB8888, PixelFormat::kXrgb8888},
                                               {formats::XBGR8888, PixelFormat::kXbgr8888},
                                               {formats::R8, PixelFormat::kGrey8}}};
    return known;
}

bool covers(const Size& size, const Size& wanted) {
    return size.width >= wanted.width && size.height >= wanted.height;
}

std::uint64_t area(const Size& size) {
    return std::uint64_t{size.width} * size.height;
}

unsigned roundUp(unsigned value, unsigned base, unsigned step) {
    return base + (value - base + step - 1) / step * step;
}

/// The smallest size of this format that covers the request, else its largest.
Size bestSize(const libcamera::StreamFormats& formats, const libcamera::PixelFormat& format, const Size& wanted) {
    const libcamera::SizeRange range = formats.range(format);
    const bool isContinuous = range.hStep > 0 && range.vStep > 0 && range.max != range.min;
    if (isContinuous) {
        const Size atLeast = wanted.expandedTo(range.min).boundedTo(range.max);
        const Size stepped{roundUp(atLeast.width, range.min.width, range.hStep),
                           roundUp(atLeast.height, range.min.height, range.vStep)};
        return stepped.boundedTo(range.max);
    }
    std::optional<Size> best;
    for (const Size& size : formats.sizes(format)) {
        const bool isBetter = !best || (covers(size, wanted) ? !covers(*best, wanted) || area(size) < area(*best)
                                                             : !covers(*best, wanted) && area(size) > area(*best));
        if (isBetter) best = size;
    }
    return best.value_or(range.max);
}

/// Chooses the first format that covers the request, else the one with the largest picture. A stream that does not say
/// what it offers keeps its own format.
void choose(libcamera::StreamConfiguration& stream, const Size& wanted) {
    const auto offered = stream.formats().pixelformats();
    std::optional<Size> chosen;
    for (const Format& format : knownFormats()) {
        if (std::find(offered.begin(), offered.end(), format.theirs) == offered.end()) continue;
        const Size size = bestSize(stream.formats(), format.theirs, wanted);
        const bool isBetter =
            !chosen || (!covers(*chosen, wanted) && (covers(size, wanted) || area(size) > area(*chosen)));
        if (!isBetter) continue;
        chosen = size;
        stream.pixelFormat = format.theirs;
    }
    stream.size = chosen.value_or(wanted);
}

/// validate(), and where the camera rounds sizes down to its own raster, once more a step above.
bool validateCovering(libcamera::CameraConfiguration& config, const Size& wanted) {
    using libcamera::CameraConfiguration;
    libcamera::StreamConfiguration& stream = config.at(0);
    const Size asked = stream.size;
    if (config.validate() == CameraConfiguration::Invalid) return false;
    const Size got = stream.size;
    if (covers(got, wanted) || !covers(asked, wanted)) return true;

    stream.size = Size{asked.width + 2 * (asked.width - std::min(got.width, asked.width)),
                       asked.height + 2 * (asked.height - std::min(got.height, asked.height))};
    if (config.validate() != CameraConfiguration::Invalid && covers(stream.size, wanted)) return true;
    stream.size = got;
    return config.validate() != CameraConfiguration::Invalid;
}

ColorRange rangeOf(const libcamera::StreamConfiguration& stream, PixelFormat format) {
    const bool isYuv = format == PixelFormat::kYuv420 || format == PixelFormat::kNv12 || format == PixelFormat::kNv21 ||
                       format == PixelFormat::kYuyv || format == PixelFormat::kUyvy;
    if (!isYuv) return ColorRange::kFull;
    // Unsaid is what Video4Linux takes for YUV: limited.
    const bool isFull = stream.colorSpace && stream.colorSpace->range == libcamera::ColorSpace::Range::Full;
    return isFull ? ColorRange::kFull : ColorRange::kLimited;
}

}  // namespace

Result<StreamSetup> negotiate(libcamera::Camera& camera, const StreamRequest& request) {
    StreamSetup setup;
    for (const auto role : {libcamera::StreamRole::StillCapture, libcamera::StreamRole::Viewfinder}) {
        setup.config = camera.generateConfiguration({role});
        if (setup.config && !setup.config->empty()) break;
    }
    if (!setup.config || setup.config->empty()) return fail(Errc::kFault, "the camera offers no picture stream");

    const Size size(static_cast<unsigned>(request.width), static_cast<unsigned>(request.height));
    libcamera::StreamConfiguration& stream = setup.config->at(0);
    choose(stream, size);
    stream.colorSpace = libcamera::ColorSpace::Sycc;
    // Two are being encoded, one waits, one is being filled; of the largest the memory of a small Pi holds no four.
    constexpr std::uint64_t kLargePixels = 6'000'000;
    stream.bufferCount = area(stream.size) > kLargePixels ? 3 : 4;
    // All of the transform or, with a quarter turn, nothing.
    const Transform& wanted = request.transform;
    compat::requestMirror(*setup.config, wanted.transpose ? Transform{} : wanted);
    if (!validateCovering(*setup.config, size))
        return fail(Errc::kFault, "the camera accepts none of the supported configurations");

    const auto& known = knownFormats();
    const auto it =
        std::find_if(known.begin(), known.end(), [&](const Format& f) { return f.theirs == stream.pixelFormat; });
    if (it == known.end()) {
        return fail(Errc::kFault, fmt::format("the camera gives only {}, which is not supported", stream.toString()));
    }
    setup.format = it->ours;
    setup.range = rangeOf(stream, setup.format);
    setup.remaining = combine(compat::agreedMirror(*setup.config), request.transform);
    return setup;
}

}  // namespace edge
