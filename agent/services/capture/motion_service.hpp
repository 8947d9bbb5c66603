// SPDX-License-Identifier: MIT
#pragma once

#include "camera/client/picture_source.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// Motion that the camera program reports: `<base>/camera/motion` ON and OFF, retained, and a picture each time it
/// begins. Does nothing while camera.motion is not enabled. Thread: the loop's.
class MotionService {
  public:
    /// `takePicture` is called when motion begins.
    MotionService(Loop& loop, PictureSource& source, Publisher& publisher, Journal& journal, const Config& config,
                  Task takePicture);
    ~MotionService();
    MotionService(const MotionService&) = delete;
    MotionService& operator=(const MotionService&) = delete;

    void onReload(const Config& before);
    void onConnected();
    /// No motion is reported while the camera is offline.
    void setCameraOnline(bool isOnline);

  private:
    void change(bool isMoving);

    Loop& loop_;
    PictureSource& source_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    Task takePicture_;
    bool isMoving_ = false;
};

}  // namespace edge
