// SPDX-License-Identifier: MIT
#pragma once

#include "core/system/files.hpp"

namespace edge {

/// Tells that a socket whose buffer was full has room again: once each time, and nothing about sockets that never were
/// full. (epoll(7), edge-triggered.) Sockets that are closed leave it by themselves. Thread: one.
class WriteRoom {
  public:
    WriteRoom();

    /// From now on; again is harmless. The first time counts as an event when there is room.
    void watch(int socket);
    /// Readable from an event until forget(); -1, of which poll() takes no notice, when the system has no more
    /// descriptors.
    [[nodiscard]] int fd() const { return epoll_.get(); }
    void forget();

  private:
    UniqueFd epoll_;
};

}  // namespace edge
