// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "camera/ipc/protocol.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// The agent's end of a PictureOutbox: the memory that came for each slot, and the pictures in it. The camera program
/// is not trusted: it may write at any time, so a picture is copied once, and only the copy is looked at. Thread: the
/// loop's.
class PictureInbox {
  public:
    /// The picture of `bytes` bytes that was left in a slot (below kMaxUnderWay). `memory` is what came with the
    /// message; none where the picture is in the memory that came before. Refused (kInvalid): what is no memory, which
    /// could make us wait, too short, or does not begin as a JPEG does. Errors: kIo.
    Result<std::string> take(std::size_t slot, std::uint64_t bytes, UniqueFd memory);

    /// The camera program that all of it belonged to is gone.
    void clear() { kept_ = {}; }

  private:
    std::array<UniqueFd, kMaxUnderWay> kept_;
};

}  // namespace edge
