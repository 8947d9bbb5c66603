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
#include "camera/daemon/encoder.hpp"
#include "camera/daemon/motion_watch.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

enum class Lifetime {
    kUntilIdle,       ///< systemd starts the program again when somebody connects
    kWithConnection,  ///< a child: also ends with its one connection
};

/// pi-edge-camera's whole behaviour: connections, captures, the camera's state. Thread: the loop's.
class CameraServer {
  public:
    struct Hooks {
        std::function<void(int)> end;   ///< the program shall end, with this exit code; called once
        std::function<bool()> isStale;  ///< whether the configuration that is in force is no longer the one in its file
    };

    /// The strands encode; the last one also looks for motion.
    CameraServer(Loop& loop, const Config& config, Camera& camera,
                 const std::vector<std::shared_ptr<Executor>>& strands, Lifetime lifetime, Hooks hooks);
    ~CameraServer();

    /// Takes over a connected SEQPACKET socket.
    void addConnection(UniqueFd socket);
    /// Takes connections from a listening SEQPACKET socket.
    void listen(UniqueFd socket);
    /// Says farewell to all, and ends.
    void stop(const std::string& reason, int exitCode = 0);

    /// Whether work is being done, or there is none: false when something is past its deadline by kOverdueLimit.
    [[nodiscard]] bool isHealthy() const;

    static constexpr seconds kIdleLimit{10};
    static constexpr seconds kOverdueLimit{2};
    static constexpr seconds kVerifyLimit{6};
    static constexpr std::size_t kMaxConnections = 8;

  private:
    void acceptAll();
    void describe(Connection& connection, const Hello& hello);
    /// Whether that was a change, which everybody has then been told.
    bool setCamera(Result<CameraInfo> camera);
    [[nodiscard]] Description description() const;
    void tellAll();
    void tell(Connection& connection);
    void connectionClosed(Connection* connection, const std::string& reason);
    void touch();
    void checkIdle();

    Loop& loop_;
    const Config config_;
    Camera& camera_;
    const Lifetime lifetime_;
    const Hooks hooks_;
    EncoderPool encoders_;
    CapturePipeline pipeline_;
    std::unique_ptr<MotionWatch> motion_;  ///< nullptr: camera.motion is not enabled
    Result<CameraInfo> cameraState_ = fail(Errc::kUnavailable, "the camera has not been looked for yet");
    UniqueFd listener_;
    std::unique_ptr<FdWatch> listenerWatch_;
    std::list<std::unique_ptr<Connection>> connections_;
    bool isVerifying_ = false;
    bool isEnding_ = false;
    Timer idleTimer_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace edge
