// SPDX-License-Identifier: MIT
#include "camera/backends/replay_camera.hpp"

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "core/system/files.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

bool isJpegName(const std::string& name) {
    const std::string lower = toLower(name);
    return lower.ends_with(".jpg") || lower.ends_with(".jpeg");
}

/// Two files of one name are the same picture only while nobody has written to them.
std::string stampOf(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    const auto time = std::filesystem::last_write_time(path, error);
    return fmt::format("{}:{}", size, time.time_since_epoch().count());
}

}  // namespace

ReplayCamera::ReplayCamera(Loop& loop, const CameraConfig& config)
    : loop_(loop), pacer_(loop, config.frameRate), directory_(config.device) {}

Result<CameraInfo> ReplayCamera::probe() {
    if (!isStreaming_) {
        if (const auto scanned = scan(); !scanned) return tl::unexpected(scanned.error());
    }
    return CameraInfo{"replay of " + directory_, "replay", ""};
}

Result<void> ReplayCamera::scan() {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entries(directory_, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        std::error_code ignored;
        const bool isFile = entries->is_regular_file(ignored);  // never a pipe or a device, which could block
        if (isFile && isJpegName(entries->path().filename().string()))
            names.push_back(entries->path().filename().string());
    }
    if (error) {
        const Errc code = error == std::errc::permission_denied ? Errc::kPermission : Errc::kUnavailable;
        return fail(code, fmt::format("camera.device: cannot read the directory {}: {}", directory_, error.message()));
    }
    if (names.empty()) {
        return fail(Errc::kUnavailable,
                    fmt::format("camera.device: no .jpg or .jpeg file in the directory {}", directory_));
    }
    std::sort(names.begin(), names.end());
    names_ = std::move(names);
    return {};
}

Result<Orientation> ReplayCamera::start(const StreamWish& wish) {
    if (const auto scanned = scan(); !scanned) return tl::unexpected(scanned.error());
    isStreaming_ = true;
    return wish.orientation;
}

void ReplayCamera::stop() {
    pacer_.cancel();
    isStreaming_ = false;
}

void ReplayCamera::nextFrame(BootTime /*notBefore*/, FrameHandler done) {
    pacer_.schedule([this, done = std::move(done)] {
        if (isStreaming_) done(expose());
    });
}

Result<Frame> ReplayCamera::expose() {
    Frame frame;
    frame.exposureStart = bootTimeNow();
    const std::size_t attempts = names_.size() + 1;
    for (std::size_t i = 0; i < attempts; ++i) {
        if (next_ >= names_.size()) {
            next_ = 0;
            if (const auto scanned = scan(); !scanned) return tl::unexpected(scanned.error());
        }
        if (const Image image = load(names_[next_++])) {
            frame.view = image->view;
            frame.lease = image;
            frame.sequence = sequence_++;
            return frame;
        }
    }
    return fail(Errc::kUnavailable, fmt::format("camera.device: no file in the directory {} can be used", directory_));
}

ReplayCamera::Image ReplayCamera::load(const std::string& name) {
    const auto path = std::filesystem::path(directory_) / name;
    const std::string key = name + '/' + stampOf(path);
    if (const auto it = cache_.find(key); it != cache_.end()) return it->second;
    if (const auto it = warned_.find(name); it != warned_.end() && it->second == key) return nullptr;

    Image image = decodeFile(path.string());
    if (!image) {
        warned_[name] = key;
        return nullptr;
    }
    warned_.erase(name);
    // What is full stays as it is: pictures go round, so that throwing out the oldest would throw out the next one
    // needed.
    if (cachedBytes_ + image->storageBytes <= kCacheBytes) {
        std::erase_if(cache_, [&](const auto& entry) {
            if (!entry.first.starts_with(name + '/')) return false;
            cachedBytes_ -= entry.second->storageBytes;
            return true;
        });
        cachedBytes_ += image->storageBytes;
        cache_.emplace(key, image);
    }
    return image;
}

ReplayCamera::Image ReplayCamera::decodeFile(const std::string& path) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    const auto limit = static_cast<std::size_t>(std::min<std::uintmax_t>(size, kMaxFileBytes));
    const auto content = readSmallFile(path, error ? 0 : limit);
    if (!content) {
        log::warning("replay: passed over: {}", content.error().message);
        return nullptr;
    }
    auto decoded = decodeJpeg(std::span(reinterpret_cast<const std::uint8_t*>(content->data()), content->size()));
    if (!decoded) {
        log::warning("replay: {} is passed over: {}", path, decoded.error().message);
        return nullptr;
    }
    return std::make_shared<const DecodedImage>(std::move(*decoded));
}

}  // namespace edge
