// SPDX-License-Identifier: MIT
#include "mqtt/paho/poll_shim.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <pthread.h>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/system/files.hpp"

namespace edge {
namespace {

constexpr milliseconds kShortestPause{1};
constexpr milliseconds kLongestPause{100};
/// How long Paho waits for input before it looks at its timers.
constexpr milliseconds kPahosWait{1000};
/// Its longest interval between two checks whether a ping is due (setRetryLoopInterval).
constexpr milliseconds kLongestWait{5000};
/// While a packet is being written the thread must not read, but must not spin either.
constexpr milliseconds kWritePause{2};

/// Shared by all connections and the receiving thread. Never destroyed: Paho's threads outlive main().
struct Shared {
    UniqueFd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};  ///< readable: a connection begins
    std::atomic<int> connecting{0};                           ///< open ConnectScopes
    std::atomic<milliseconds> wait{kPahosWait};               ///< of the established connection
    std::atomic<SteadyTime> lineProgress{SteadyTime::min()};
};

Shared& shared() {
    static auto* const instance = new Shared;
    return *instance;
}

int waitFor(pollfd* sockets, nfds_t count, int timeoutMs) {
    const timespec limit{timeoutMs / 1000, timeoutMs % 1000 * 1'000'000L};
    return ::ppoll(sockets, count, timeoutMs < 0 ? nullptr : &limit, nullptr);
}

void setTcp(int socket, int option) {
    const int on = 1;
    (void)::setsockopt(socket, IPPROTO_TCP, option, &on, sizeof on);  // other sockets do not have the option
}

/// Of the receiving thread.
class Receiver {
  public:
    int poll(pollfd* sockets, nfds_t count, int timeoutMs) {
        hasSocket_ = count > 0;
        // What arrived is acknowledged before waiting for more, so that the broker's next small packet may leave.
        for (nfds_t i = 0; i < count; ++i) setTcp(sockets[i].fd, TCP_QUICKACK);
        const bool isConnecting = shared().connecting > 0;
        if (isConnecting) watchWritability(sockets, count);
        const bool mayRest = !isConnecting && timeoutMs == kPahosWait.count();
        const milliseconds limit = mayRest ? shared().wait.load() : milliseconds{timeoutMs};
        const int ready = waitForAny(sockets, count, static_cast<int>(limit.count()));
        hasWaited_ = ready == 0;
        return ready;
    }

    /// In place of Paho's sleep after poll().
    void pause() {
        const bool hasSocket = std::exchange(hasSocket_, false);
        if (std::exchange(hasWaited_, false)) return;
        if (hasSocket) return std::this_thread::sleep_for(kWritePause);
        pollfd wake{shared().wake.get(), POLLIN, 0};
        if (waitFor(&wake, 1, static_cast<int>(pause_.count())) > 0) clearWake();
        pause_ = std::min(pause_ * 2, kLongestPause);
    }

  private:
    /// Edge-triggered (epoll(7)): an event each time that a socket becomes writable, because it is connected or because
    /// its full buffer has room again. Sockets leave when they are closed. Watching one again changes nothing.
    void watchWritability(const pollfd* sockets, nfds_t count) {
        for (nfds_t i = 0; i < count; ++i) {
            setTcp(sockets[i].fd, TCP_NODELAY);
            epoll_event event{};
            event.events = EPOLLOUT | EPOLLET;
            (void)::epoll_ctl(writable_.get(), EPOLL_CTL_ADD, sockets[i].fd, &event);
        }
    }

    /// For input. Paho looks for what it can write only between two waits, so that a socket that becomes writable ends
    /// this as if its time were over; so does a connection that begins.
    int waitForAny(pollfd* sockets, nfds_t count, int timeoutMs) {
        all_.assign(sockets, sockets + count);
        all_.push_back({writable_.get(), POLLIN, 0});
        all_.push_back({shared().wake.get(), POLLIN, 0});
        // Paho acts on what became writable after the wait that follows the one that noticed it.
        if (std::exchange(becameWritable_, false)) timeoutMs = 0;
        int ready = waitFor(all_.data(), all_.size(), timeoutMs);
        for (nfds_t i = 0; i < count; ++i) sockets[i].revents = ready > 0 ? all_[i].revents : short{0};
        if (ready <= 0) return ready;
        if (all_[count].revents != 0) {
            std::array<epoll_event, 8> events{};
            while (::epoll_wait(writable_.get(), events.data(), static_cast<int>(events.size()), 0) > 0) continue;
            noteLineProgress();
            becameWritable_ = true;
            --ready;
        }
        if (all_[count + 1].revents != 0) {
            clearWake();
            --ready;
        }
        return ready;
    }

    void clearWake() {
        eventfd_t times = 0;
        (void)::eventfd_read(shared().wake.get(), &times);
        pause_ = kShortestPause;  // its socket is about to come
    }

    UniqueFd writable_{::epoll_create1(EPOLL_CLOEXEC)};
    std::vector<pollfd> all_;
    bool becameWritable_ = false;  ///< a socket did, during the last wait
    bool hasSocket_ = false;       ///< at the last poll()
    bool hasWaited_ = false;       ///< the last poll() did: the pause is left out
    milliseconds pause_ = kShortestPause;
};

/// nullptr on every other thread.
Receiver* receiver() {
    thread_local const bool isReceiver = isThreadNamed("MQTTAsync_rcv");
    if (!isReceiver) return nullptr;
    thread_local Receiver instance;
    return &instance;
}

}  // namespace

bool isThreadNamed(const char* prefix) {
    std::array<char, 16> name{};
    return pthread_getname_np(pthread_self(), name.data(), name.size()) == 0 &&
           std::string_view(name.data()).starts_with(prefix);
}

void ConnectScope::begin() {
    if (isOpen_.exchange(true)) return;
    ++shared().connecting;
    (void)::eventfd_write(shared().wake.get(), 1);
}

void ConnectScope::connected(seconds keepAlive) {
    constexpr int kChecksPerKeepAlive = 10;  // Paho's own number
    shared().wait = std::clamp<milliseconds>(milliseconds(keepAlive) / kChecksPerKeepAlive, kPahosWait, kLongestWait);
    end();
}

void ConnectScope::end() {
    if (isOpen_.exchange(false)) --shared().connecting;
}

SteadyTime lastLineProgress() {
    return shared().lineProgress;
}

void noteLineProgress() {
    shared().lineProgress = std::chrono::steady_clock::now();
}

// By these names the linker finds them before the C library's; with names of our own, no header's declaration (which
// may be an inline function) is in the way.
extern "C" int edgePoll(pollfd* sockets, nfds_t count, int timeoutMs) __asm__("poll");
extern "C" int edgeUsleep(useconds_t time) __asm__("usleep");

extern "C" int edgePoll(pollfd* sockets, nfds_t count, int timeoutMs) {
    Receiver* const thread = timeoutMs > 0 ? receiver() : nullptr;
    return thread != nullptr ? thread->poll(sockets, count, timeoutMs) : waitFor(sockets, count, timeoutMs);
}

extern "C" int edgeUsleep(useconds_t time) {
    Receiver* const thread = receiver();
    if (thread != nullptr) {
        thread->pause();
    } else {
        std::this_thread::sleep_for(std::chrono::microseconds{time});
    }
    return 0;
}

}  // namespace edge
