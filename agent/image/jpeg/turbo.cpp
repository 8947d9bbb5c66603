// SPDX-License-Identifier: MIT
#include "image/jpeg/turbo.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <turbojpeg.h>
#include <utility>

#include <fmt/format.h>

namespace edge {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// Without STOPONWARNING TurboJPEG tells only one warning of many.
constexpr int kDecodeFlags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;

/// Many webcams pad a frame before its end marker. Of a JPEG in one scan libjpeg has delivered every
/// row by the time it says so.
constexpr std::string_view kHarmless = "extraneous bytes before marker 0xd9";

/// In the order of TurboJPEG's TJSAMP_… numbers.
constexpr std::array kSubsamplings{Chroma::k444, Chroma::k422, Chroma::k420, Chroma::kNone, Chroma::k440, Chroma::k411};
static_assert(TJSAMP_444 == 0 && TJSAMP_422 == 1 && TJSAMP_420 == 2 && TJSAMP_GRAY == 3 && TJSAMP_440 == 4 &&
              TJSAMP_411 == 5);

int turboSubsampling(Chroma chroma) {
    return static_cast<int>(std::find(kSubsamplings.begin(), kSubsamplings.end(), chroma) - kSubsamplings.begin());
}

/// nullopt for what has no name of ours.
std::optional<Chroma> chromaOf(int subsampling) {
    const auto index = static_cast<std::size_t>(subsampling);
    return subsampling >= 0 && index < kSubsamplings.size() ? std::optional(kSubsamplings[index]) : std::nullopt;
}

/// libcamera and DRM name a little-endian number, TurboJPEG the bytes.
int turboPixelFormat(PixelFormat format) {
    switch (format) {
        case PixelFormat::kRgb888:
            return TJPF_BGR;
        case PixelFormat::kBgr888:
            return TJPF_RGB;
        case PixelFormat::kXrgb8888:
            return TJPF_BGRX;
        case PixelFormat::kXbgr8888:
            return TJPF_RGBX;
        default:
            return TJPF_UNKNOWN;
    }
}

/// What TurboJPEG's functions take of planes to be written.
struct Targets {
    explicit Targets(PlanarBuffer& buffer) {
        for (std::size_t i = 0; i < planeCount(buffer.view().chroma); ++i) {
            planes[i] = buffer.row(i, 0);
            strides[i] = static_cast<int>(buffer.view().planes[i].strideBytes);
        }
    }
    std::array<std::uint8_t*, 3> planes{};
    std::array<int, 3> strides{};
};

tl::unexpected<Error> noMemory() {
    return fail(Errc::kInternal, "cannot start TurboJPEG: out of memory");
}

tl::unexpected<Error> cannotEncode(void* handle) {
    return fail(Errc::kInternal, fmt::format("cannot encode the picture: {}", tjGetErrorStr2(handle)));
}

/// Adobe writes CMYK inverted (255 = no ink); in place, to R, G, B, X.
void cmykToRgbx(std::uint8_t* pixels, std::size_t count) {
    for (std::uint8_t* p = pixels; p != pixels + count * 4; p += 4) {
        for (int i = 0; i < 3; ++i) p[i] = static_cast<std::uint8_t>((p[i] * p[3] + 127) / 255);
    }
}

}  // namespace

void CloseTurbo::operator()(void* handle) const {
    tjDestroy(handle);
}

// ---- TurboEncoder

Result<void> TurboEncoder::open() {
    if (handle_ == nullptr) handle_.reset(tjInitCompress());
    if (handle_ == nullptr) return noMemory();
    return {};
}

template <typename Compress>
Result<EncodedJpeg> TurboEncoder::encode(int width, int height, int subsampling, std::size_t headroom,
                                         const Compress& compress) {
    TRY(open());
    // The largest that any picture of this size can become, so that TurboJPEG never has to grow it. Untouched pages of
    // it cost nothing.
    unsigned long size = tjBufSize(width, height, subsampling);
    EncodedJpeg jpeg{pool_.take(headroom + size), {}};
    if (jpeg.memory == nullptr)
        return fail(Errc::kInternal, fmt::format("no memory to encode {}x{} pixels", width, height));
    std::uint8_t* out = jpeg.memory.get() + headroom;
    if (compress(&out, &size) != 0) return cannotEncode(handle_.get());
    jpeg.bytes = {out, size};
    return jpeg;
}

Result<EncodedJpeg> TurboEncoder::encodePlanes(const PlanarView& planes, int quality, std::size_t headroom) {
    const int subsampling = turboSubsampling(planes.chroma);
    std::array<const std::uint8_t*, 3> pointers{};
    std::array<int, 3> strides{};
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        pointers[i] = planes.planes[i].data;
        strides[i] = static_cast<int>(planes.planes[i].strideBytes);
    }
    return encode(planes.width, planes.height, subsampling, headroom, [&](std::uint8_t** out, unsigned long* size) {
        return tjCompressFromYUVPlanes(handle_.get(), pointers.data(), planes.width, strides.data(), planes.height,
                                       subsampling, out, size, quality, TJFLAG_NOREALLOC);
    });
}

Result<EncodedJpeg> TurboEncoder::encodeRgb(const FrameView& frame, int quality, std::size_t headroom) {
    const Plane& plane = frame.planes[0];
    return encode(frame.width, frame.height, TJSAMP_420, headroom, [&](std::uint8_t** out, unsigned long* size) {
        return tjCompress2(handle_.get(), plane.data, frame.width, static_cast<int>(plane.strideBytes), frame.height,
                           turboPixelFormat(frame.format), out, size, TJSAMP_420, quality, TJFLAG_NOREALLOC);
    });
}

