// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "camera/client/camera_process.hpp"
#include "camera/client/socket_link.hpp"

namespace edge {

/// To a pi-edge-camera that is a child of ours, started by open().
class ChildLink : public CameraLink {
  public:
    /// `configFile`: the child reads its own [camera] from there.
    ChildLink(Loop& loop, std::string program, std::string configFile);
    ~ChildLink() override;

    /// Also fails while the program of the last session has not ended: two cannot have one camera.
    Result<void> open(Events events) override;
    Result<void> send(const CameraRequest& request) override { return channel_.send(request); }
    void close() override;
    void abort() override;
    /// Also between the end of the connection and that of the program: what is wanted meanwhile waits for the next one.
    [[nodiscard]] bool isOpen() const override { return events_.ended != nullptr; }

  private:
    void channelEnded(const std::string& reason);
    void childExited(const ExitStatus& status);
    void finish(const std::string& reason);

    Loop& loop_;
    const std::string program_;
    const std::string configFile_;
    Events events_;
    PacketChannel channel_;
    std::unique_ptr<CameraProcess> child_;
    Timer exitTimer_;       ///< between the end of the connection and that of the process
    std::string exitText_;  ///< how the process ended, while its last packets are still to be read
};

/// Where pi-edge-camera is: beside this executable (a build tree), else where the package put it.
std::string findCameraProgram();

}  // namespace edge
