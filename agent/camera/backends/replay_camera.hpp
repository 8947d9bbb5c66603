// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "camera/camera.hpp"
#include "camera/daemon/pacer.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {

/// The JPEG files of a directory, in the order of their names, again and again; files that come are seen when it begins
/// anew. A file that is no JPEG is passed over, and named once. Sizes are the files' own. See Camera.
class ReplayCamera : public Camera {
  public:
    ReplayCamera(Loop& loop, const CameraConfig& config);

    Result<CameraInfo> probe() override;
    Result<Orientation> start(const StreamWish& wish) override;
    void stop() override;
    void nextFrame(BootTime notBefore, FrameHandler done) override;
    void onChange(ChangeHandler /*handler*/) override {}

    static constexpr std::size_t kCacheBytes = 64U << 20;  ///< of decoded pictures that are kept
    static constexpr std::size_t kMaxFileBytes = 128U << 20;

  private:
    using Image = std::shared_ptr<const DecodedImage>;

    Result<void> scan();
    Result<Frame> expose();
    [[nodiscard]] Image load(const std::string& name);
    [[nodiscard]] Image decodeFile(const std::string& name);

    Loop& loop_;
    Pacer pacer_;
    const std::string directory_;
    std::vector<std::string> names_;
    std::size_t next_ = 0;
    std::map<std::string, Image> cache_;
    std::size_t cachedBytes_ = 0;
    std::map<std::string, std::string> warned_;  ///< file → what was said about it
    bool isStreaming_ = false;
    std::uint32_t sequence_ = 0;
};

}  // namespace edge
