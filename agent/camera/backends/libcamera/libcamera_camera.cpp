// SPDX-License-Identifier: MIT
// The module's only way in; see libcamera_module.hpp.
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "camera/backends/libcamera/libcamera_compat.hpp"
#include "camera/backends/libcamera/libcamera_controls.hpp"
#include "camera/backends/libcamera/libcamera_manager.hpp"
#include "camera/backends/libcamera/libcamera_session.hpp"
#include "camera/backends/libcamera/libcamera_stream.hpp"
#include "camera/backends/libcamera_module.hpp"
#include "core/system/log.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

class LibcameraCamera : public Camera {
  public:
    LibcameraCamera(Loop& loop, const CameraConfig& config)
        : loop_(loop),
          config_(config),
          manager_(loop, [this](const std::string& id, bool isThere) { changed(id, isThere); }) {}
    ~LibcameraCamera() override { LibcameraCamera::stop(); }

    Result<CameraInfo> probe() override {
        if (camera_) return infoOf(*camera_);
        const auto found = manager_.find(config_.device);
        if (!found) return tl::unexpected(found.error());
        return infoOf(**found);
    }

    Result<Orientation> start(const StreamWish& wish) override {
        stop();
        auto started = tryStart(wish);
        if (started) return started;
        stop();
        // Where no udev tells of it (a container, a sandbox without network), a camera that was pulled out is still
        // listed.
        manager_.forget();
        return started;
    }

    void stop() override {
        demand_.reset();
        ending_.reset();
        if (session_) session_->end();
        session_.reset();
        if (!camera_) return;
        camera_->release();
        camera_.reset();
    }

    void nextFrame(BootTime notBefore, FrameHandler done) override {
        demand_ = Demand{notBefore, std::move(done)};
        if (!ending_) return;
        loop_.post([this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired() && demand_ && ending_) completed(tl::unexpected(*ending_));
        });
    }
    void onChange(ChangeHandler handler) override { changeHandler_ = std::move(handler); }

  private:
    struct Demand {
        BootTime notBefore;
        FrameHandler done;
    };

    static CameraInfo infoOf(const libcamera::Camera& camera) {
        return {compat::modelOf(camera), "libcamera", "libcamera " + libcamera::CameraManager::version()};
    }

    Result<Orientation> tryStart(const StreamWish& wish) {
        if (const auto acquired = acquire(); !acquired) return tl::unexpected(acquired.error());
        auto setup = negotiate(*camera_, wish);
        if (!setup) return tl::unexpected(setup.error());
        const auto controls = makeControls(*camera_, config_);
        if (!controls) return tl::unexpected(controls.error());
        const Orientation left = setup->remaining;
        log::debug("libcamera: {} from {}", setup->config->at(0).toString(), camera_->id());
        auto session =
            LibcameraSession::start(loop_, camera_, std::move(*setup), *controls,
                                    {[this](BootTime start) { return demand_ && start > demand_->notBefore; },
                                     [this](Result<Frame> frame) { completed(std::move(frame)); },
                                     [this] {
                                         Frame startup;
                                         startup.isStartup = true;
                                         completed(std::move(startup));
                                     }});
        if (!session) return tl::unexpected(session.error());
        session_ = std::move(*session);
        return left;
    }

    Result<void> acquire() {
        auto found = manager_.find(config_.device);
        if (!found) return tl::unexpected(found.error());
        const int error = (*found)->acquire();
        if (error == -EBUSY) {
            return fail(Errc::kBusy, fmt::format("the camera {} is in use by another program; end that first",
                                                 compat::modelOf(**found)));
        }
        if (error != 0) {
            return fail(Errc::kUnavailable, fmt::format("the camera {} cannot be opened: {}", compat::modelOf(**found),
                                                        std::generic_category().message(-error)));
        }
        camera_ = std::move(*found);
        return {};
    }

    void completed(Result<Frame> frame) {
        if (!frame) ending_ = frame.error();
        if (!demand_) return;
        const FrameHandler done = std::move(demand_->done);
        demand_.reset();
        done(std::move(frame));
    }

    void changed(const std::string& id, bool isThere) {
        if (!isThere) {
            const bool isOurs = camera_ && camera_->id() == id;
            if (!isOurs && (camera_ || manager_.find(config_.device))) return;  // another one went
            if (changeHandler_)
                changeHandler_(fail(Errc::kUnavailable, fmt::format("the camera {} was unplugged", id)));
        } else if (!camera_ && changeHandler_) {
            changeHandler_(probe());
        }
    }

    Loop& loop_;
    const CameraConfig config_;
    LibcameraManager manager_;
    std::shared_ptr<libcamera::Camera> camera_;  ///< acquired
    std::shared_ptr<LibcameraSession> session_;
    std::optional<Demand> demand_;
    std::optional<Error> ending_;  ///< why the stream ended by itself, until it is started again
    ChangeHandler changeHandler_;
    std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace
}  // namespace edge

extern "C" const char* edgeModuleVersion() {
    return edge::kVersion;
}

extern "C" edge::Camera* edgeMakeLibcameraCamera(edge::Loop* loop, const edge::CameraConfig* config) {
    return new edge::LibcameraCamera(*loop, *config);
}
