// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "services/capture/picture_backlog.hpp"
#include "services/commands/command_service.hpp"

namespace edge {

/// A series that runs, for health.
struct SeriesProgress {
    std::string transaction;  ///< of its command; "" = none
    int taken = 0;
    int count = 0;
};

/// For health.
struct CaptureCounters {
    std::uint64_t published = 0;
    std::uint64_t failed = 0;
    std::size_t waiting = 0;
    std::vector<SeriesProgress> series;
    PictureBacklogCounters backlog;
};

/// Pictures on request: one by one, each with an exposure of its own after its command, published on the image topic
/// with a description beside it. Without a connection, pictures of a series, of a button and of motion are kept and
/// sent later. A series is a request that comes back at its interval; others go in between. Thread: the loop's.
class CaptureService {
  public:
    static constexpr std::size_t kMaxWaiting = 100;
    /// Pictures under way in the camera program at once: one for each of its encoders, and one that waits there
    /// already.
    static constexpr std::size_t kInFlight = 3;

    /// `strand` reads and writes the files of kept pictures. `imagePrefix` makes image ids unique to this run.
    CaptureService(Loop& loop, PictureSource& source, Publisher& publisher, Journal& journal,
                   std::shared_ptr<Executor> strand, const Config& config, std::string imagePrefix);
    ~CaptureService();

    /// The `capture` command.
    void capture(const CommandOptions& options, const CommandContext& context, OutcomeHandler done);
    /// The `cancel` command: ends all series; their own answers are `cancelled`, after the picture that is under way.
    Outcome cancel();
    /// At the end of the program: as cancel(), and whatever waits.
    void shutDown();

    /// Pictures and series go on; the next picture is the first with the new settings.
    void onReload(const Config& before);

    /// Publishes camera/status; then what was taken without a connection begins to leave.
    void onConnected();
    void onDisconnected();
    void publishStatus();
    /// Called after each picture that the broker took.
    void onPublished(Task handler);
    /// Called when camera state, series or counters that people look at changed.
    void onChange(Task handler);

    [[nodiscard]] CaptureCounters counters() const;
    [[nodiscard]] const CameraState& cameraState() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
