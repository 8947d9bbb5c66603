// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace edge {

/// A finished JPEG. A copy shares its memory, which goes back to whoever made it with the last one. Thread: any.
class JpegBytes {
  public:
    JpegBytes() = default;
    explicit JpegBytes(std::vector<std::uint8_t> bytes) {
        const auto kept = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
        bytes_ = *kept;
        memory_ = kept;
    }
    /// `bytes` are in what `memory` keeps.
    JpegBytes(std::shared_ptr<const void> memory, std::span<const std::uint8_t> bytes)
        : memory_(std::move(memory)), bytes_(bytes) {}

    [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] const std::uint8_t* begin() const { return bytes_.data(); }
    [[nodiscard]] const std::uint8_t* end() const { return bytes_.data() + bytes_.size(); }

  private:
    std::shared_ptr<const void> memory_;
    std::span<const std::uint8_t> bytes_;
};

}  // namespace edge
