// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>

#include "core/time/time.hpp"

namespace edge {

/// How Paho's receiving thread waits, made quick. Left alone (1.3.12 to 1.3.14, MQTTAsync_cycle and
/// Socket_getReadySocket), it sleeps 100 ms after every second in which nothing came, and as long as it has no socket;
/// it notices only once a second that a connection stands; it looks only once a second whether the rest of a packet
/// that did not fit into the socket's buffer fits now, so that a picture goes out in pieces a second apart; it wakes
/// every second for a ping that is due in a minute; and it leaves Nagle's algorithm and delayed acknowledgements on,
/// which together hold a small packet back for 40 ms. Paho has no option for any of this and hands out no descriptor,
/// so this room defines the two functions of the C library in which that thread waits, usleep() and poll(), for the
/// whole process. Every other thread gets what the C library does. A library that does not call them just waits as
/// before.
///
/// A connection marks itself as long as it is being made: then the thread looks for it quickly. Any thread.
class ConnectingMark {
  public:
    ConnectingMark() = default;
    ~ConnectingMark() { end(); }
    ConnectingMark(const ConnectingMark&) = delete;
    ConnectingMark& operator=(const ConnectingMark&) = delete;

    void begin();
    /// It stands. `keepAlive` is the one that Paho was told: by it, a connection where nothing happens is looked at
    /// less often than every second.
    void connected(seconds keepAlive);
    void end();

  private:
    std::atomic<bool> isSet_{false};
};

/// When a socket of Paho's that had been full last had room again, which the other side's acknowledgements make, or
/// when more came of a packet that holds back everything behind it; SteadyTime::min() when neither ever was. Any
/// thread.
[[nodiscard]] SteadyTime lastLineProgress();
void noteLineProgress();

}  // namespace edge
