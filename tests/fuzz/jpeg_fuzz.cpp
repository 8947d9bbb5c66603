// SPDX-License-Identifier: MIT
// What a file of the replay camera, or a frame of an MJPEG camera, may hold: decoded, and made a picture of.
#include <cstdint>
#include <span>

#include "fuzz/require.hpp"
#include "image/jpeg/jpeg.hpp"
#include "image/jpeg/jpeg_layout.hpp"

namespace {

using namespace edge;

/// Larger ones take long and show nothing new.
constexpr int kMaxSide = 256;

void render(const FrameView& frame) {
    static JpegRenderer renderer;
    RenderOptions options;
    options.width = frame.width;
    options.height = frame.height;
    options.quality = 80;
    options.exif.model = "a camera";
    const auto picture = renderer.render(frame, options);
    if (picture) require(decodeJpeg(picture->jpeg).has_value(), "what is published can be decoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span jpeg(data, size);
    const auto layout = parseJpeg(jpeg);
    if (!layout || layout->width > kMaxSide || layout->height > kMaxSide) return 0;
    require(layout->body.back().end <= size, "the picture is within the file");

    FrameView frame;
    frame.format = PixelFormat::kMjpeg;
    frame.width = layout->width;
    frame.height = layout->height;
    frame.planes[0] = {data, size, size};
    render(frame);
    if (const auto image = decodeJpeg(jpeg)) {
        const FrameView& view = image->view;
        const bool isUpright = view.width == layout->width && view.height == layout->height;
        const bool isTurned = view.width == layout->height && view.height == layout->width;  // as its EXIF says
        require(isUpright || isTurned, "the size is the headers'");
        render(image->view);
    }
    return 0;
}
