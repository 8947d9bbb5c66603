// SPDX-License-Identifier: MIT
#pragma once

#include "camera/client/picture_source.hpp"
#include "services/service.hpp"

namespace edge {

/// Motion that the camera program reports: `<base>/camera/motion` ON and OFF, retained, and a picture each time it
/// begins. Does nothing while camera.motion is not enabled.
class MotionService : Service {
  public:
    /// `takePicture` is called when motion begins.
    MotionService(const ServiceContext& context, PictureSource& source, Task takePicture);
    ~MotionService();

    void onReload(const Config& before);
    void onConnected();
    /// No motion is reported while the camera is offline.
    void setCameraOnline(bool isOnline);

  private:
    void change(bool isMoving);

    PictureSource& source_;
    Task takePicture_;
    bool isMoving_ = false;
};

}  // namespace edge
