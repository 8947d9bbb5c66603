// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera/libcamera_buffers.hpp"

#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include <fmt/core.h>

namespace edge {
namespace {

struct Layout {
    std::size_t planes;
    std::size_t chromaStrideDivisor;  ///< of the first plane's stride
};

Layout layoutOf(PixelFormat format) {
    switch (format) {
        case PixelFormat::kYuv420:
            return {3, 2};
        case PixelFormat::kNv12:
        case PixelFormat::kNv21:
            return {2, 1};
        default:
            return {1, 1};
    }
}

}  // namespace

Result<std::shared_ptr<MappedBuffer>> MappedBuffer::map(const libcamera::FrameBuffer& buffer) {
    std::shared_ptr<MappedBuffer> mapped(new MappedBuffer);
    std::map<int, std::size_t> sizes;
    constexpr auto kNoOffset = libcamera::FrameBuffer::Plane::kInvalidOffset;
    for (const auto& plane : buffer.planes()) {
        const std::size_t offset = plane.offset == kNoOffset ? 0 : plane.offset;
        auto& size = sizes[plane.fd.get()];
        size = std::max(size, offset + plane.length);
    }
    std::map<int, std::uint8_t*> starts;
    for (const auto& plane : buffer.planes()) {
        const int fd = plane.fd.get();
        if (!starts.contains(fd)) {
            void* data = ::mmap(nullptr, sizes[fd], PROT_READ, MAP_SHARED, fd, 0);
            if (data == MAP_FAILED) {
                return fail(Errc::kIo, "cannot map a camera buffer: " + std::generic_category().message(errno));
            }
            starts[fd] = static_cast<std::uint8_t*>(data);
            mapped->blocks_.push_back({plane.fd, starts[fd], sizes[fd]});
        }
        const std::size_t offset = plane.offset == kNoOffset ? 0 : plane.offset;
        mapped->planes_.push_back({starts[fd] + offset, plane.length});
    }
    if (mapped->planes_.empty()) return fail(Errc::kIo, "a camera buffer has no memory");
    return mapped;
}

MappedBuffer::~MappedBuffer() {
    for (const Block& block : blocks_) ::munmap(block.data, block.bytes);
}

std::optional<FrameView> MappedBuffer::view(const libcamera::StreamConfiguration& stream, PixelFormat format,
                                            ColorRange range, const libcamera::FrameMetadata& metadata) const {
    FrameView view;
    view.format = format;
    view.range = range;
    view.width = static_cast<int>(stream.size.width);
    view.height = static_cast<int>(stream.size.height);
    const Layout layout = layoutOf(format);
    const std::size_t stride = stream.stride;
    if (format == PixelFormat::kMjpeg) {
        const std::size_t used = metadata.planes().empty() ? 0 : metadata.planes()[0].bytesused;
        if (used == 0 || used > planes_[0].bytes) return std::nullopt;
        view.planes[0] = {planes_[0].data, used, used};
        return view;
    }
    if (planes_.size() >= layout.planes) {
        for (std::size_t i = 0; i < layout.planes; ++i) {
            view.planes[i] = {planes_[i].data, planes_[i].bytes, i == 0 ? stride : stride / layout.chromaStrideDivisor};
        }
        return view;
    }
    // One piece of memory with all planes in it, one after the other.
    std::size_t offset = 0;
    for (std::size_t i = 0; i < layout.planes; ++i) {
        const std::size_t planeStride = i == 0 ? stride : stride / layout.chromaStrideDivisor;
        const std::size_t rows = i == 0 ? stream.size.height : (stream.size.height + 1) / 2;
        if (offset + planeStride * rows > planes_[0].bytes) return std::nullopt;
        view.planes[i] = {planes_[0].data + offset, planeStride * rows, planeStride};
        offset += planeStride * rows;
    }
    return view;
}

void MappedBuffer::beginAccess() const {
    synchronise(DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
}

void MappedBuffer::endAccess() const {
    synchronise(DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

void MappedBuffer::synchronise(unsigned long flags) const {
    for (const Block& block : blocks_) {
        dma_buf_sync sync{};
        sync.flags = flags;
        // Memory that is no dma-buf (a virtual camera's) refuses, and needs none of it.
        while (::ioctl(block.fd.get(), DMA_BUF_IOCTL_SYNC, &sync) < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    }
}

}  // namespace edge
