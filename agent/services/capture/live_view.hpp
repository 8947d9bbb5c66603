// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "camera/client/picture_source.hpp"
#include "core/loop/scope.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// Live view: JPEGs on `<base>/live`, at QoS 0, until a lease is over that each `live` command replaces; and retained
/// on `<base>/camera/live`, `ON` while frames come, `OFF` otherwise. There is one lease: the last settings are those of
/// all viewers.
///
/// The latest frame wins: none is made before its interval has passed and the one before has reached the broker's
/// machine but for a quarter of it (Publisher::outstandingBytes()). So a slow line has no time to become idle, a frame
/// waits for a quarter of another at most, and whatever else is to be sent for one and a quarter. On a long line there
/// is at most one frame a round trip.
class LiveView : Service {
  public:
    LiveView(const ServiceContext& context, PictureSource& source) : Service(context), source_(source) {}

    /// The `live` command; `for` = 0 ends it.
    Outcome view(const CommandOptions& options);
    /// Does nothing where there is no lease. `why` is for the log.
    void end(const std::string& why);
    /// Ends where there is no camera or no topic any more. A lower camera.live_max_rate applies from the next frame on.
    void onReload(const Config& before);
    void publishState();

    static constexpr milliseconds kLease{30'000};
    static constexpr double kRate = 5;
    static constexpr int kWidth = 640;
    static constexpr int kHeight = 480;
    static constexpr int kQuality = 60;
    static constexpr std::size_t kLeftOver = 4;      ///< which part of a frame may be under way when the next is made
    static constexpr std::size_t kFreeBytes = 4096;  ///< outstanding, that never keep a frame back: readings, replies
    static constexpr seconds kRetry{2};              ///< after a frame that failed, twice that after the next …
    static constexpr int kMaxRetryFactor = 5;        ///< … up to this many times

  private:
    struct Lease {
        double rate = kRate;  ///< as asked for
        int width = kWidth;
        int height = kHeight;
        int quality = kQuality;
        bool operator==(const Lease&) const = default;
    };

    [[nodiscard]] std::string topic() const { return config_.topics.base + "/live"; }
    [[nodiscard]] double rateInForce(const Lease& lease) const;
    [[nodiscard]] nanoseconds interval() const;
    /// Takes the next frame, or waits for what it needs.
    void advance();
    void wakeAt(SteadyTime when);
    void taken(Result<Picture> picture);
    void failed(const Error& error);
    void publish(Picture picture);
    void setFailures(int failures);

    PictureSource& source_;
    std::optional<Lease> lease_;
    Timer end_;
    Timer next_;
    SteadyTime due_{};            ///< the next frame, not before
    bool isInCamera_ = false;     ///< a frame is
    std::size_t frameBytes_ = 0;  ///< of the last one
    int failures_ = 0;            ///< of frames, since the last that came
    Scope scope_;                 ///< reset with the settings: a frame of former ones is dropped
};

}  // namespace edge
