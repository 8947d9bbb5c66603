// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "camera/client/client.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "config/config.hpp"
#include "core/loop/child_process.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The connection to pi-edge-camera. open() goes by the configuration of the moment: with camera.socket it connects to
/// the program that systemd starts, without it starts the program as a child. Never falls back to the other.
class ProgramLink : public CameraLink {
  public:
    /// `config` must outlive it. A child reads its [camera] from `config.file`.
    ProgramLink(Loop& loop, const Config& config);
    /// With another program, for tests.
    ProgramLink(Loop& loop, const Config& config, std::string program);
    ~ProgramLink() override;

    /// While the last child is still exiting, the next program waits for it: two cannot have one camera.
    Result<void> open(const Hello& hello, Events events) override;
    Result<void> send(const CameraRequest& request, int memory) override;
    void close() override;
    void abort() override;

  private:
    Result<void> connect(const Hello& hello);
    Result<UniqueFd> startChild();
    void readable();
    void disconnect();
    void disconnected(const std::string& reason);
    void childExited(const ExitStatus& status);
    void finish(const std::string& reason);

    Loop& loop_;
    const Config& config_;
    const std::string program_;
    Events events_;
    std::optional<Hello> waiting_;  ///< until the last child has exited
    std::optional<PacketSocket> socket_;
    std::unique_ptr<FdWatch> watch_;
    std::unique_ptr<ChildProcess> child_;  ///< nullptr: it has exited, or systemd started the program
    Timer killTimer_;                      ///< runs while a child that was disconnected exits
    std::string exitText_;                 ///< how the child exited, while its last packets are still unread
};

}  // namespace edge
