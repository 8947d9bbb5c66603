// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "camera/client/camera_process.hpp"
#include "camera/client/client.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The connection to pi-edge-camera. open() goes by the configuration of the moment: with camera.socket it connects to
/// the program that systemd starts, without it starts the program as a child. Never falls back to the other.
class ProgramLink : public CameraLink {
  public:
    /// `config` must outlive it. A child reads its [camera] from `config.file`.
    ProgramLink(Loop& loop, const Config& config, std::string program = findProgram());
    ~ProgramLink() override;

    /// While the last child is still exiting, the next one waits for it: two cannot have one camera.
    Result<void> open(Events events) override;
    Result<void> send(const CameraRequest& request) override;
    void close() override;
    void abort() override;

  private:
    Result<UniqueFd> startChild();
    Result<void> spawn(const UniqueFd& socket);
    void readable();
    void disconnect();
    void disconnected(const std::string& reason);
    void childExited(const ExitStatus& status);
    void finish(const std::string& reason);

    /// Beside this executable (a build tree), else where the package put it.
    static std::string findProgram();

    Loop& loop_;
    const Config& config_;
    const std::string program_;
    Events events_;
    std::optional<PacketSocket> socket_;
    std::unique_ptr<FdWatch> watch_;
    bool isService_ = false;  ///< connected to systemd's program
    UniqueFd waitingSocket_;  ///< of a child that starts when the last one has exited
    std::unique_ptr<CameraProcess> child_;
    Timer killTimer_;       ///< runs while a child that was disconnected exits
    std::string exitText_;  ///< how the child exited, while its last packets are still unread
};

}  // namespace edge
