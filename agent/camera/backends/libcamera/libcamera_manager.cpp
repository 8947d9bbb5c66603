// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera/libcamera_manager.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "camera/backends/libcamera/libcamera_compat.hpp"
#include "core/system/log.hpp"

namespace edge {
namespace {

using CameraPointer = std::shared_ptr<libcamera::Camera>;

/// Why nothing is listed, as far as it can be seen from here.
tl::unexpected<Error> noCamera() {
    std::error_code error;
    std::string hidden;
    bool hasDevice = false;
    for (const auto& entry : std::filesystem::directory_iterator("/dev", error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("media") && !name.starts_with("video")) continue;
        hasDevice = true;
        if (::access(entry.path().c_str(), R_OK | W_OK) != 0) hidden = entry.path().string();
    }
    if (!hidden.empty()) {
        return fail(Errc::kPermission, fmt::format("libcamera sees no camera, and {} may not be used by this user: add "
                                                   "it to the group \"video\"",
                                                   hidden));
    }
    if (hasDevice) {
        return fail(Errc::kUnavailable,
                    "libcamera sees no camera: is the ribbon in, and no other program using it? "
                    "`rpicam-hello --list-cameras` lists what there is");
    }
    return fail(Errc::kUnavailable,
                "libcamera sees no camera, and the system has no video device: is the ribbon or the USB "
                "plug in? `rpicam-hello --list-cameras` lists what there is");
}

CameraPointer pick(const std::vector<CameraPointer>& cameras, const std::string& device) {
    if (device.empty()) return cameras.empty() ? nullptr : cameras.front();
    for (const CameraPointer& camera : cameras) {
        if (camera->id() == device) return camera;
    }
    for (const CameraPointer& camera : cameras) {
        if (compat::modelOf(*camera) == device) return camera;
    }
    const bool isIndex =
        device.size() <= 3 && std::all_of(device.begin(), device.end(), [](char c) { return c >= '0' && c <= '9'; });
    const std::size_t index = isIndex ? std::stoul(device) : cameras.size();
    return index < cameras.size() ? cameras[index] : nullptr;
}

}  // namespace

LibcameraManager::LibcameraManager(Loop& loop, ChangeHandler changed)
    : loop_(loop), changed_(std::make_shared<ChangeHandler>(std::move(changed))) {
    // It warns on every attempt, in colour: for troubleshooting only. What the user has set holds.
    ::setenv("LIBCAMERA_LOG_LEVELS", log::enabled(log::Level::kDebug) ? "*:INFO" : "*:ERROR", 0);
    ::setenv("LIBCAMERA_LOG_NO_COLOR", "1", 0);
}

LibcameraManager::~LibcameraManager() {
    stop();
}

Result<void> LibcameraManager::start() {
    manager_ = std::make_unique<libcamera::CameraManager>();
    if (const int error = manager_->start(); error != 0) {
        manager_.reset();
        return fail(Errc::kUnavailable, "libcamera does not start: " + std::generic_category().message(-error));
    }
    manager_->cameraAdded.connect(this, [this](const CameraPointer& camera) { postChange(camera->id(), true); });
    manager_->cameraRemoved.connect(this, [this](const CameraPointer& camera) { postChange(camera->id(), false); });
    return {};
}

void LibcameraManager::stop() {
    if (!manager_) return;
    manager_->cameraAdded.disconnect(this);
    manager_->cameraRemoved.disconnect(this);
    manager_->stop();
    manager_.reset();
}

Result<CameraPointer> LibcameraManager::find(const std::string& device) {
    for (const bool isAgain : {false, true}) {
        if (isAgain || !manager_) {
            // Where no udev tells what is plugged in, only a new enumeration finds it.
            stop();
            if (const auto started = start(); !started) return tl::unexpected(started.error());
        }
        const auto cameras = manager_->cameras();
        if (auto camera = pick(cameras, device)) return camera;
        if (!cameras.empty() && isAgain) {
            std::string names;
            for (const CameraPointer& camera : cameras) {
                names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", compat::modelOf(*camera), camera->id());
            }
            return fail(Errc::kUnavailable,
                        fmt::format("camera.device: there is no camera \"{}\"; there is {}", device, names));
        }
    }
    return noCamera();
}

void LibcameraManager::postChange(const std::string& id, bool isThere) {
    loop_.post([handler = std::weak_ptr(changed_), id, isThere] {
        if (const auto call = handler.lock()) (*call)(id, isThere);
    });
}

}  // namespace edge
