// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/system/files.hpp"

namespace edge {

/// A TCP port of 127.0.0.1 that nobody listened on a moment ago.
std::uint16_t freePort();

/// Whether somebody accepts connections on 127.0.0.1.
bool canConnect(std::uint16_t port);

/// A server on a free port of 127.0.0.1, or of ::1, that does with each connection what the test says, on a thread of
/// its own each. Connections still open are shut down with their owner.
class StubServer {
  public:
    /// `serve` gets the connected socket, and may block on it; it is closed when `serve` returns.
    using Serve = std::function<void(int fd)>;
    explicit StubServer(Serve serve, bool isIpv6 = false);
    ~StubServer();
    StubServer(const StubServer&) = delete;
    StubServer& operator=(const StubServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int connections() const;
    /// Cuts every open connection, as a broken link would (RST).
    void cutAll();

  private:
    void acceptAll();

    Serve serve_;
    UniqueFd listener_;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::vector<int> open_;
    int connections_ = 0;
    std::vector<std::thread> servants_;
    std::thread acceptor_;
};

/// A connection to 127.0.0.1; none where nobody listens.
UniqueFd connectTo(std::uint16_t port);

/// Moves bytes between two connections until one side ends. While `isSwallowed` says so, what arrives is thrown away.
void relayBetween(int one, int other, const std::function<bool()>& isSwallowed = {});
/// … between `fd` and a new connection to 127.0.0.1:`target`, after sending `first` there.
void relay(int fd, std::uint16_t target, std::string_view first = {}, const std::function<bool()>& isSwallowed = {});

/// Forwards every connection to `target` on 127.0.0.1; the test can cut, or stop moving bytes as a dead link does.
class TcpProxy {
  public:
    explicit TcpProxy(std::uint16_t target);

    [[nodiscard]] std::uint16_t port() const { return server_.port(); }
    [[nodiscard]] int connections() const { return server_.connections(); }
    void cutAll() { server_.cutAll(); }
    /// Swallow everything in both directions: connections stay open, and nothing gets through.
    void setBlackHole(bool isBlackHole) { isBlackHole_ = isBlackHole; }

  private:
    std::atomic<bool> isBlackHole_ = false;
    StubServer server_;
};

/// Reads exactly one MQTT control packet; "" when the connection ended first.
std::string readMqttPacket(int fd);
/// Writes all; false when the connection ended.
bool sendAll(int fd, std::string_view bytes);

}  // namespace edge
