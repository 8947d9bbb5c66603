// SPDX-License-Identifier: MIT
#include "image/jpeg/turbo.hpp"

#include <array>
#include <new>
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

static_assert(TJSAMP_444 == static_cast<int>(Chroma::k444) && TJSAMP_GRAY == static_cast<int>(Chroma::kNone) &&
              TJSAMP_411 == static_cast<int>(Chroma::k411));

/// Of an RGB format. libcamera and DRM name a little-endian number, TurboJPEG the bytes.
int turboPixelFormat(PixelFormat format) {
    constexpr std::array kFormats{TJPF_BGR, TJPF_RGB, TJPF_BGRX, TJPF_RGBX};  // in the order of PixelFormat
    return kFormats.at(static_cast<std::size_t>(format) - static_cast<std::size_t>(PixelFormat::kRgb888));
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

tl::unexpected<Error> cannotEncode(void* handle) {
    return fail(Errc::kInternal, fmt::format("cannot encode the picture: {}", tjGetErrorStr2(handle)));
}

}  // namespace

void CloseTurbo::operator()(void* handle) const {
    tjDestroy(handle);
}

// ---- TurboEncoder

TurboEncoder::TurboEncoder() : handle_(tjInitCompress()) {}

Result<EncodedJpeg> TurboEncoder::encode(const PlanarView& planes, int quality, std::size_t headroom) {
    const int subsampling = static_cast<int>(planes.chroma);
    std::array<const std::uint8_t*, 3> pointers{};
    std::array<int, 3> strides{};
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        pointers[i] = planes.planes[i].data;
        strides[i] = static_cast<int>(planes.planes[i].strideBytes);
    }
    // The largest that any picture of this size can become, so that TurboJPEG never has to grow it. Untouched pages of
    // it cost nothing.
    unsigned long size = tjBufSize(planes.width, planes.height, subsampling);
    const std::shared_ptr<std::uint8_t> memory(new (std::nothrow) std::uint8_t[headroom + size],
                                               std::default_delete<std::uint8_t[]>());
    if (memory == nullptr)
        return fail(Errc::kInternal, fmt::format("no memory to encode {}x{} pixels", planes.width, planes.height));
    std::uint8_t* out = memory.get() + headroom;
    if (tjCompressFromYUVPlanes(handle_.get(), pointers.data(), planes.width, strides.data(), planes.height,
                                subsampling, &out, &size, quality, TJFLAG_NOREALLOC) != 0) {
        return cannotEncode(handle_.get());
    }
    return EncodedJpeg{memory, {out, size}};
}

Result<PlanarView> TurboEncoder::rgbToPlanes(const FrameView& frame, PlanarBuffer& target) {
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
    handle_.reset(tjInitDecompress());  // libjpeg would take tables that this picture lacks from the one before it
    isOneScan_ = layout.oneScan;
    auto decoded = decode(stripJpeg(jpeg, layout));
    if (decoded || !layout.oneScan) return decoded;
    auto body = followScan(jpeg, layout);
    if (!body) return decoded;
    layout.body = std::move(*body);
    return decode(stripJpeg(jpeg, layout));
}

Result<TurboDecoder::Header> TurboDecoder::readHeader(Bytes jpeg) {
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
        const bool isNamed = header.subsampling >= 0 && header.subsampling <= TJSAMP_411;
        const bool isPlanar = header.colourSpace == TJCS_YCbCr || header.colourSpace == TJCS_GRAY;
        if (!isNamed || !isPlanar) return decodeThroughRgb(stripped, header, target);
        target.shape(header.width, header.height, static_cast<Chroma>(header.subsampling));
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
    const std::size_t pixels = static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.height);
    const auto rgbx = std::make_unique_for_overwrite<std::uint8_t[]>(pixels * 4);
    const int result = tjDecompress2(handle_.get(), jpeg.data(), jpeg.size(), rgbx.get(), header.width, 0,
                                     header.height, TJPF_RGBX, kDecodeFlags);
    TRY(check(result));
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
        if (small_.size() < needed) small_.resize(needed);
        return check(tjDecompress2(handle_.get(), stripped.data(), stripped.size(), small_.data(), columns, 0, lines,
                                   TJPF_GRAY, kDecodeFlags));
    });
}

}  // namespace edge
