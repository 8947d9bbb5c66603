// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "image/frame.hpp"
#include "image/jpeg/frame_reader.hpp"
#include "image/jpeg/turbo.hpp"
#include "image/pixels/geometry.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

/// A finished JPEG. A copy shares its memory, which is released with the last one. Thread: any.
struct JpegBytes : std::span<const std::uint8_t> {
    std::shared_ptr<const void> memory;  ///< in which they lie
};

/// What is written into the EXIF block; empty and unset fields are left out.
struct ExifInfo {
    WallTime time{};  ///< start of exposure
    std::string model;
    std::string software;
    std::optional<double> exposureSeconds;
    std::optional<double> analogueGain;  ///< as ISO = gain * 100
};

/// What is wanted. The transform comes after scaling: width and height are those of the finished picture.
struct RenderOptions {
    static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

    int width = 640;
    int height = 480;
    Transform transform;
    int quality = 90;
    std::size_t maxBytes = kNoLimit;
    std::vector<PictureArea> masks;  ///< of the whole frame as people see it: black, whatever is cut off it later
    std::string overlay;             ///< drawn into the lower left corner; "" = nothing
    ExifInfo exif;
};

struct RenderedJpeg {
    JpegBytes jpeg;
    int width = 0;
    int height = 0;
    int quality = 0;      ///< used; of an MJPEG frame that passed untouched: estimated from its tables, 0 = unknown
    std::string reduced;  ///< why quality or size is below what was asked for; "" = it is not
};

/// Turns frames into JPEGs. Keeps its buffers from one picture to the next; one object a thread.
/// YUV goes straight into TurboJPEG; OpenCV is used only where pixels must change (scale, transform, label). A frame of
/// another shape than the picture is cut in the middle, never distorted. An MJPEG frame that needs no change, and whose
/// quality is not above the one asked for, passes without a new encoding: its scans byte for byte, but for stray bytes
/// between their blocks. A frame is first made upright as its EXIF says. Errors: those of FrameReader::read(), and
/// kTooLarge (maxBytes cannot be reached).
class JpegRenderer {
  public:
    Result<RenderedJpeg> render(const FrameView& frame, const RenderOptions& options);

  private:
    /// A camera's own JPEG, where it can be used as it is.
    Result<std::optional<RenderedJpeg>> passThrough(const FrameView& frame, const RenderOptions& options,
                                                    const Geometry& geometry);
    Result<RenderedJpeg> encode(const PlanarView& planes, const RenderOptions& options, Geometry geometry);

    FrameReader reader_;
    TurboDecoder verifier_;
    Shaper shaper_;
    TurboEncoder encoder_;
};

/// A JPEG decoded once, to be used as a frame many times, upright as its EXIF says. Any valid baseline or progressive
/// JPEG, grey or colour, up to 9152 x 6944; hostile input is an error (kFault), never a crash.
struct DecodedImage {
    std::shared_ptr<const void> storage;
    FrameView view;  ///< into storage: kYuv420 or kGrey8, full range
};
Result<DecodedImage> decodeJpeg(std::span<const std::uint8_t> jpeg);

}  // namespace edge
