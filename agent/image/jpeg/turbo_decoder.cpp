// SPDX-License-Identifier: MIT
#include "image/jpeg/turbo_decoder.hpp"

#include <array>
#include <string_view>
#include <turbojpeg.h>

#include <fmt/format.h>

#include "image/jpeg/jpeg_scan.hpp"
#include "image/jpeg/turbo_encoder.hpp"
#include "image/jpeg/turbo_names.hpp"

namespace edge {
namespace {

/// Without STOPONWARNING only the last warning of many would be known.
constexpr int kFlags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;

/// Many webcams pad a frame before its end marker. Of a JPEG in one scan libjpeg has delivered every
/// row by the time it says so.
constexpr std::string_view kHarmless = "extraneous bytes before marker 0xd9";

/// False: there were none, or there is more to it.
bool leaveOutStrayBytes(std::span<const std::uint8_t> jpeg, JpegLayout& layout) {
    if (!layout.oneScan) return false;
    auto body = followScan(jpeg, layout);
    if (!body) return false;
    layout.body = std::move(*body);
    return true;
}

/// Adobe writes CMYK inverted (255 = no ink); in place, to R, G, B, X.
void cmykToRgbx(std::uint8_t* pixels, std::size_t count) {
    for (std::uint8_t* p = pixels; p != pixels + count * 4; p += 4) {
        for (int i = 0; i < 3; ++i) p[i] = static_cast<std::uint8_t>((p[i] * p[3] + 127) / 255);
    }
}

}  // namespace

void TurboDecoder::CloseHandle::operator()(void* handle) const {
    tjDestroy(handle);
}

TurboDecoder::TurboDecoder() : handle_(tjInitDecompress()) {}

Result<void> TurboDecoder::check(int result) const {
    if (result == 0) return {};
    const std::string_view message = tjGetErrorStr2(handle_.get());
    const bool complete = isOneScan_ && tjGetErrorCode(handle_.get()) == TJERR_WARNING &&
                          message.find(kHarmless) != std::string_view::npos;
    if (complete) return {};
    return fail(Errc::kFault, fmt::format("the JPEG is damaged: {}", message));
}

Result<TurboDecoder::Header> TurboDecoder::readHeader(std::span<const std::uint8_t> jpeg) {
    if (handle_ == nullptr) return fail(Errc::kInternal, "TurboJPEG could not be started: out of memory");
    Header header;
    const int result = tjDecompressHeader3(handle_.get(), jpeg.data(), jpeg.size(), &header.width, &header.height,
                                           &header.subsampling, &header.colourSpace);
    // It fails also where only the subsampling is unusual; then everything but that has been filled in.
    if (result != 0 && (header.width < 1 || header.height < 1 || header.colourSpace < 0)) {
        return fail(Errc::kFault, fmt::format("the JPEG is damaged: {}", tjGetErrorStr2(handle_.get())));
    }
    return header;
}

Result<PlanarView> TurboDecoder::decode(std::span<const std::uint8_t> jpeg, JpegLayout& layout, PlanarBuffer& target) {
    isOneScan_ = layout.oneScan;
    auto decoded = decodeStrictly(stripJpeg(jpeg, layout), target);
    if (decoded || !leaveOutStrayBytes(jpeg, layout)) return decoded;
    return decodeStrictly(stripJpeg(jpeg, layout), target);
}

Result<PlanarView> TurboDecoder::decodeStrictly(std::span<const std::uint8_t> jpeg, PlanarBuffer& target) {
    const auto header = readHeader(jpeg);
    if (!header) return tl::unexpected(header.error());
    const auto chroma = chromaOfTurbo(header->subsampling);
    const bool planar = chroma && (header->colourSpace == TJCS_YCbCr || header->colourSpace == TJCS_GRAY);
    if (!planar) return decodeThroughRgb(jpeg, *header, target);
    target.shape(header->width, header->height, *chroma);
    return decodePlanes(jpeg, target);
}

Result<PlanarView> TurboDecoder::decodePlanes(std::span<const std::uint8_t> jpeg, PlanarBuffer& target) {
    std::array<std::uint8_t*, 3> pointers{};
    std::array<int, 3> strides{};
    for (int i = 0; i < planeCount(target.chroma()); ++i) {
        pointers[static_cast<std::size_t>(i)] = target.data(i);
        strides[static_cast<std::size_t>(i)] = static_cast<int>(target.strideBytes(i));
    }
    const int result = tjDecompressToYUVPlanes(handle_.get(), jpeg.data(), jpeg.size(), pointers.data(), target.width(),
                                               strides.data(), target.height(), kFlags);
    if (auto done = check(result); !done) return tl::unexpected(done.error());
    return target.view();
}

Result<PlanarView> TurboDecoder::decodeThroughRgb(std::span<const std::uint8_t> jpeg, const Header& header,
                                                  PlanarBuffer& target) {
    const bool inks = header.colourSpace == TJCS_CMYK || header.colourSpace == TJCS_YCCK;  // TurboJPEG gives CMYK only
    const std::size_t pixels = static_cast<std::size_t>(header.width) * static_cast<std::size_t>(header.height);
    const auto rgbx = std::make_unique_for_overwrite<std::uint8_t[]>(pixels * 4);
    const int result = tjDecompress2(handle_.get(), jpeg.data(), jpeg.size(), rgbx.get(), header.width, 0,
                                     header.height, inks ? TJPF_CMYK : TJPF_RGBX, kFlags);
    if (auto done = check(result); !done) return tl::unexpected(done.error());
    if (inks) cmykToRgbx(rgbx.get(), pixels);
    FrameView frame{PixelFormat::kXbgr8888, ColorRange::kFull, header.width, header.height, {}};
    frame.planes[0] = {rgbx.get(), pixels * 4, static_cast<std::size_t>(header.width) * 4};
    return TurboEncoder().rgbToPlanes(frame, target);
}

Result<void> TurboDecoder::verify(std::span<const std::uint8_t> jpeg, JpegLayout& layout) {
    isOneScan_ = layout.oneScan;
    auto verified = verifyStrictly(stripJpeg(jpeg, layout));
    if (verified || !leaveOutStrayBytes(jpeg, layout)) return verified;
    return verifyStrictly(stripJpeg(jpeg, layout));
}

Result<void> TurboDecoder::verifyStrictly(std::span<const std::uint8_t> jpeg) {
    const auto header = readHeader(jpeg);
    if (!header) return tl::unexpected(header.error());
    // At an eighth of the size and without colour hardly anything is left but the Huffman decoding, which is what
    // damage breaks.
    constexpr tjscalingfactor kEighth{1, 8};
    const int columns = TJSCALED(header->width, kEighth);
    const int lines = TJSCALED(header->height, kEighth);
    const std::size_t needed = static_cast<std::size_t>(columns) * static_cast<std::size_t>(lines);
    if (needed > smallBytes_) {
        small_ = std::make_unique_for_overwrite<std::uint8_t[]>(needed);
        smallBytes_ = needed;
    }
    return check(
        tjDecompress2(handle_.get(), jpeg.data(), jpeg.size(), small_.get(), columns, 0, lines, TJPF_GRAY, kFlags));
}

}  // namespace edge
