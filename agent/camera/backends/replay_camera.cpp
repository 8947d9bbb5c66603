// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <system_error>
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

constexpr std::size_t kCacheBytes = 64U << 20;  ///< of decoded pictures that are kept
constexpr std::size_t kMaxFileBytes = 128U << 20;

bool isJpegName(const std::string& name) {
    const std::string lower = toLower(name);
    return lower.ends_with(".jpg") || lower.ends_with(".jpeg");
}

/// Changes when the file is written to.
std::string stampOf(const fs::path& path) {
    std::error_code error;
    const auto size = fs::file_size(path, error);
    const auto time = fs::last_write_time(path, error);
    return fmt::format("{}:{}", size, time.time_since_epoch().count());
}

using Image = std::shared_ptr<const DecodedImage>;

/// nullptr where the file is not a JPEG, with a warning.
Image decodeFile(const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    const auto content = readSmallFile(path, error ? 0 : std::min<std::uintmax_t>(size, kMaxFileBytes));
    if (!content) {
        log::warning("replay: skipped: {}", content.error().message);
        return nullptr;
    }
    auto decoded = decodeJpeg(std::span(reinterpret_cast<const std::uint8_t*>(content->data()), content->size()));
    if (!decoded) {
        log::warning("replay: skipped {}: {}", path, decoded.error().message);
        return nullptr;
    }
    return std::make_shared<const DecodedImage>(std::move(*decoded));
}

class ReplayCamera : public Camera {
  public:
    ReplayCamera(Loop& loop, const CameraConfig& config)
        : limiter_(loop, config.frameRate), directory_(config.device) {}

    Result<CameraInfo> probe() override {
        if (!isStreaming_) TRY(scan());
        return CameraInfo{"replay of " + directory_, "replay", ""};
    }
    Result<Transform> start(const StreamRequest& request) override {
        TRY(scan());
        isStreaming_ = true;
        return request.transform;
    }
    void stop() override {
        limiter_.cancel();
        isStreaming_ = false;
    }
    void nextFrame(BootTime /*notBefore*/, FrameHandler done) override {
        limiter_.schedule([this, done = std::move(done)] {
            if (isStreaming_) done(expose());
        });
    }
    void onChange(ChangeHandler /*handler*/) override {}

  private:
    struct CachedFile {
        std::string stamp;
        Image image;  ///< nullptr: not a JPEG, which was logged
    };

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
            const Image image = load(names_[next_++]);
            if (!image) continue;
            frame.view = image->view;
            frame.lease = image;
            frame.sequence = sequence_++;
            return frame;
        }
        return fail(Errc::kUnavailable,
                    fmt::format("camera.device: no usable JPEG file in the directory {}", directory_));
    }

    Image load(const std::string& name) {
        const fs::path path = fs::path(directory_) / name;
        const std::string stamp = stampOf(path);
        const auto known = files_.find(name);
        if (known != files_.end() && known->second.stamp == stamp) return known->second.image;
        if (known != files_.end()) forget(known);

        Image image = decodeFile(path.string());
        const std::size_t bytes = image ? image->storageBytes : 0;
        // A full cache stays as it is: in a cycle, removing the oldest would remove the next one needed.
        if (cachedBytes_ + bytes <= kCacheBytes) {
            cachedBytes_ += bytes;
            files_[name] = {stamp, image};
        }
        return image;
    }

    void forget(std::map<std::string, CachedFile>::iterator file) {
        if (file->second.image) cachedBytes_ -= file->second.image->storageBytes;
        files_.erase(file);
    }

    FrameRateLimiter limiter_;
    const std::string directory_;
    std::vector<std::string> names_;
    std::size_t next_ = 0;
    std::map<std::string, CachedFile> files_;
    std::size_t cachedBytes_ = 0;
    bool isStreaming_ = false;
    std::uint32_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Camera> makeReplayCamera(Loop& loop, const CameraConfig& config) {
    return std::make_unique<ReplayCamera>(loop, config);
}

}  // namespace edge
