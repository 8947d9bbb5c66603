// SPDX-License-Identifier: MIT
#include "camera/daemon/server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "core/system/log.hpp"

namespace edge {
namespace {

/// The camera must not stop between two looks.
Config withMotion(Config config) {
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
      config_(withMotion(config)),
      camera_(camera),
      lifetime_(lifetime),
      hooks_(std::move(hooks)),
      pipeline_(loop, camera, strands, config_,
                {[this] {
                     if (!cameraState_) setCamera(camera_.probe());
                 },
                 [this](const Error& error) { setCamera(tl::unexpected(error)); }, [this] { postponeIdle(); },
                 [this] { stop("the camera stays silent; a new process may help", 1); }}) {
    camera_.onChange([this](Result<CameraInfo> info) {
        const auto change = info;  // announced first: stopping a camera that was pulled out may hang
        setCamera(std::move(info));
        if (!change) pipeline_.cameraLost(change.error());
    });
    if (config_.camera.motion.enabled) {
        motion_ = std::make_unique<MotionWatch>(loop, pipeline_, strands.back(), config_.camera.motion,
                                                [this](bool isMoving) {
                                                    for (const auto& connection : connections_) {
                                                        if (connection->isGreeted()) connection->send(Motion{isMoving});
                                                    }
                                                });
    }
    postponeIdle();
    if (config_.camera.keepWarm == milliseconds::max()) pipeline_.warmUp();
}

CameraServer::~CameraServer() {
    camera_.onChange({});
    connections_.clear();
    camera_.stop();
}

void CameraServer::addConnection(UniqueFd socket) {
    postponeIdle();
    if (connections_.size() >= kMaxConnections) {
        (void)PacketSocket(std::move(socket)).send(encode(Goodbye{false, "too many connections"}));
        return;
    }
    connections_.push_back(std::make_unique<Connection>(
        loop_, pipeline_, std::move(socket),
        Connection::Events{
            [this](Connection& connection, const Hello& hello) { onHello(connection, hello); },
            [this] { postponeIdle(); },
            [this](Connection& connection, const std::string& reason) { connectionClosed(connection, reason); }}));
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

void CameraServer::onHello(Connection& connection, const Hello& hello) {
    if (hooks_.isStale && hooks_.isStale()) {
        // Not from inside the connection that stop() destroys.
        return loop_.post(scope_.wrap([this] { stop("the configuration has changed"); }));
    }
    auto camera = camera_.probe();
    if (hello.verify && camera) return verifyCamera();
    // A camera that was silent is still listed: only a frame proves that it is back.
    const bool isSilent = !cameraState_ && cameraState_.error().code == Errc::kTimeout;
    const bool isAnnounced = (!camera || !isSilent) && setCamera(std::move(camera));
    if (!isAnnounced) announce(connection);
}

void CameraServer::verifyCamera() {
    if (std::exchange(isVerifying_, true)) return;  // its result is announced to all
    pipeline_.verify(kVerifyLimit, [this](const Result<FinishedPicture>& result) {
        isVerifying_ = false;
        cameraState_ = result ? camera_.probe() : tl::unexpected(result.error());
        announceToAll();
    });
}

void CameraServer::announce(Connection& connection) {
    connection.send(description());
    if (!motion_) return;
    connection.send(Motion{motion_->isMoving()});
    motion_->start();
}

void CameraServer::announceToAll() {
    for (const auto& connection : connections_) {
        if (connection->isGreeted()) announce(*connection);
    }
}

bool CameraServer::setCamera(Result<CameraInfo> camera) {
    if (isSameCamera(camera, cameraState_)) return false;
    cameraState_ = std::move(camera);
    announceToAll();
    return true;
}

Description CameraServer::description() const {
    Description description;
    description.online = cameraState_.has_value();
    if (cameraState_) {
        description.backend = cameraState_->backend;
        description.model = cameraState_->model;
        description.library = cameraState_->library;
    } else {
        description.reason = cameraState_.error().message;
    }
    return description;
}

void CameraServer::connectionClosed(const Connection& connection, const std::string& reason) {
    log::debug("a connection ended: {}", reason);
    connections_.remove_if([&connection](const auto& other) { return other.get() == &connection; });
    postponeIdle();
    if (motion_ && connections_.empty()) motion_->stop();
    if (lifetime_ == Lifetime::kWithConnection && connections_.empty()) stop("the agent is gone");
}

void CameraServer::stop(const std::string& reason, int exitCode) {
    if (std::exchange(isEnding_, true)) return;
    log::debug("pi-edge-camera exits: {}", reason);
    for (const auto& connection : connections_) connection->send(Goodbye{true, reason});
    connections_.clear();
    hooks_.end(exitCode);
}

bool CameraServer::isHealthy() const {
    const SteadyTime oldest = pipeline_.oldestDeadline();
    return oldest == SteadyTime::max() || loop_.clock().now() <= oldest + kOverdueLimit;
}

void CameraServer::postponeIdle() {
    idleTimer_ = loop_.after(kIdleLimit, [this] {
        const bool isWatching = motion_ && !connections_.empty();
        if (pipeline_.isQuiet() && !isWatching) return stop("idle");
        postponeIdle();
    });
}

}  // namespace edge
