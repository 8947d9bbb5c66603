// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <libcamera/libcamera.h>

#include "core/loop/loop.hpp"
#include "core/result.hpp"

namespace edge {

/// libcamera's list of cameras. Thread: the loop's; libcamera's own thread only posts.
class LibcameraManager {
  public:
    /// A camera came (true) or went (false), named by its id.
    using ChangeHandler = std::function<void(const std::string& id, bool isThere)>;

    LibcameraManager(Loop& loop, ChangeHandler changed);
    ~LibcameraManager();
    LibcameraManager(const LibcameraManager&) = delete;
    LibcameraManager& operator=(const LibcameraManager&) = delete;

    /// The camera that `device` names: its id, its model, its place in the list ("0"), or "" for the first. Looks again
    /// from the beginning where there is none. Errors: kUnavailable, kPermission, with what can be done.
    Result<std::shared_ptr<libcamera::Camera>> find(const std::string& device);

    /// The list is no longer to be trusted: the next find() looks again from the beginning. No camera may be acquired.
    void forget() { stop(); }

  private:
    Result<void> start();
    void stop();
    void postChange(const std::string& id, bool isThere);

    Loop& loop_;
    std::shared_ptr<ChangeHandler> changed_;  ///< posted calls hold it weakly: it goes with this object
    std::unique_ptr<libcamera::CameraManager> manager_;
};

}  // namespace edge
