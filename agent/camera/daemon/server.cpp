// SPDX-License-Identifier: MIT
#include "camera/daemon/server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "core/system/log.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

std::string_view backendName(CameraBackend backend) {
    switch (backend) {
        case CameraBackend::kLibcamera:
            return "libcamera";
        case CameraBackend::kReplay:
            return "replay";
        case CameraBackend::kPattern:
            return "pattern";
        case CameraBackend::kNone:
            return "none";
    }
    return "none";
}

/// Between two looks the camera must not be stopped.
Config watching(Config config) {
    constexpr int kLooks = 3;
    if (config.camera.motion.enabled)
        config.camera.keepWarm = std::max(config.camera.keepWarm, kLooks * config.camera.motion.interval);
    return config;
}

bool isSameCamera(const Result<CameraInfo>& a, const Result<CameraInfo>& b) {
    if (a.has_value() != b.has_value()) return false;
    return a ? a->model == b->model : a.error().message == b.error().message;
}

}  // namespace

CameraServer::CameraServer(Loop& loop, const Config& config, Camera& camera,
                           const std::vector<std::shared_ptr<Executor>>& strands, Lifetime lifetime, Hooks hooks)
    : loop_(loop),
      config_(watching(config)),
      camera_(camera),
      lifetime_(lifetime),
      hooks_(std::move(hooks)),
      encoders_(loop, strands),
      pipeline_(loop, camera, encoders_, config_,
                {[this] {
                     if (!cameraState_) setCamera(camera_.probe());
                 },
                 [this](const Error& error) { setCamera(tl::unexpected(error)); }, [this] { touch(); },
                 [this] { stop("the camera stays silent; a new process may help", 1); }}) {
    camera_.onChange([this](Result<CameraInfo> info) {
        const auto change = info;  // told first: stopping a camera that was pulled out may hang
        setCamera(std::move(info));
        if (!change) pipeline_.cameraLost(change.error());
    });
    if (config_.camera.motion.enabled) {
        motion_ = std::make_unique<MotionWatch>(loop, pipeline_, strands.back(), config_.camera.motion, [this](bool) {
            for (const auto& connection : connections_) {
                if (connection && connection->isGreeted()) connection->tell(Motion{motion_->isMoving()});
            }
        });
    }
    touch();
    if (config_.camera.keepWarm == milliseconds::max()) pipeline_.warmUp();
}

CameraServer::~CameraServer() {
    camera_.onChange({});
    connections_.clear();
    camera_.stop();
}

void CameraServer::addConnection(UniqueFd socket) {
    touch();
    if (connections_.size() >= kMaxConnections) {
        (void)PacketSocket(std::move(socket)).send(encode(Farewell{FarewellKind::kRefused, "too many connections"}));
        return;
    }
    connections_.push_back(nullptr);
    auto& slot = connections_.back();
    Connection::Events events;
    events.active = [this] { touch(); };
    events.hello = [this, &slot](const Hello& hello) { describe(*slot, hello); };
    events.closed = [this, &slot](const std::string& reason) { connectionClosed(slot.get(), reason); };
    slot = std::make_unique<Connection>(loop_, pipeline_, std::move(socket), std::move(events));
}

void CameraServer::listen(UniqueFd socket) {
    listener_ = std::move(socket);
    listenerWatch_ = loop_.watch(listener_.get(), FdEvent::kReadable, [this] { acceptAll(); });
}

void CameraServer::acceptAll() {
    while (true) {
        UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) return;  // none waits, or it has gone again: the next readiness tells
        addConnection(std::move(socket));
    }
}

void CameraServer::describe(Connection& connection, const Hello& hello) {
    if (hooks_.isStale && hooks_.isStale()) {
        // Not from inside the connection that stop() is going to destroy.
        loop_.post([this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) stop("the configuration has changed");
        });
        return;
    }
    auto camera = camera_.probe();
    const bool wantsFrame = hello.verify && camera.has_value();
    if (wantsFrame) {
        if (isVerifying_) return;  // the answer that is under way goes to everybody
        isVerifying_ = true;
        pipeline_.verify(kVerifyLimit, [this](const Result<FinishedPicture>& result) {
            isVerifying_ = false;
            if (result) {
                cameraState_ = camera_.probe();
            } else {
                cameraState_ = tl::unexpected(result.error());
            }
            tellAll();
        });
        return;
    }
    // A camera that streamed in vain is still listed: only a frame proves that it is back.
    const bool isSilent = !cameraState_ && cameraState_.error().code == Errc::kTimeout;
    const bool isTold = (!camera || !isSilent) && setCamera(std::move(camera));
    if (!isTold) tell(connection);
}

void CameraServer::tell(Connection& connection) {
    connection.tell(description());
    if (!motion_) return;
    connection.tell(Motion{motion_->isMoving()});
    motion_->start();
}

bool CameraServer::setCamera(Result<CameraInfo> camera) {
    if (isSameCamera(camera, cameraState_)) return false;
    cameraState_ = std::move(camera);
    tellAll();
    return true;
}

Description CameraServer::description() const {
    Description description;
    description.online = cameraState_.has_value();
    description.program = kVersion;
    description.backend = backendName(config_.camera.backend);
    if (cameraState_) {
        description.model = cameraState_->model;
        description.library = cameraState_->library;
    } else {
        description.reason = cameraState_.error().message;
    }
    description.width = config_.camera.width;
    description.height = config_.camera.height;
    return description;
}

void CameraServer::tellAll() {
    for (const auto& connection : connections_) {
        if (connection && connection->isGreeted()) tell(*connection);
    }
}

void CameraServer::connectionClosed(Connection* connection, const std::string& reason) {
    log::debug("a connection ended: {}", reason);
    std::erase_if(connections_, [connection](const auto& other) { return other.get() == connection; });
    touch();
    if (motion_ && connections_.empty()) motion_->stop();
    if (lifetime_ == Lifetime::kWithConnection && connections_.empty()) stop("the agent is gone");
}

void CameraServer::stop(const std::string& reason, int exitCode) {
    if (std::exchange(isEnding_, true)) return;
    log::debug("pi-edge-camera ends: {}", reason);
    for (const auto& connection : connections_) connection->bid({FarewellKind::kRestart, reason});
    connections_.clear();
    hooks_.end(exitCode);
}

bool CameraServer::isHealthy() const {
    const SteadyTime oldest = pipeline_.oldestDeadline();
    return oldest == SteadyTime::max() || loop_.clock().now() <= oldest + kOverdueLimit;
}

void CameraServer::touch() {
    idleTimer_ = loop_.after(kIdleLimit, [this] { checkIdle(); });
}

void CameraServer::checkIdle() {
    const bool isWatching = motion_ && !connections_.empty();
    if (pipeline_.isQuiet() && !isWatching) return stop("idle");
    touch();
}

}  // namespace edge
