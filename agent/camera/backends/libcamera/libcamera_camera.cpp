// SPDX-License-Identifier: MIT
// The module's only way in; see backends.hpp.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "camera/backends/backends.hpp"
#include "camera/backends/libcamera/libcamera_compat.hpp"
#include "camera/backends/libcamera/libcamera_session.hpp"
#include "camera/controls.hpp"
#include "core/loop/scope.hpp"
#include "core/system/log.hpp"
#include "core/version.hpp"

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

/// libcamera's list of cameras. libcamera's own thread only posts.
class CameraList {
  public:
    /// A camera came (true) or went (false), named by its id.
    using ChangeHandler = std::function<void(const std::string& id, bool isThere)>;

    CameraList(Loop& loop, ChangeHandler changed) : loop_(loop), changed_(scope_.wrap(std::move(changed))) {
        // It warns on every attempt, in colour: for troubleshooting only. The user's own setting has priority.
        ::setenv("LIBCAMERA_LOG_LEVELS", log::enabled(log::Level::kDebug) ? "*:INFO" : "*:ERROR", 0);
        ::setenv("LIBCAMERA_LOG_NO_COLOR", "1", 0);
    }
    ~CameraList() { forget(); }
    CameraList(const CameraList&) = delete;
    CameraList& operator=(const CameraList&) = delete;

    /// The camera that `device` names: its id, its model, its place in the list ("0"), or "" for the first. Enumerates
    /// again where there is none. Errors: kUnavailable, kPermission, with what can be done.
    Result<CameraPointer> find(const std::string& device) {
        for (const bool isAgain : {false, true}) {
            if (isAgain || !manager_) {
                // Without udev events only a new enumeration finds what was plugged in.
                forget();
                TRY(start());
            }
            const auto cameras = manager_->cameras();
            if (auto camera = pick(cameras, device)) return camera;
            if (!cameras.empty() && isAgain) {
                std::string names;
                for (const CameraPointer& camera : cameras) {
                    names +=
                        fmt::format("{}{} ({})", names.empty() ? "" : ", ", compat::modelOf(*camera), camera->id());
                }
                return fail(Errc::kUnavailable,
                            fmt::format("camera.device: there is no camera \"{}\"; there is {}", device, names));
            }
        }
        return noCamera();
    }

    /// The next find() enumerates again. No camera may be acquired.
    void forget() {
        if (!manager_) return;
        manager_->cameraAdded.disconnect(this);
        manager_->cameraRemoved.disconnect(this);
        manager_->stop();
        manager_.reset();
    }

  private:
    Result<void> start() {
        manager_ = std::make_unique<libcamera::CameraManager>();
        if (const int error = manager_->start(); error != 0) {
            manager_.reset();
            return fail(Errc::kUnavailable, "libcamera does not start: " + std::generic_category().message(-error));
        }
        manager_->cameraAdded.connect(this, [this](const CameraPointer& camera) { postChange(camera->id(), true); });
        manager_->cameraRemoved.connect(this, [this](const CameraPointer& camera) { postChange(camera->id(), false); });
        return {};
    }

    void postChange(const std::string& id, bool isThere) {
        loop_.post([changed = changed_, id, isThere] { changed(id, isThere); });
    }

    Loop& loop_;
    Scope scope_;
    const ChangeHandler changed_;  ///< does nothing once this object is gone
    std::unique_ptr<libcamera::CameraManager> manager_;
};

class LibcameraCamera : public Camera {
  public:
    LibcameraCamera(Loop& loop, const CameraConfig& config)
        : loop_(loop),
          config_(config),
          cameras_(loop, [this](const std::string& id, bool isThere) { changed(id, isThere); }) {}
    ~LibcameraCamera() override { LibcameraCamera::stop(); }

    Result<CameraInfo> probe() override {
        if (camera_) return infoOf(*camera_);
        return infoOf(*TRY(cameras_.find(config_.device)));
    }

    Result<void> check(const Controls& controls) override {
        const CameraPointer camera = camera_ ? camera_ : TRY(cameras_.find(config_.device));
        TRY(makeControls(*camera, config_, controls));
        return {};
    }

    Result<Transform> start(const StreamRequest& request) override {
        stop();
        // What a control has changed lasts until the camera is opened by a new process, or by a new list of cameras.
        if (!lastControls_.empty() && lastControls_ != request.controls) cameras_.forget();
        auto started = tryStart(request);
        if (started) return started;
        stop();
        // Without udev events (a container, a sandbox without network), a camera that was pulled out is still listed.
        cameras_.forget();
        return started;
    }

    void stop() override {
        if (session_) session_->end();
        session_.reset();
        if (!camera_) return;
        camera_->release();
        camera_.reset();
    }

    void nextFrame(BootTime notBefore, FrameHandler done) override {
        if (session_) session_->nextFrame(notBefore, std::move(done));
    }
    void onChange(ChangeHandler handler) override { changeHandler_ = std::move(handler); }

  private:
    static CameraInfo infoOf(const libcamera::Camera& camera) {
        return {compat::modelOf(camera), "libcamera", "libcamera " + libcamera::CameraManager::version()};
    }

    Result<Transform> tryStart(const StreamRequest& request) {
        TRY(acquire());
        auto setup = TRY(negotiate(*camera_, request));
        auto controls = TRY(makeControls(*camera_, config_, request.controls));
        addDefaults(controls, *camera_, lastControls_);
        lastControls_ = combined(request.controls, lastControls_);  // until it is known that it has worked
        const Transform left = setup.remaining;
        log::debug("libcamera: {} from {}", setup.config->at(0).toString(), camera_->id());
        const bool hasAutofocus = camera_->controls().count(&libcamera::controls::AfMode) > 0;
        session_ = TRY(LibcameraSession::start(
            loop_, camera_, std::move(setup), controls,
            AutomaticParts::of(combined(request.controls, config_.controls), hasAutofocus), request.controls));
        lastControls_ = request.controls;
        return left;
    }

    Result<void> acquire() {
        auto found = TRY(cameras_.find(config_.device));
        const int error = found->acquire();
        if (error == -EBUSY) {
            return fail(Errc::kBusy, fmt::format("the camera {} is in use by another program; end that first",
                                                 compat::modelOf(*found)));
        }
        if (error != 0) {
            return fail(Errc::kUnavailable, fmt::format("the camera {} cannot be opened: {}", compat::modelOf(*found),
                                                        std::generic_category().message(-error)));
        }
        camera_ = std::move(found);
        return {};
    }

    void changed(const std::string& id, bool isThere) {
        if (!isThere) {
            const bool isOurs = camera_ && camera_->id() == id;
            if (!isOurs && (camera_ || cameras_.find(config_.device))) return;  // another one went
            if (changeHandler_)
                changeHandler_(fail(Errc::kUnavailable, fmt::format("the camera {} was unplugged", id)));
        } else if (!camera_ && changeHandler_) {
            changeHandler_(probe());
        }
    }

    Loop& loop_;
    const CameraConfig config_;
    CameraList cameras_;
    std::shared_ptr<libcamera::Camera> camera_;  ///< acquired
    std::shared_ptr<LibcameraSession> session_;
    Controls lastControls_;  ///< the last stream's own, and before a start that failed those of the one before
    ChangeHandler changeHandler_;
};

}  // namespace
}  // namespace edge

extern "C" const char* edgeModuleVersion() {
    return edge::kVersion;
}

extern "C" edge::Camera* edgeMakeLibcameraCamera(edge::Loop* loop, const edge::CameraConfig* config) {
    return new edge::LibcameraCamera(*loop, *config);
}
