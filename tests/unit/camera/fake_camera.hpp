// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "camera/camera.hpp"

namespace edge {

/// A grey frame whose memory is its lease. Its upper eighth may have another brightness.
inline Frame greyFrame(int width, int height, std::uint8_t brightness = 128,
                       std::optional<std::uint8_t> top = std::nullopt) {
    const auto luma = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const auto half = static_cast<std::size_t>(width / 2);
    auto pixels = std::make_shared<std::vector<std::uint8_t>>(luma * 3 / 2, brightness);
    std::fill_n(pixels->begin(), luma / 8, top.value_or(brightness));
    Frame frame;
    frame.view = {PixelFormat::kYuv420,
                  ColorRange::kFull,
                  width,
                  height,
                  {{{pixels->data(), luma, static_cast<std::size_t>(width)},
                    {pixels->data() + luma, luma / 4, half},
                    {pixels->data() + luma * 5 / 4, luma / 4, half}}}};
    frame.lease = std::move(pixels);
    return frame;
}

/// A camera whose frames the test makes. Remembers what it was asked for.
class FakeCamera : public Camera {
  public:
    Result<CameraInfo> probe() override {
        if (probeError) return tl::unexpected(*probeError);
        return CameraInfo{"fake", "pattern", ""};
    }
    Result<void> check(const Controls& /*controls*/) override {
        if (checkError) return tl::unexpected(*checkError);
        return {};
    }
    Result<Transform> start(const StreamRequest& request) override {
        isStreaming = false;
        if (startError) return tl::unexpected(*startError);
        isStreaming = true;
        requests.push_back(request);
        return request.transform;
    }
    void stop() override {
        if (isStreaming) ++stops;
        isStreaming = false;
        demand = nullptr;
    }
    void nextFrame(BootTime notBefore, FrameHandler done) override {
        ++demands;
        demandedNotBefore = notBefore;
        demand = std::move(done);
    }
    void onChange(ChangeHandler handler) override { changed = std::move(handler); }

    /// A grey frame of this size, exposed now (or at `exposureStart`), for the pending nextFrame().
    void deliver(int width = 64, int height = 64, std::optional<BootTime> exposureStart = std::nullopt,
                 std::uint8_t brightness = 128, std::optional<std::uint8_t> top = std::nullopt) {
        Frame frame = greyFrame(width, height, brightness, top);
        frame.exposureStart = exposureStart.value_or(bootTimeNow());
        leases.push_back(frame.lease);
        std::exchange(demand, nullptr)(std::move(frame));
    }
    /// A frame of a camera that gives JPEGs itself.
    void deliverJpeg(std::vector<std::uint8_t> jpeg, int width, int height) {
        auto bytes = std::make_shared<std::vector<std::uint8_t>>(std::move(jpeg));
        Frame frame;
        frame.view = {PixelFormat::kMjpeg, ColorRange::kFull, width, height, {}};
        frame.view.planes[0] = {bytes->data(), bytes->size(), 0};
        frame.exposureStart = bootTimeNow();
        frame.lease = bytes;
        leases.push_back(bytes);
        std::exchange(demand, nullptr)(std::move(frame));
    }
    /// The camera still finds its exposure.
    void deliverStartup() {
        Frame frame;
        frame.isStartup = true;
        std::exchange(demand, nullptr)(std::move(frame));
    }
    [[nodiscard]] int leased() const {
        int count = 0;
        for (const auto& lease : leases) count += lease.expired() ? 0 : 1;
        return count;
    }

    std::optional<Error> probeError;
    std::optional<Error> checkError;
    std::optional<Error> startError;
    bool isStreaming = false;
    int stops = 0;
    int demands = 0;
    BootTime demandedNotBefore{};
    std::vector<StreamRequest> requests;
    FrameHandler demand;
    ChangeHandler changed;
    std::vector<std::weak_ptr<const void>> leases;
};

}  // namespace edge
