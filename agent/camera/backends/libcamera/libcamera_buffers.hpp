// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include <libcamera/libcamera.h>

#include "core/result.hpp"
#include "image/frame.hpp"

namespace edge {

/// The memory of one frame buffer, readable. Stays valid when libcamera has forgotten the buffer.
class MappedBuffer {
  public:
    /// Errors: kIo.
    static Result<std::shared_ptr<MappedBuffer>> map(const libcamera::FrameBuffer& buffer);
    ~MappedBuffer();
    MappedBuffer(const MappedBuffer&) = delete;
    MappedBuffer& operator=(const MappedBuffer&) = delete;

    /// The frame in it; nullopt where the buffer is too small for what the stream says, or holds nothing.
    [[nodiscard]] std::optional<FrameView> view(const libcamera::StreamConfiguration& stream, PixelFormat format,
                                                ColorRange range, const libcamera::FrameMetadata& metadata) const;

    /// Around every access: what the CPU sees in its caches may be older than what the camera wrote.
    void beginAccess() const;
    void endAccess() const;

  private:
    struct Block {
        libcamera::SharedFD fd;
        std::uint8_t* data = nullptr;
        std::size_t bytes = 0;
    };
    struct Slice {
        const std::uint8_t* data = nullptr;
        std::size_t bytes = 0;
    };

    MappedBuffer() = default;
    void synchronise(unsigned long flags) const;

    std::vector<Block> blocks_;
    std::vector<Slice> planes_;
};

}  // namespace edge
