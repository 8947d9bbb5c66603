// SPDX-License-Identifier: MIT
#include "camera/client/program_link.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/exit_codes.hpp"
#include "core/system/log.hpp"
#include "core/system/shared_module.hpp"

namespace edge {
namespace {

constexpr seconds kExitLimit{2};
constexpr int kChildSocket = 3;

}  // namespace

ProgramLink::ProgramLink(Loop& loop, const Config& config, std::string program)
    : loop_(loop), config_(config), program_(std::move(program)) {}

ProgramLink::ProgramLink(Loop& loop, const Config& config)
    : ProgramLink(loop, config, findInstalled("pi-edge-camera", EDGE_CAMERA_FOLDER)) {}

ProgramLink::~ProgramLink() {
    disconnect();  // first: a child exits when its connection ends
}

Result<void> ProgramLink::open(const Hello& hello, Events events) {
    if (child_ && child_->wasKilled()) {
        return fail(Errc::kBusy, "the last camera program does not exit: it hangs inside a driver");
    }
    if (child_) {
        waiting_ = hello;
    } else {
        TRY(connect(hello));
    }
    events_ = std::move(events);
    return {};
}

Result<void> ProgramLink::connect(const Hello& hello) {
    exitText_.clear();
    socket_.emplace(TRY(config_.camera.socket.empty() ? startChild() : connectPacketSocket(config_.camera.socket)));
    watch_ = loop_.watch(socket_->fd(), [this] { readable(); });
    return send(hello, -1);
}

Result<UniqueFd> ProgramLink::startChild() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        return failSystem("cannot make a socket", errno);
    }
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    auto child =
        ChildProcess::start(loop_, program_, {"--config", config_.file, "--socket-fd", std::to_string(kChildSocket)},
                            {theirs.get(), kChildSocket}, [this](const ExitStatus& status) { childExited(status); });
    if (!child) return fail(child.error().code, child.error().message + "; is the package pi-edge-camera installed?");
    child_ = std::move(*child);
    log::debug("started {}, process {}", program_, child_->pid());
    return ours;
}

Result<void> ProgramLink::send(const CameraRequest& request, int memory) {
    return socket_ ? socket_->send(encode(request), memory) : fail(Errc::kUnavailable, "the connection is closed");
}

void ProgramLink::close() {
    disconnect();
    events_ = {};
    waiting_.reset();
    if (!child_) return;
    killTimer_ = loop_.after(kExitLimit, [this] { child_->kill(); });
}

void ProgramLink::abort() {
    close();
    if (child_) child_->kill();
}

/// One packet: the callback may open another connection, and the loop calls again while there are more.
void ProgramLink::readable() {
    auto packet = socket_->receive();
    if (!packet) return disconnected(packet.error().message);
    if (!*packet) return;
    auto reply = decodeReply((*packet)->bytes);
    if (!reply) return disconnected(reply.error().message);
    const auto received = events_.received;
    received(*reply, std::move((*packet)->fd));
}

void ProgramLink::disconnect() {
    watch_.reset();
    socket_.reset();
}

void ProgramLink::disconnected(const std::string& reason) {
    disconnect();
    if (!child_) return finish(exitText_.empty() ? reason + "; see: journalctl -u pi-edge-camera" : exitText_);
    // How the process exits says more than that its socket is closed.
    killTimer_ = loop_.after(kExitLimit, [this, reason] {
        child_->kill();
        finish(reason);
    });
}

void ProgramLink::childExited(const ExitStatus& status) {
    child_.reset();
    killTimer_.cancel();
    if (const auto hello = std::exchange(waiting_, std::nullopt)) {
        const auto connected = connect(*hello);
        if (!connected) finish("could not be started: " + connected.error().message);
        return;
    }
    if (!events_.ended) return;  // the child of a connection that was closed
    exitText_ = toString(status);
    if (status.code == kExitConfig) exitText_ += ": the configuration is invalid; its log says why";
    // Its last packets may still be unread; then their end comes as disconnected().
    if (!socket_) finish(exitText_);
}

void ProgramLink::finish(const std::string& reason) {
    const auto ended = events_.ended;
    close();
    if (ended) ended(reason);
}

}  // namespace edge
