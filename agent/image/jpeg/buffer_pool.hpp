// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace edge {

/// Memory to encode into, kept for the next pictures: the kernel would have to fill fresh memory page by page, which
/// costs more than a copy. Thread: one; a buffer may be released on any, and later than the pool.
class BufferPool {
  public:
    BufferPool();

    /// At least `bytes` bytes, of any content. nullptr when there is no memory.
    std::shared_ptr<std::uint8_t> take(std::size_t bytes);

  private:
    struct Kept;
    std::shared_ptr<Kept> kept_;
};

}  // namespace edge
