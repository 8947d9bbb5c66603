// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "camera/backends/backends.hpp"
#include "camera/backends/frame_rate_limiter.hpp"
#include "core/system/files.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = 128U << 20;

bool isJpegName(const std::string& name) {
    const std::string lower = toLower(name);
    return lower.ends_with(".jpg") || lower.ends_with(".jpeg");
}

/// Decodes a file again only when another one was asked for, or it has changed: a still picture is a cheap camera.
class FileDecoder {
  public:
    Result<DecodedImage> decode(const std::string& path) {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) return failSystem("cannot read the file", errno);
        const Version version{path, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
        if (version == version_) return image_;
        forget();
        const auto content = TRY(readSmallFile(path, kMaxFileBytes));
        image_ = TRY(decodeJpeg(std::span(reinterpret_cast<const std::uint8_t*>(content.data()), content.size())));
        version_ = version;
        return image_;
    }

    void forget() { *this = {}; }

  private:
    using Version = std::tuple<std::string, ino_t, off_t, time_t, long>;
    Version version_;  ///< of the file that `image_` is of
    DecodedImage image_;
};

class ReplayCamera : public Camera {
  public:
    ReplayCamera(Loop& loop, const CameraConfig& config)
        : limiter_(loop, config.frameRate), directory_(config.device) {}

    Result<CameraInfo> probe() override {
        if (!isStreaming_) TRY(scan());
        return CameraInfo{"replay of " + directory_, "replay", ""};
    }
    Result<void> check(const Controls& controls) override { return refuseControls(controls, "replay"); }
    Result<Transform> start(const StreamRequest& request) override {
        TRY(scan());
        isStreaming_ = true;
        return request.transform;
    }
    void stop() override {
        limiter_.cancel();
        isStreaming_ = false;
        decoder_.forget();
    }
    void nextFrame(BootTime /*notBefore*/, FrameHandler done) override {
        limiter_.schedule([this, done = std::move(done)] {
            if (isStreaming_) done(expose());
        });
    }
    void onChange(ChangeHandler /*handler*/) override {}

  private:
    Result<void> scan() {
        std::vector<std::string> names;
        std::error_code error;
        fs::directory_iterator entries(directory_, error);
        for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
            std::error_code ignored;
            const std::string name = entries->path().filename().string();
            // Never a pipe or a device, which could block.
            if (entries->is_regular_file(ignored) && isJpegName(name)) names.push_back(name);
        }
        if (error) {
            const Errc code = error == std::errc::permission_denied ? Errc::kPermission : Errc::kUnavailable;
            return fail(code,
                        fmt::format("camera.device: cannot read the directory {}: {}", directory_, error.message()));
        }
        if (names.empty()) {
            return fail(Errc::kUnavailable,
                        fmt::format("camera.device: no .jpg or .jpeg file in the directory {}", directory_));
        }
        std::sort(names.begin(), names.end());
        names_ = std::move(names);
        return {};
    }

    Result<Frame> expose() {
        Frame frame;
        frame.exposureStart = bootTimeNow();
        const std::size_t attempts = names_.size() + 1;
        for (std::size_t i = 0; i < attempts; ++i) {
            if (next_ >= names_.size()) {
                next_ = 0;
                TRY(scan());
            }
            const std::string& name = names_[next_++];
            const auto image = decoder_.decode(fs::path(directory_) / name);
            if (image) {
                frame.view = image->view;
                frame.lease = image->storage;
                frame.sequence = sequence_++;
                return frame;
            }
            if (skipped_.insert(name).second) log::warning("replay: skipped {}: {}", name, image.error().message);
        }
        return fail(Errc::kUnavailable,
                    fmt::format("camera.device: no usable JPEG file in the directory {}", directory_));
    }

    FrameRateLimiter limiter_;
    const std::string directory_;
    std::vector<std::string> names_;
    std::size_t next_ = 0;
    std::set<std::string> skipped_;  ///< were logged
    FileDecoder decoder_;
    bool isStreaming_ = false;
    std::uint32_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Camera> makeReplayCamera(Loop& loop, const CameraConfig& config) {
    return std::make_unique<ReplayCamera>(loop, config);
}

}  // namespace edge
