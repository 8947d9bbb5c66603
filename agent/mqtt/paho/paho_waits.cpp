// SPDX-License-Identifier: MIT
#include "mqtt/paho/paho_waits.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <pthread.h>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "mqtt/paho/write_room.hpp"

namespace edge {
namespace {

using std::chrono::microseconds;

constexpr milliseconds kLongestPause{100};
/// For how long Paho waits for something to read before it looks at its clocks.
constexpr milliseconds kPahosWait{1000};
/// As long as its longest pause between two looks whether a ping is due (setRetryLoopInterval).
constexpr milliseconds kLongestWait{5000};
/// While a picture is on its way the thread must not read, but it may not spin either.
constexpr milliseconds kWritePause{2};

/// Connections that are being made, the one there is, and the receiving thread that waits for their sockets. Never
/// destroyed: Paho's threads outlive main().
struct Connecting {
    UniqueFd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  ///< ends a wait: another connection begins
    std::atomic<milliseconds> wait{kPahosWait};               ///< of the connection there is
    std::atomic<SteadyTime> lineProgress{SteadyTime::min()};
    std::mutex mutex;
    std::condition_variable begun;
    std::atomic<int> count{0};
    std::atomic<unsigned> beginnings{0};  ///< changed under the mutex
};

Connecting& connecting() {
    static auto* const instance = new Connecting;
    return *instance;
}

/// Of the receiving thread.
struct Receiver {
    bool hasSocket = false;        ///< it has polled since its last pause
    bool hasWaited = false;        ///< … for as long as it was told, so that the pause is left out
    unsigned beginnings = 0;       ///< of connections, as known at the last pause
    milliseconds pause{1};         ///< the next one without a socket
    unsigned generation = 0;       ///< of connections, as known to `connected`
    std::vector<int> connected{};  ///< the sockets of which Paho has noticed that they are
    WriteRoom room{};
    std::vector<pollfd> waits{};
};

/// nullptr on every other thread.
Receiver* receiver() {
    thread_local const bool isReceiver = [] {
        std::array<char, 16> name{};
        return pthread_getname_np(pthread_self(), name.data(), name.size()) == 0 &&
               std::string_view(name.data()) == "MQTTAsync_rcv";
    }();
    if (!isReceiver) return nullptr;
    thread_local Receiver state;
    return &state;
}

void pauseWithoutSocket(Receiver& state) {
    Connecting& all = connecting();
    std::unique_lock lock(all.mutex);
    if (state.beginnings == all.beginnings) {
        all.begun.wait_for(lock, state.pause, [&] { return state.beginnings != all.beginnings; });
    }
    state.pause = std::min(state.pause * 2, kLongestPause);
    if (state.beginnings != all.beginnings) state.pause = milliseconds{1};  // its socket comes any moment
    state.beginnings = all.beginnings;
}

void pauseReceiver(Receiver& state) {
    const bool hasSocket = std::exchange(state.hasSocket, false);
    if (std::exchange(state.hasWaited, false)) return;
    if (!hasSocket) return pauseWithoutSocket(state);
    std::this_thread::sleep_for(kWritePause);
}

void setTcp(int socket, int option) {
    const int on = 1;
    (void)::setsockopt(socket, IPPROTO_TCP, option, &on, sizeof on);  // what is no TCP socket has no such option
}

int waitFor(pollfd* sockets, nfds_t count, int timeoutMs) {
    const timespec limit{timeoutMs / 1000, timeoutMs % 1000 * 1'000'000L};
    return ::ppoll(sockets, count, timeoutMs < 0 ? nullptr : &limit, nullptr);
}

/// The socket that is being connected, also where it is already, but Paho has not noticed; -1 where there is none.
/// (With each connection that begins all are looked at anew: a descriptor may be another socket's by now.)
int pendingSocket(Receiver& state, const pollfd* sockets, nfds_t count) {
    const unsigned generation = connecting().beginnings;
    if (std::exchange(state.generation, generation) != generation) state.connected.clear();
    for (nfds_t i = 0; i < count; ++i) {
        setTcp(sockets[i].fd, TCP_NODELAY);
        state.room.watch(sockets[i].fd);
        const auto& known = state.connected;
        if (std::find(known.begin(), known.end(), sockets[i].fd) == known.end()) return sockets[i].fd;
    }
    return -1;
}

/// A socket that connects is ready when it can be written. Paho waits for what can be read, but looks before every wait
/// at what can be written: so this ends the wait as if its time were over. False: it did not become ready in time.
bool waitForConnection(int socket, int timeoutMs) {
    pollfd connecting{socket, POLLOUT, 0};
    return waitFor(&connecting, 1, timeoutMs) > 0;
}

/// For something to read; for room to write the rest of what did not fit into a socket's buffer, which Paho does only
/// between two waits, so that this ends as if its time were over; or for a connection that begins.
int waitForSockets(Receiver& state, pollfd* sockets, nfds_t count, int timeoutMs) {
    auto& all = state.waits;
    all.assign(sockets, sockets + count);
    all.push_back({state.room.fd(), POLLIN, 0});
    all.push_back({connecting().wake.get(), POLLIN, 0});
    int ready = waitFor(all.data(), all.size(), timeoutMs);
    for (nfds_t i = 0; i < count; ++i) sockets[i].revents = ready > 0 ? all[i].revents : short{0};
    if (ready <= 0) return ready;
    if (all[count].revents != 0) {
        state.room.forget();
        noteLineProgress();
        --ready;
    }
    if (all[count + 1].revents != 0) {
        eventfd_t times = 0;
        (void)::eventfd_read(connecting().wake.get(), &times);
        --ready;
    }
    return ready;
}

int pollOfReceiver(Receiver& state, pollfd* sockets, nfds_t count, int timeoutMs) {
    state.hasSocket = count > 0;
    state.hasWaited = true;
    // What has come is acknowledged before waiting for more, so that the broker's next small packet may leave.
    for (nfds_t i = 0; i < count; ++i) setTcp(sockets[i].fd, TCP_QUICKACK);
    const bool isConnecting = connecting().count > 0;
    const int pending = isConnecting ? pendingSocket(state, sockets, count) : -1;
    if (pending >= 0) {
        if (waitForConnection(pending, timeoutMs)) state.connected.push_back(pending);
        for (nfds_t i = 0; i < count; ++i) sockets[i].revents = 0;
        return 0;
    }
    const bool mayRest = !isConnecting && timeoutMs == kPahosWait.count();
    const int ready =
        waitForSockets(state, sockets, count, mayRest ? static_cast<int>(connecting().wait.load().count()) : timeoutMs);
    state.hasWaited = ready == 0;
    return ready;
}

}  // namespace

void ConnectingMark::begin() {
    if (isSet_.exchange(true)) return;
    Connecting& all = connecting();
    const std::lock_guard lock(all.mutex);
    ++all.count;
    ++all.beginnings;
    all.begun.notify_all();
    (void)::eventfd_write(all.wake.get(), 1);
}

void ConnectingMark::connected(seconds keepAlive) {
    constexpr int kLooksPerKeepAlive = 10;  // Paho's own number
    connecting().wait =
        std::clamp<milliseconds>(milliseconds(keepAlive) / kLooksPerKeepAlive, kPahosWait, kLongestWait);
    end();
}

void ConnectingMark::end() {
    if (isSet_.exchange(false)) --connecting().count;
}

SteadyTime lastLineProgress() {
    return connecting().lineProgress;
}

void noteLineProgress() {
    connecting().lineProgress = std::chrono::steady_clock::now();
}

// By these names the linker finds them before the C library's; with names of our own, no header's declaration (which
// may be an inline function) is in the way.
extern "C" int edgePoll(pollfd* sockets, nfds_t count, int timeoutMs) __asm__("poll");
extern "C" int edgeUsleep(useconds_t time) __asm__("usleep");

extern "C" int edgePoll(pollfd* sockets, nfds_t count, int timeoutMs) {
    Receiver* const state = timeoutMs > 0 ? receiver() : nullptr;
    return state != nullptr ? pollOfReceiver(*state, sockets, count, timeoutMs) : waitFor(sockets, count, timeoutMs);
}

extern "C" int edgeUsleep(useconds_t time) {
    Receiver* const state = receiver();
    if (state != nullptr) {
        pauseReceiver(*state);
    } else {
        std::this_thread::sleep_for(microseconds{time});
    }
    return 0;
}

}  // namespace edge
