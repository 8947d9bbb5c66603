// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// A camera that answers when the test says so, in order.
class FakePictureSource : public PictureSource {
  public:
    explicit FakePictureSource(Executor& loop) : loop_(loop) { state_.online = true; }

    void capture(const PictureRequest& request, PictureHandler done) override {
        requests.push_back(request);
        waiting_.push_back(std::move(done));
    }
    void convert(std::string_view jpeg, WallTime, const PictureRequest& request, PictureHandler done) override {
        conversions.emplace_back(jpeg);
        capture(request, std::move(done));
    }
    [[nodiscard]] const CameraState& state() const override { return state_; }
    void onStateChange(StateHandler handler) override { handler_ = std::move(handler); }

    void onMotion(MotionHandler handler) override { motion_ = std::move(handler); }
    void move(bool isMoving, std::vector<Picture> before = {}) const {
        if (motion_) motion_(isMoving, std::move(before));
    }

    /// Answers the oldest request.
    void give(Result<Picture> picture) {
        loop_.post([done = std::move(waiting_.front()), picture = std::move(picture)] { done(picture); });
        waiting_.pop_front();
    }
    void givePicture(const std::string& jpeg = "\xff\xd8jpeg") {
        Picture picture;
        picture.jpeg = jpeg;
        picture.width = 640;
        picture.height = 480;
        picture.quality = 90;
        give(picture);
    }
    void changeState(CameraState state) {
        state_ = std::move(state);
        if (handler_) handler_(state_);
    }
    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

    std::deque<PictureRequest> requests;  ///< all that were made
    std::deque<std::string> conversions;  ///< what they were made of, where it was a picture

  private:
    Executor& loop_;
    CameraState state_;
    StateHandler handler_;
    MotionHandler motion_;
    std::deque<PictureHandler> waiting_;
};

}  // namespace edge
