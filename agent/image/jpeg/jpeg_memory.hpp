// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace edge {

/// Memory to encode into, kept when a picture is gone for one of the next: the kernel would have to fill fresh memory
/// page by page, which costs more than a copy. Thread: one; what it gave may be let go on any, and later than this.
class JpegMemory {
  public:
    JpegMemory();

    /// At least so many bytes, of any content. nullptr when there is no memory.
    std::shared_ptr<std::uint8_t> take(std::size_t bytes);

  private:
    struct Kept;
    std::shared_ptr<Kept> kept_;
};

}  // namespace edge
