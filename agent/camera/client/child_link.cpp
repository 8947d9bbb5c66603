// SPDX-License-Identifier: MIT
#include "camera/client/child_link.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>

#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr int kExitConfig = 78;  // EX_CONFIG of sysexits.h

/// A program that closed its socket has nothing left to do but end.
constexpr seconds kExitLimit{2};

}  // namespace

ChildLink::ChildLink(Loop& loop, std::string program, std::string configFile)
    : loop_(loop), program_(std::move(program)), configFile_(std::move(configFile)), channel_(loop) {}

ChildLink::~ChildLink() {
    channel_.close();  // first: it is what tells the child to end
}

Result<void> ChildLink::open(Events events) {
    if (child_) return fail(Errc::kBusy, "the last camera program has not ended yet: it hangs inside a driver");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
        return fail(Errc::kIo, "cannot make a socket: " + std::generic_category().message(errno));
    }
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    auto child = CameraProcess::start(
        loop_, program_, {"--config", configFile_, "--socket-fd", std::to_string(CameraProcess::kChildSocket)},
        theirs.get(), [this](const ExitStatus& status) { childExited(status); });
    if (!child) {
        return fail(child.error().code, child.error().message + "; is the package pi-edge-camera installed?");
    }
    child_ = std::move(*child);
    log::debug("started {}, process {}", program_, child_->pid());
    exitText_.clear();
    exitTimer_.cancel();
    events_ = std::move(events);
    channel_.open(std::move(ours), {[this](CameraReply reply, UniqueFd fd) {
                                        const auto received = events_.received;
                                        received(std::move(reply), std::move(fd));
                                    },
                                    [this](const std::string& reason) { channelEnded(reason); }});
    return {};
}

void ChildLink::close() {
    events_ = {};
    channel_.close();
    if (!child_) return;
    exitTimer_ = loop_.after(kExitLimit, [this] {
        if (child_) child_->kill();
    });
}

void ChildLink::abort() {
    if (child_) child_->kill();
    close();
}

void ChildLink::channelEnded(const std::string& reason) {
    if (!child_) return finish(exitText_);
    // How the process ended says more than that its socket is closed.
    exitTimer_ = loop_.after(kExitLimit, [this, reason] {
        child_->kill();
        finish(reason);
    });
}

void ChildLink::childExited(const ExitStatus& status) {
    child_.reset();
    exitTimer_.cancel();
    exitText_ = toString(status);
    if (status.code == kExitConfig) exitText_ += ": it refuses the configuration, and has said why";
    // Its last packets may be still unread; their end comes as channelEnded().
    if (!channel_.isOpen()) finish(exitText_);
}

void ChildLink::finish(const std::string& reason) {
    const auto ended = events_.ended;
    close();
    if (ended) ended(reason);
}

std::string findCameraProgram() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        auto beside = self.parent_path() / "pi-edge-camera";
        if (::access(beside.c_str(), X_OK) == 0) return beside.string();
    }
    return EDGE_CAMERA_PROGRAM;
}

}  // namespace edge
