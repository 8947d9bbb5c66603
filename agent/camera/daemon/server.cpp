// SPDX-License-Identifier: MIT
#include "camera/daemon/server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "camera/controls.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "camera/ipc/shared_jpeg.hpp"
#include "core/system/log.hpp"
#include "core/version.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {
namespace {

constexpr std::uint64_t kNoTicket = 0;

/// The camera must not stop between two looks.
Config withMotion(Config config) {
    constexpr int kLooks = 3;
    if (config.camera.motion.enabled)
        config.camera.keepWarm = std::max(config.camera.keepWarm, kLooks * config.camera.motion.interval);
    return config;
}

}  // namespace

/// One agent.
struct CameraServer::Connection {
    explicit Connection(UniqueFd end) : socket(std::move(end)) {}

    PacketSocket socket;
    std::map<std::uint64_t, std::uint64_t> tickets;  ///< of the pipeline, by the agent's id; kNoTicket: a conversion
    UniqueFd memory;                                 ///< came with the packet that is being handled
    SharedJpegWriter pictures;
    bool isGreeted = false;
    bool isClosed = false;  ///< is about to go
    std::unique_ptr<FdWatch> watch;
    Scope scope;
};

CameraServer::CameraServer(Loop& loop, const Config& config, Camera& camera,
                           const std::vector<std::shared_ptr<Executor>>& strands, std::shared_ptr<Executor> converter,
                           Lifetime lifetime, Hooks hooks)
    : loop_(loop),
      config_(withMotion(config)),
      camera_(camera),
      lifetime_(lifetime),
      hooks_(std::move(hooks)),
      converter_(std::move(converter)),
      pipeline_(loop, camera, strands, config_,
                {[this] {
                     if (!description_.online) setCamera(camera_.probe());
                 },
                 [this](const Error& error) { setCamera(tl::unexpected(error)); },
                 [this] { stop("the camera stays silent; a new process may help", 1); }}) {
    description_.reason = "the camera has not been looked for yet";
    camera_.onChange([this](const Result<CameraInfo>& info) {
        setCamera(info);  // first: stopping a camera that was pulled out may hang
        if (!info) pipeline_.cameraLost(info.error());
    });
    if (config_.camera.motion.enabled) {
        motion_ =
            std::make_unique<MotionWatch>(loop, pipeline_, strands.back(), config_.camera,
                                          [this](bool isMoving, const auto& before) { sendMotion(isMoving, before); });
    }
    postponeIdle();
    if (config_.camera.keepWarm == milliseconds::max()) pipeline_.warmUp();
}

CameraServer::~CameraServer() {
    camera_.onChange({});
    for (const Connection& connection : connections_) {
        for (const auto& [id, ticket] : connection.tickets) pipeline_.cancel(ticket);
    }
    connections_.clear();
    camera_.stop();
}

void CameraServer::addConnection(UniqueFd socket) {
    postponeIdle();
    Connection& connection = connections_.emplace_back(std::move(socket));
    if (connections_.size() > kMaxConnections) return refuse(connection, "too many connections");
    connection.watch = loop_.watch(connection.socket.fd(), [this, &connection] { receive(connection); });
}

void CameraServer::listen(UniqueFd socket) {
    listener_ = std::move(socket);
    listenerWatch_ = loop_.watch(listener_.get(), [this] {
        // Where none waits, or it has gone again, the next readiness tells.
        while (UniqueFd agent{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)})
            addConnection(std::move(agent));
    });
}

// ---- one connection

/// One packet: handling it may end the connection, and the loop calls again while there are more.
void CameraServer::receive(Connection& connection) {
    auto packet = connection.socket.receive();
    if (!packet && packet.error().code != Errc::kInvalid) return close(connection, packet.error().message);
    if (!packet) return refuse(connection, packet.error().message);
    if (!*packet || connection.isClosed) return;
    const auto request = decodeRequest((*packet)->bytes);
    if (!request) return refuse(connection, request.error().message);
    connection.memory = std::move((*packet)->fd);
    std::visit([&](const auto& message) { handle(connection, message); }, *request);
}

