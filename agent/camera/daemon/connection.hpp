// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "camera/daemon/capture_pipeline.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "camera/ipc/picture_outbox.hpp"
#include "camera/ipc/protocol.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// One agent that is connected: its requests in, its answers out. What it does wrong ends its connection, and nothing
/// else. Thread: the loop's.
class Connection {
  public:
    struct Events {
        std::function<void(const Hello&)> hello;         ///< it wants to be told a Description
        std::function<void()> active;                    ///< it asked for something
        std::function<void(const std::string&)> closed;  ///< over, for this reason; the callee may destroy the object
    };

    Connection(Loop& loop, CapturePipeline& pipeline, UniqueFd socket, Events events);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void tell(const CameraReply& reply);
    /// The last thing it hears; the caller then destroys the object.
    void bid(const Farewell& farewell);
    [[nodiscard]] bool isGreeted() const { return isGreeted_; }

  private:
    void readable();
    void handle(const Hello& hello);
    void handle(const Capture& capture);
    void handle(const Cancel& cancel);
    void answer(std::uint64_t id, const Result<FinishedPicture>& result);
    void answerPicture(std::uint64_t id, std::uint64_t slot, const FinishedPicture& picture);
    void answerFailure(std::uint64_t id, const Error& error);
    void send(const CameraReply& reply, int fd = -1);
    /// Ends the connection, telling it why.
    void refuse(const std::string& reason);
    void close(const std::string& reason);

    Loop& loop_;
    CapturePipeline& pipeline_;
    PacketSocket socket_;
    Events events_;
    std::unique_ptr<FdWatch> watch_;
    struct UnderWay {
        std::uint64_t ticket;  ///< the pipeline's
        std::uint64_t slot;
    };
    std::map<std::uint64_t, UnderWay> underWay_;  ///< by the agent's id
    PictureOutbox outbox_;
    bool isGreeted_ = false;
    bool isClosed_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace edge
