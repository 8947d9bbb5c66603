// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "camera/camera.hpp"
#include "camera/daemon/capture_pipeline.hpp"
#include "camera/daemon/motion_watch.hpp"
#include "camera/ipc/protocol.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "core/system/files.hpp"

namespace edge {

enum class Lifetime {
    kUntilIdle,       ///< systemd starts the program again on the next connection
    kWithConnection,  ///< a child: also ends with its one connection
};

/// pi-edge-camera's whole behaviour: agents, captures, the camera's state. What breaks the protocol ends the connection
/// that it came from, and no other. Thread: the loop's.
class CameraServer {
  public:
    struct Hooks {
        std::function<void(int)> end;  ///< the program must exit with this code; called once
        /// Whether the configuration is not the one that this program has begun with: its files have changed, or the
        /// agent has other settings.
        std::function<bool(const Hello&)> isStale;
    };

    /// The strands encode; the last one also looks for motion. `converter` is for pictures that were taken before.
    CameraServer(Loop& loop, const Config& config, Camera& camera,
                 const std::vector<std::shared_ptr<Executor>>& strands, std::shared_ptr<Executor> converter,
                 Lifetime lifetime, Hooks hooks);
    ~CameraServer();

    /// Takes over a connected SEQPACKET socket.
    void addConnection(UniqueFd socket);
    /// Takes connections from a listening SEQPACKET socket.
    void listen(UniqueFd socket);
    /// Says goodbye to all agents, and ends the program.
    void stop(const std::string& reason, int exitCode = 0);

    static constexpr seconds kIdleLimit{10};
    static constexpr seconds kVerifyLimit{3};  ///< the camera's start; silenceLimit() for its first frame is added
    static constexpr std::size_t kMaxConnections = 8;
    /// Of one connection. Twice the window and more: a cancel may have been lost.
    static constexpr std::size_t kMaxCaptures = 8;

  private:
    struct Connection;

    void receive(Connection& connection);
    void handle(Connection& connection, const Hello& hello);
    void handle(Connection& connection, const Capture& capture);
    void handle(Connection& connection, const Convert& convert);
    void handle(Connection& connection, const Cancel& cancel);
    [[nodiscard]] bool isRefused(Connection& connection, std::uint64_t id);
    void answer(Connection& connection, std::uint64_t id, const Result<FinishedPicture>& result);
    /// Never closes the connection inside this call.
    void send(Connection& connection, const CameraReply& reply, int fd = -1);
    /// To every agent that has said hello.
    void sendToAll(const CameraReply& reply, int fd = -1);
    void sendMotion(bool isMoving, const MotionWatch::Before& before);
    /// Ends the connection, telling the agent why.
    void refuse(Connection& connection, const std::string& reason);
    void close(const Connection& connection, const std::string& reason);

    void verifyCamera();
    /// Announces a change to all agents, and returns whether it was one.
    bool setCamera(const Result<CameraInfo>& camera);
    void announce(Connection& connection);
    void announceToAll();
    void postponeIdle();

    Loop& loop_;
    const Config config_;
    Camera& camera_;
    const Lifetime lifetime_;
    const Hooks hooks_;
    const std::shared_ptr<Executor> converter_;
    CapturePipeline pipeline_;
    std::unique_ptr<MotionWatch> motion_;  ///< nullptr: camera.motion is not enabled
    Description description_;
    bool isSilent_ = false;  ///< it streamed, and gave no frame
    UniqueFd listener_;
    std::unique_ptr<FdWatch> listenerWatch_;
    std::list<Connection> connections_;
    bool isVerifying_ = false;
    bool isEnding_ = false;
    Timer idleTimer_;
    Scope scope_;
};

}  // namespace edge