void CameraServer::handle(Connection& connection, const Hello& hello) {
    if (hello.version != kProtocolVersion) {
        send(connection, Description{});  // from the version in it the agent knows what to report
        return refuse(connection, versionMismatch("pi-edge-camera", "pi-edge-agent", hello.version));
    }
    connection.isGreeted = true;
    postponeIdle();
    if (hooks_.isStale && hooks_.isStale(hello)) return stop("the configuration has changed");
    const auto camera = camera_.probe();
    if (hello.verify && camera) return verifyCamera();
    // A camera that was silent is still listed: only a frame proves that it is back.
    const bool isAnnounced = !(camera && isSilent_) && setCamera(camera);
    if (!isAnnounced) announce(connection);
}

bool CameraServer::isRefused(Connection& connection, std::uint64_t id) {
    std::string reason;
    if (!connection.isGreeted) reason = "a capture came before hello";
    if (connection.tickets.contains(id)) reason = "an id was used twice";
    if (connection.tickets.size() >= kMaxCaptures) reason = fmt::format("more than {} captures at once", kMaxCaptures);
    if (!reason.empty()) refuse(connection, reason);
    return !reason.empty();
}

void CameraServer::handle(Connection& connection, const Capture& capture) {
    if (isRefused(connection, capture.id)) return;
    postponeIdle();
    connection.tickets[capture.id] =
        pipeline_.capture(capture, [this, &connection, id = capture.id](const Result<FinishedPicture>& result) {
            answer(connection, id, result);
        });
}

/// On a strand of its own, so that no capture waits for it; with a renderer of its own, since it is rare and may be
/// large.
void CameraServer::handle(Connection& connection, const Convert& convert) {
    if (isRefused(connection, convert.id)) return;
    auto jpeg = SharedJpegReader().read(convert.id, convert.bytes, std::move(connection.memory));
    if (!jpeg) return refuse(connection, jpeg.error().message);
    postponeIdle();
    connection.tickets[convert.id] = kNoTicket;
    RenderOptions options;
    options.width = convert.width;
    options.height = convert.height;
    options.quality = convert.quality;
    options.maxBytes = static_cast<std::size_t>(convert.maxBytes);
    options.exif.time = convert.exposureStart;
    options.exif.software = fmt::format("pi-edge-agent {}", kVersion);
    runOn(
        *converter_, loop_, connection.scope,
        [jpeg = std::move(*jpeg), options = std::move(options)] {
            FrameView frame;
            frame.format = PixelFormat::kMjpeg;
            frame.planes[0] = {reinterpret_cast<const std::uint8_t*>(jpeg.data()), jpeg.size(), jpeg.size()};
            return JpegRenderer().render(frame, options);
        },
        [this, &connection, convert](Result<RenderedJpeg> rendered) {
            answer(connection, convert.id, rendered.map([&convert](RenderedJpeg& picture) {
                return FinishedPicture{std::move(picture), convert.exposureStart, "", true};
            }));
        });
}

void CameraServer::handle(Connection& connection, const Cancel& cancel) {
    const auto it = connection.tickets.find(cancel.id);
    if (it == connection.tickets.end()) return;  // answered while the cancel was on its way
    pipeline_.cancel(it->second);
    connection.tickets.erase(it);
}

void CameraServer::answer(Connection& connection, std::uint64_t id, const Result<FinishedPicture>& result) {
    connection.tickets.erase(id);
    postponeIdle();
    if (!result) return send(connection, CaptureFailed{id, result.error().code, result.error().message});
    const RenderedJpeg& rendered = result->rendered;
    const auto memory = connection.pictures.write(id, rendered.jpeg);
    if (!memory) return send(connection, CaptureFailed{id, memory.error().code, memory.error().message});
    send(connection,
         PictureTaken{id, rendered.jpeg.size(), rendered.width, rendered.height, rendered.quality,
                      result->exposureStart, rendered.reduced, result->camera, result->isSettled},
         memory->get());
}

