// SPDX-License-Identifier: MIT
#include "image/jpeg/turbo_names.hpp"

#include <turbojpeg.h>

namespace edge {

int turboSubsampling(Chroma chroma) {
    switch (chroma) {
        case Chroma::kNone:
            return TJSAMP_GRAY;
        case Chroma::k422:
            return TJSAMP_422;
        case Chroma::k444:
            return TJSAMP_444;
        case Chroma::k440:
            return TJSAMP_440;
        case Chroma::k411:
            return TJSAMP_411;
        case Chroma::k420:
            break;
    }
    return TJSAMP_420;
}

std::optional<Chroma> chromaOfTurbo(int subsampling) {
    switch (subsampling) {
        case TJSAMP_GRAY:
            return Chroma::kNone;
        case TJSAMP_420:
            return Chroma::k420;
        case TJSAMP_422:
            return Chroma::k422;
        case TJSAMP_444:
            return Chroma::k444;
        case TJSAMP_440:
            return Chroma::k440;
        case TJSAMP_411:
            return Chroma::k411;
        default:
            return std::nullopt;
    }
}

std::optional<int> turboPixelFormat(PixelFormat format) {
    switch (format) {
        case PixelFormat::kRgb888:
            return TJPF_BGR;  // libcamera and DRM name a little-endian number, TurboJPEG the bytes
        case PixelFormat::kBgr888:
            return TJPF_RGB;
        case PixelFormat::kXrgb8888:
            return TJPF_BGRX;
        case PixelFormat::kXbgr8888:
            return TJPF_RGBX;
        default:
            return std::nullopt;
    }
}

}  // namespace edge
