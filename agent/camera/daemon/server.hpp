// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "camera/camera.hpp"
#include "camera/daemon/capture_pipeline.hpp"
#include "camera/daemon/connection.hpp"
#include "camera/daemon/motion_watch.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"

namespace edge {

enum class Lifetime {
    kUntilIdle,       ///< systemd starts the program again on the next connection
    kWithConnection,  ///< a child: also ends with its one connection
};

/// pi-edge-camera's whole behaviour: connections, captures, the camera's state. Thread: the loop's.
class CameraServer {
  public:
    struct Hooks {
        std::function<void(int)> end;   ///< the program must exit with this code; called once
        std::function<bool()> isStale;  ///< whether the configuration file has changed since it was read
    };

    /// The strands encode; the last one also looks for motion.
    CameraServer(Loop& loop, const Config& config, Camera& camera,
                 const std::vector<std::shared_ptr<Executor>>& strands, Lifetime lifetime, Hooks hooks);
    ~CameraServer();

    /// Takes over a connected SEQPACKET socket.
    void addConnection(UniqueFd socket);
    /// Takes connections from a listening SEQPACKET socket.
    void listen(UniqueFd socket);
    /// Says goodbye to all agents, and ends the program.
    void stop(const std::string& reason, int exitCode = 0);

    /// False when a capture is past its deadline by more than kOverdueLimit.
    [[nodiscard]] bool isHealthy() const;

    static constexpr seconds kIdleLimit{10};
    static constexpr seconds kOverdueLimit{2};
    static constexpr seconds kVerifyLimit{6};
    static constexpr std::size_t kMaxConnections = 8;

  private:
    void acceptAll();
    void onHello(Connection& connection, const Hello& hello);
    void verifyCamera();
    /// Announces a change to all agents, and returns whether it was one.
    bool setCamera(Result<CameraInfo> camera);
    [[nodiscard]] Description description() const;
    void announce(Connection& connection);
    void announceToAll();
    void connectionClosed(const Connection& connection, const std::string& reason);
    void postponeIdle();

    Loop& loop_;
    const Config config_;
    Camera& camera_;
    const Lifetime lifetime_;
    const Hooks hooks_;
    CapturePipeline pipeline_;
    std::unique_ptr<MotionWatch> motion_;  ///< nullptr: camera.motion is not enabled
    Result<CameraInfo> cameraState_ = fail(Errc::kUnavailable, "the camera has not been looked for yet");
    UniqueFd listener_;
    std::unique_ptr<FdWatch> listenerWatch_;
    std::list<std::unique_ptr<Connection>> connections_;
    bool isVerifying_ = false;
    bool isEnding_ = false;
    Timer idleTimer_;
    Scope scope_;
};

}  // namespace edge
