// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "camera/ipc/protocol.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// Where the camera program leaves its pictures for one agent: a memory file in each slot, which the slot's next
/// picture is written over. To make one for every picture, fill it page by page and take it apart again costs more
/// than the copy. Thread: the loop's.
class PictureOutbox {
  public:
    /// Leaves a picture in a slot (below kMaxUnderWay) whose last one nobody reads any more. Returns the memory that
    /// has to go to the agent with the message; none where the agent has it. Errors: kIo.
    Result<UniqueFd> put(std::size_t slot, std::span<const std::uint8_t> jpeg);

  private:
    std::array<UniqueFd, kMaxUnderWay> kept_;
};

}  // namespace edge