void CameraServer::send(Connection& connection, const CameraReply& reply, int fd) {
    if (connection.isClosed) return;
    const auto sent = connection.socket.send(encode(reply), fd);
    if (sent) return;
    connection.isClosed = true;
    // Later: the caller may be iterating over all connections.
    loop_.post(
        connection.scope.wrap([this, &connection, reason = sent.error().message] { close(connection, reason); }));
}

void CameraServer::sendMotion(bool isMoving, const MotionWatch::Before& before) {
    for (const FinishedPicture& picture : before) {
        if (!isMoving) break;
        const RenderedJpeg& rendered = picture.rendered;
        const auto memory = SharedJpegWriter().write(0, rendered.jpeg);
        if (!memory) break;  // without them it is motion all the same
        sendToAll(PictureBefore{rendered.jpeg.size(), rendered.width, rendered.height, picture.exposureStart},
                  memory->get());
    }
    sendToAll(Motion{isMoving});
}

void CameraServer::sendToAll(const CameraReply& reply, int fd) {
    for (Connection& connection : connections_) {
        if (connection.isGreeted) send(connection, reply, fd);
    }
}

void CameraServer::refuse(Connection& connection, const std::string& reason) {
    send(connection, Goodbye{false, reason});
    close(connection, reason);
}

void CameraServer::close(const Connection& connection, const std::string& reason) {
    log::debug("a connection ended: {}", reason);
    for (const auto& [id, ticket] : connection.tickets) pipeline_.cancel(ticket);
    connections_.remove_if([&connection](const Connection& other) { return &other == &connection; });
    postponeIdle();
    if (!connections_.empty()) return;
    if (motion_) motion_->stop();
    if (lifetime_ == Lifetime::kWithConnection) stop("the agent is gone");
}

// ---- the camera's state

void CameraServer::verifyCamera() {
    if (std::exchange(isVerifying_, true)) return;  // its result is announced to all
    pipeline_.verify(kVerifyLimit + silenceLimit(longestFrame(config_.camera)),
                     [this](const Result<FinishedPicture>& result) {
                         isVerifying_ = false;
                         if (!setCamera(result.and_then([this](const FinishedPicture&) { return camera_.probe(); })))
                             announceToAll();
                     });
}

void CameraServer::announce(Connection& connection) {
    send(connection, description_);
    if (!motion_) return;
    send(connection, Motion{motion_->isMoving()});
    motion_->start();
}

void CameraServer::announceToAll() {
    for (Connection& connection : connections_) {
        if (connection.isGreeted) announce(connection);
    }
}

bool CameraServer::setCamera(const Result<CameraInfo>& camera) {
    Description now;
    now.online = camera.has_value();
    if (camera) {
        now.backend = camera->backend;
        now.library = camera->library;
        now.model = camera->model;
    } else {
        now.reason = camera.error().message;
    }
    isSilent_ = !camera && camera.error().code == Errc::kTimeout;
    if (now == description_) return false;
    description_ = std::move(now);
    announceToAll();
    return true;
}

// ---- the end

void CameraServer::stop(const std::string& reason, int exitCode) {
    if (std::exchange(isEnding_, true)) return;
    log::debug("pi-edge-camera exits: {}", reason);
    for (Connection& connection : connections_) send(connection, Goodbye{true, reason});
    hooks_.end(exitCode);
}

void CameraServer::postponeIdle() {
    idleTimer_ = loop_.after(kIdleLimit, [this] {
        const bool isWatching = motion_ && !connections_.empty();
        const bool isConverting = std::any_of(connections_.begin(), connections_.end(),
                                              [](const Connection& each) { return !each.tickets.empty(); });
        if (pipeline_.isQuiet() && !isWatching && !isConverting) return stop("idle");
        postponeIdle();
    });
}

}  // namespace edge
