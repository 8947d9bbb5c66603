// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "camera/ipc/protocol.hpp"
#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// How a JPEG goes from the camera program to the agent: in a memory file that is sent along with the first picture
/// and written over by the following ones. Reusing it takes a third of the time (or less) of a new file for each
/// picture, whose pages must be allocated, cleared and freed. A capture's file is number `id % kMaxPending`: with the
/// window of the protocol, the agent has read it before the next capture uses it.

/// The camera program's end of one connection. Thread: the loop's.
class SharedJpegWriter {
  public:
    /// Returns the memory file to send with the message; none where the agent has it already. Errors: kIo.
    Result<UniqueFd> write(std::uint64_t id, std::span<const std::uint8_t> jpeg);

  private:
    std::array<UniqueFd, kMaxPending> kept_;
};

/// The agent's end. The camera program is not trusted: it may write at any time, so a picture is copied once, and only
/// the copy is looked at. Thread: the loop's.
class SharedJpegReader {
  public:
    /// The picture of `bytes` bytes. `memory` is what came with the message, if anything. Errors: kIo; kInvalid: not a
    /// memory file (reading it could block), too short, or not a JPEG.
    Result<std::string> read(std::uint64_t id, std::uint64_t bytes, UniqueFd memory);

    /// The camera program is gone, and its files with it.
    void clear() { kept_ = {}; }

  private:
    std::array<UniqueFd, kMaxPending> kept_;
};

}  // namespace edge
