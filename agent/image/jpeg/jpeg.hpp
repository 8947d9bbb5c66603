// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "image/frame.hpp"
#include "image/jpeg/jpeg_bytes.hpp"
#include "image/pixels/transform.hpp"

namespace edge {

/// What is written into the EXIF block; empty and unset fields are left out.
struct ExifInfo {
    WallTime time{};  ///< start of exposure
    std::string make;
    std::string model;
    std::string software;
    std::optional<double> exposureSeconds;
    std::optional<double> analogueGain;  ///< as ISO = gain * 100
};

/// What is wanted. The transform comes after scaling: width and height are those of the finished picture.
struct RenderOptions {
    int width = 640;
    int height = 480;
    Transform transform;
    int quality = 90;
    std::size_t maxBytes = 0;  ///< 0 = no limit
    std::string overlay;       ///< drawn into the lower left corner; "" = nothing
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
/// YUV goes straight into TurboJPEG; OpenCV is used only where pixels must change (scale, turn, draw). A frame of
/// another shape than the picture is cut in the middle, never distorted. Of an MJPEG frame that needs no change, and
/// whose quality is not above the one asked for, the scans pass byte for byte, without stray bytes between their
/// blocks. A frame whose EXIF says that it lies on its side or is mirrored is turned upright first. Errors: kInvalid (a
/// size that no picture can have), kFault (the frame's planes are too small for its size, or its JPEG is truncated or
/// damaged), kTooLarge (maxBytes cannot be reached), kInternal.
class JpegRenderer {
  public:
    JpegRenderer();
    ~JpegRenderer();
    Result<RenderedJpeg> render(const FrameView& frame, const RenderOptions& options);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A JPEG taken apart into planes once, to be used as a frame many times, upright as its EXIF says. Any valid baseline
/// or progressive JPEG, grey or colour, up to 9152 x 6944; hostile input is an error (kFault), never a crash.
struct DecodedImage {
    std::unique_ptr<std::uint8_t[]> storage;
    std::size_t storageBytes = 0;
    FrameView view;  ///< into storage: kYuv420 or kGrey8, full range
};
Result<DecodedImage> decodeJpeg(std::span<const std::uint8_t> jpeg);

}  // namespace edge
