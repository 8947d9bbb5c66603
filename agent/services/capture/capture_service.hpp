// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "core/loop/scope.hpp"
#include "services/capture/picture_publisher.hpp"
#include "services/capture/picture_store.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// A running series, for health.
struct SeriesProgress {
    std::string transaction;  ///< of its command; "" = none
    int taken = 0;
    int count = 0;
};

/// For health.
struct CaptureCounters {
    std::uint64_t published = 0;
    std::uint64_t failed = 0;
    std::size_t waiting = 0;  ///< for the camera, or in it
    std::vector<SeriesProgress> series;
};

/// Pictures on request: one by one, each with an exposure of its own after its command, published on the image topic
/// with a description. With an archive each is on the disk before. Without a connection, pictures of a series, of a
/// button, of a schedule and of motion are kept and sent later. A series is a job that waits again at its interval;
/// other jobs go in between.
///
/// Also the motion that the camera program reports, where camera.motion is enabled: `<base>/camera/motion` ON and OFF,
/// retained, and a picture each time it begins. Nothing moves while the camera is offline.
class CaptureService : Service {
  public:
    static constexpr std::size_t kMaxWaiting = 100;
    /// Pictures in the camera program at once: one for each of its encoders, and one that waits there already.
    static constexpr std::size_t kInFlight = 3;

    /// `imagePrefix` makes image ids unique to this run.
    CaptureService(const ServiceContext& context, PictureSource& source, PictureStore& store, std::string imagePrefix);
    ~CaptureService();

    /// The `capture` command.
    /// `before`: small pictures from before the event that asks for it, published with it; dropped without a
    /// connection.
    void capture(const Command& command, OutcomeHandler done, std::vector<Picture> before = {});
    /// The `cancel` command: ends all series; they are answered `cancelled`, after a picture that is already taken.
    Outcome cancel();
    /// At the end of the program: everything is answered `cancelled`, and motion is not looked at any more.
    void shutDown();

    /// Pictures and series go on; the next picture is the first with the new settings.
    void onReload(const Config& before);

    /// camera/status and camera/motion: on each connection, and for the `status` command.
    void publishStatus() const;

    [[nodiscard]] CaptureCounters counters() const;
    [[nodiscard]] const CameraState& cameraState() const { return source_.state(); }

  private:
    enum class Stage { kWaiting, kInCamera, kTaken, kSending, kKeeping, kResting, kDone };
    struct Job;
    using JobPtr = std::shared_ptr<Job>;

    void wait(Job& job);
    void advance();
    void request(const JobPtr& job);
    void taken(const JobPtr& job, Result<Picture> picture);
    void keepOrPublish(const JobPtr& job);
    void publish(const JobPtr& job, PicturePost post);
    void finishPicture(Job& job, const Outcome& outcome);
    void seriesTaken(Job& job, const Outcome& outcome);
    void end(Job& job, const Outcome& outcome);
    void endCancelled(Job& job);
    std::size_t cancelSeries(const std::string& message);
    void record(const Job& job, std::string_view status);
    void setMoving(bool isMoving, std::vector<Picture> before);
    void publishOnline() const;
    void publishMotion() const;

    [[nodiscard]] JobPtr first(Stage stage) const;
    [[nodiscard]] std::size_t count(Stage stage) const;
    [[nodiscard]] bool isLineFull() const;
    [[nodiscard]] bool isOffline(const Job& job) const;

    PictureSource& source_;
    PictureStore& store_;
    std::string imagePrefix_;
    std::uint64_t lastNumber_ = 0;
    std::list<JobPtr> jobs_;  ///< not answered yet, oldest first
    CaptureCounters counters_;
    bool isMoving_ = false;
    Scope scope_;
};

}  // namespace edge
