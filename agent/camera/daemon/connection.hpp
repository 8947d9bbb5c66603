// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "camera/daemon/capture_pipeline.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "camera/ipc/protocol.hpp"
#include "camera/ipc/shared_jpeg.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"

namespace edge {

/// One connected agent: its requests in, its answers out. A violation of the protocol ends this connection only.
/// Thread: the loop's.
class Connection {
  public:
    struct Events {
        std::function<void(Connection&, const Hello&)> hello;  ///< to be answered with a Description
        std::function<void()> active;                          ///< it requested or was answered something
        /// Over, for this reason; the callee may destroy the object.
        std::function<void(Connection&, const std::string&)> closed;
    };

    Connection(Loop& loop, CapturePipeline& pipeline, UniqueFd socket, Events events);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Never closes the connection inside this call.
    void send(const CameraReply& reply, int fd = -1);
    [[nodiscard]] bool isGreeted() const { return isGreeted_; }

    /// Twice the window and more: a cancel may have been lost.
    static constexpr std::size_t kMaxCaptures = 8;

  private:
    void readable();
    void handle(const Hello& hello);
    void handle(const Capture& capture);
    void handle(const Cancel& cancel);
    void answer(std::uint64_t id, const Result<FinishedPicture>& result);
    /// Ends the connection, telling the agent why.
    void refuse(const std::string& reason);
    void close(const std::string& reason);

    Loop& loop_;
    CapturePipeline& pipeline_;
    PacketSocket socket_;
    const Events events_;
    std::unique_ptr<FdWatch> watch_;
    std::map<std::uint64_t, std::uint64_t> tickets_;  ///< of the pipeline, by the agent's id
    SharedJpegWriter pictures_;
    bool isGreeted_ = false;
    bool isClosed_ = false;
    Scope scope_;
};

}  // namespace edge
