// SPDX-License-Identifier: MIT
#include "image/turbo_encoder.hpp"

#include <array>
#include <turbojpeg.h>
#include <utility>

#include <fmt/format.h>

#include "image/turbo_names.hpp"

namespace edge {
namespace {

using Pointers = std::array<const std::uint8_t*, 3>;
using Strides = std::array<int, 3>;

tl::unexpected<Error> turboFailed(void* handle) {
    return fail(Errc::kInternal, fmt::format("the picture could not be encoded: {}", tjGetErrorStr2(handle)));
}

}  // namespace

bool isRgb(PixelFormat format) {
    return turboPixelFormat(format).has_value();
}

void TurboEncoder::CloseHandle::operator()(void* handle) const {
    tjDestroy(handle);
}

TurboEncoder::TurboEncoder() : handle_(tjInitCompress()) {}

Result<void> TurboEncoder::open() {
    if (handle_ == nullptr) handle_.reset(tjInitCompress());
    if (handle_ == nullptr) return fail(Errc::kInternal, "TurboJPEG could not be started: out of memory");
    return {};
}

Result<TurboEncoder::Room> TurboEncoder::reserve(int width, int height, int subsampling, std::size_t headroom) {
    if (auto opened = open(); !opened) return tl::unexpected(opened.error());
    // The largest that any picture of this size can become, so that TurboJPEG never has to grow it. Untouched pages of
    // it cost nothing.
    const unsigned long largest = tjBufSize(width, height, subsampling);
    last_ = {};
    last_.memory = memory_.take(headroom + largest);
    if (last_.memory == nullptr)
        return fail(Errc::kInternal, fmt::format("no memory to encode {}x{} pixels", width, height));
    return Room{last_.memory.get() + headroom, largest};
}

TurboEncoder::Taken TurboEncoder::take() {
    return std::exchange(last_, {});
}

Result<std::span<const std::uint8_t>> TurboEncoder::encodePlanes(const PlanarView& planes, int quality,
                                                                 std::size_t headroom) {
    const int subsampling = turboSubsampling(planes.chroma);
    auto room = reserve(planes.width, planes.height, subsampling, headroom);
    if (!room) return tl::unexpected(room.error());
    Pointers pointers{};
    Strides strides{};
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        pointers[i] = planes.planes[i].data;
        strides[i] = static_cast<int>(planes.planes[i].strideBytes);
    }
    if (tjCompressFromYUVPlanes(handle_.get(), pointers.data(), planes.width, strides.data(), planes.height,
                                subsampling, &room->begin, &room->bytes, quality, TJFLAG_NOREALLOC) != 0) {
        return turboFailed(handle_.get());
    }
    return last_.jpeg = {room->begin, room->bytes};
}

Result<std::span<const std::uint8_t>> TurboEncoder::encodeRgb(const FrameView& frame, int quality,
                                                              std::size_t headroom) {
    auto room = reserve(frame.width, frame.height, TJSAMP_420, headroom);
    if (!room) return tl::unexpected(room.error());
    const Plane& plane = frame.planes[0];
    if (tjCompress2(handle_.get(), plane.data, frame.width, static_cast<int>(plane.strideBytes), frame.height,
                    turboPixelFormat(frame.format).value_or(TJPF_UNKNOWN), &room->begin, &room->bytes, TJSAMP_420,
                    quality, TJFLAG_NOREALLOC) != 0) {
        return turboFailed(handle_.get());
    }
    return last_.jpeg = {room->begin, room->bytes};
}

Result<PlanarView> TurboEncoder::rgbToPlanes(const FrameView& frame, PlanarBuffer& target) {
    if (auto opened = open(); !opened) return tl::unexpected(opened.error());
    target.shape(frame.width, frame.height, Chroma::k420);
    std::array<std::uint8_t*, 3> pointers{target.data(0), target.data(1), target.data(2)};
    Strides strides{};
    for (int i = 0; i < 3; ++i) strides[static_cast<std::size_t>(i)] = static_cast<int>(target.strideBytes(i));
    const Plane& plane = frame.planes[0];
    if (tjEncodeYUVPlanes(handle_.get(), plane.data, frame.width, static_cast<int>(plane.strideBytes), frame.height,
                          turboPixelFormat(frame.format).value_or(TJPF_UNKNOWN), pointers.data(), strides.data(),
                          TJSAMP_420, 0) != 0) {
        return turboFailed(handle_.get());
    }
    return target.view();
}

}  // namespace edge
