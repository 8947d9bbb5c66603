// SPDX-License-Identifier: MIT
#include "image/jpeg/turbo_encoder.hpp"

#include <array>
#include <turbojpeg.h>
#include <utility>

#include <fmt/format.h>

#include "image/jpeg/turbo_names.hpp"

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

Result<void> TurboEncoder::reserve(int width, int height, int subsampling, std::size_t headroom) {
    if (auto opened = open(); !opened) return opened;
    // The largest that any picture of this size can become, so that TurboJPEG never has to grow it. Untouched pages of
    // it cost nothing.
    const std::size_t largest = tjBufSize(width, height, subsampling);
    last_ = {};
    last_.memory = memory_.take(headroom + largest);
    if (last_.memory == nullptr)
        return fail(Errc::kInternal, fmt::format("no memory to encode {}x{} pixels", width, height));
    last_.jpeg = {last_.memory.get() + headroom, largest};
    return {};
}

TurboEncoder::Taken TurboEncoder::take() {
    return std::exchange(last_, {});
}

Result<std::span<const std::uint8_t>> TurboEncoder::encodePlanes(const PlanarView& planes, int quality,
                                                                 std::size_t headroom) {
    const int subsampling = turboSubsampling(planes.chroma);
    if (auto ready = reserve(planes.width, planes.height, subsampling, headroom); !ready)
        return tl::unexpected(ready.error());
    Pointers pointers{};
    Strides strides{};
    for (std::size_t i = 0; i < pointers.size(); ++i) {
        pointers[i] = planes.planes[i].data;
        strides[i] = static_cast<int>(planes.planes[i].strideBytes);
    }
    std::uint8_t* out = last_.jpeg.data();
    unsigned long size = last_.jpeg.size();
    if (tjCompressFromYUVPlanes(handle_.get(), pointers.data(), planes.width, strides.data(), planes.height,
                                subsampling, &out, &size, quality, TJFLAG_NOREALLOC) != 0) {
        return turboFailed(handle_.get());
    }
    return last_.jpeg = {out, size};
}

Result<std::span<const std::uint8_t>> TurboEncoder::encodeRgb(const FrameView& frame, int quality,
                                                              std::size_t headroom) {
    if (auto ready = reserve(frame.width, frame.height, TJSAMP_420, headroom); !ready)
        return tl::unexpected(ready.error());
    std::uint8_t* out = last_.jpeg.data();
    unsigned long size = last_.jpeg.size();
    const Plane& plane = frame.planes[0];
    if (tjCompress2(handle_.get(), plane.data, frame.width, static_cast<int>(plane.strideBytes), frame.height,
                    turboPixelFormat(frame.format).value_or(TJPF_UNKNOWN), &out, &size, TJSAMP_420, quality,
                    TJFLAG_NOREALLOC) != 0) {
        return turboFailed(handle_.get());
    }
    return last_.jpeg = {out, size};
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
