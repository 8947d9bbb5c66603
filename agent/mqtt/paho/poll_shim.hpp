// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "core/time/time.hpp"

namespace edge {

/// How Paho's receiving thread waits, made fast. By itself (1.3.12 to 1.3.14, MQTTAsync_cycle and
/// Socket_getReadySocket), it sleeps 100 ms after every second without input, and while it has no socket; it looks only
/// once a second whether a connection is established and whether the rest of a packet fits into the socket's buffer
/// now, so that a picture leaves in pieces a second apart; it wakes every second for a ping that is due in a minute;
/// and it leaves Nagle's algorithm and delayed acknowledgements on, which together hold a small packet back for 40 ms.
/// Paho has no option for any of this and exposes no descriptor, so this file defines the two functions of the C
/// library in which that thread waits, usleep() and poll(), for the whole process. For every other thread they do what
/// the C library's do. A library that does not call them waits as before.
///
/// A ConnectScope lasts as long as a connection is being made: meanwhile the thread looks for its socket. Thread: any.
class ConnectScope {
  public:
    ConnectScope() = default;
    ~ConnectScope() { end(); }
    ConnectScope(const ConnectScope&) = delete;
    ConnectScope& operator=(const ConnectScope&) = delete;

    void begin();
    /// The connection is established, with this keep-alive: an idle one is looked at every tenth of it (1 to 5 s).
    void connected(seconds keepAlive);
    void end();

  private:
    std::atomic<bool> isOpen_{false};
};

/// When a socket of Paho's that had been full last became writable, which the peer's acknowledgements cause, or when
/// more arrived of a packet that delays everything behind it; SteadyTime::min() when neither ever happened. Thread:
/// any.
[[nodiscard]] SteadyTime lastLineProgress();
void noteLineProgress();

/// Whether the name of the calling thread begins with `prefix`: Paho's are "MQTTAsync_rcv" and "MQTTAsync_snd".
[[nodiscard]] bool isThreadNamed(const char* prefix);

}  // namespace edge
