// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "services/service.hpp"

namespace edge {

/// Motion that the camera program reports: `<base>/camera/motion` ON and OFF, retained, and a picture each time it
/// begins. Does nothing while camera.motion is not enabled.
class MotionService : Service {
  public:
    /// Called when motion begins, with small pictures from before.
    using TakePicture = std::function<void(std::vector<Picture> before)>;

    MotionService(const ServiceContext& context, PictureSource& source, TakePicture takePicture);
    ~MotionService();

    void onReload(const Config& before);
    void onConnected();
    /// No motion is reported while the camera is offline.
    void setCameraOnline(bool isOnline);

  private:
    void change(bool isMoving, std::vector<Picture> before);

    PictureSource& source_;
    TakePicture takePicture_;
    bool isMoving_ = false;
};

}  // namespace edge