Result<PlanarView> TurboEncoder::rgbToPlanes(const FrameView& frame, PlanarBuffer& target) {
    TRY(open());
    target.shape(frame.width, frame.height, Chroma::k420);
    Targets to(target);
    const Plane& plane = frame.planes[0];
    if (tjEncodeYUVPlanes(handle_.get(), plane.data, frame.width, static_cast<int>(plane.strideBytes), frame.height,
                          turboPixelFormat(frame.format), to.planes.data(), to.strides.data(), TJSAMP_420, 0) != 0) {
        return cannotEncode(handle_.get());
    }
    return target.view();
}

// ---- TurboDecoder

TurboDecoder::TurboDecoder() : handle_(tjInitDecompress()) {}

Result<void> TurboDecoder::check(int result) const {
    if (result == 0) return {};
    const std::string_view message = tjGetErrorStr2(handle_.get());
    const bool isComplete = isOneScan_ && tjGetErrorCode(handle_.get()) == TJERR_WARNING &&
                            message.find(kHarmless) != std::string_view::npos;
    if (isComplete) return {};
    return fail(Errc::kFault, fmt::format("the JPEG is damaged: {}", message));
}

/// Runs `decode` on the JPEG; if that fails, once more without stray bytes.
template <typename Decode>
auto TurboDecoder::tolerantly(Bytes jpeg, JpegLayout& layout, const Decode& decode) {
    isOneScan_ = layout.oneScan;
    auto decoded = decode(stripJpeg(jpeg, layout));
    if (decoded || !layout.oneScan) return decoded;
    auto body = followScan(jpeg, layout);
    if (!body) return decoded;
    layout.body = std::move(*body);
    return decode(stripJpeg(jpeg, layout));
}

Result<TurboDecoder::Header> TurboDecoder::readHeader(Bytes jpeg) {
    if (handle_ == nullptr) return noMemory();
    Header header;
    const int result = tjDecompressHeader3(handle_.get(), jpeg.data(), jpeg.size(), &header.width, &header.height,
                                           &header.subsampling, &header.colourSpace);
    // It fails also where only the subsampling is unusual; then everything but that has been filled in.
    if (result != 0 && (header.width < 1 || header.height < 1 || header.colourSpace < 0))
        return fail(Errc::kFault, fmt::format("the JPEG is damaged: {}", tjGetErrorStr2(handle_.get())));
    return header;
}

Result<PlanarView> TurboDecoder::decode(Bytes jpeg, JpegLayout& layout, PlanarBuffer& target) {
    return tolerantly(jpeg, layout, [&](const std::vector<std::uint8_t>& stripped) -> Result<PlanarView> {
        const Header header = TRY(readHeader(stripped));
        const auto chroma = chromaOf(header.subsampling);
        const bool isPlanar = header.colourSpace == TJCS_YCbCr || header.colourSpace == TJCS_GRAY;
        if (!chroma || !isPlanar) return decodeThroughRgb(stripped, header, target);
        target.shape(header.width, header.height, *chroma);
        return decodePlanes(stripped, target);
    });
}

Result<PlanarView> TurboDecoder::decodePlanes(Bytes jpeg, PlanarBuffer& target) {
    Targets to(target);
    const int result =
        tjDecompressToYUVPlanes(handle_.get(), jpeg.data(), jpeg.size(), to.planes.data(), target.view().width,
                                to.strides.data(), target.view().height, kDecodeFlags);
    TRY(check(result));
    return target.view();
}

Result<PlanarView> TurboDecoder::decodeThroughRgb(Bytes jpeg, const Header& header, PlanarBuffer& target) {
    const bool isCmyk = header.colourSpace == TJCS_CMYK || header.colourSpace == TJCS_YCCK;  // these become CMYK only
    const std::size_t pixels = static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.height);
    const auto rgbx = std::make_unique_for_overwrite<std::uint8_t[]>(pixels * 4);
    const int result = tjDecompress2(handle_.get(), jpeg.data(), jpeg.size(), rgbx.get(), header.width, 0,
                                     header.height, isCmyk ? TJPF_CMYK : TJPF_RGBX, kDecodeFlags);
    TRY(check(result));
    if (isCmyk) cmykToRgbx(rgbx.get(), pixels);
    FrameView frame{PixelFormat::kXbgr8888, ColorRange::kFull, header.width, header.height, {}};
    frame.planes[0] = {rgbx.get(), pixels * 4, static_cast<std::size_t>(header.width) * 4};
    return TurboEncoder().rgbToPlanes(frame, target);
}

Result<void> TurboDecoder::verify(Bytes jpeg, JpegLayout& layout) {
    return tolerantly(jpeg, layout, [&](const std::vector<std::uint8_t>& stripped) -> Result<void> {
        const Header header = TRY(readHeader(stripped));
        // At an eighth of the size and without colour hardly anything is left but the Huffman decoding, which is what
        // damage breaks.
        constexpr tjscalingfactor kEighth{1, 8};
        const int columns = TJSCALED(header.width, kEighth);
        const int lines = TJSCALED(header.height, kEighth);
        const std::size_t needed = static_cast<std::size_t>(columns) * static_cast<std::size_t>(lines);
        if (needed > smallBytes_) {
            small_ = std::make_unique_for_overwrite<std::uint8_t[]>(needed);
            smallBytes_ = needed;
        }
        return check(tjDecompress2(handle_.get(), stripped.data(), stripped.size(), small_.get(), columns, 0, lines,
                                   TJPF_GRAY, kDecodeFlags));
    });
}

}  // namespace edge
