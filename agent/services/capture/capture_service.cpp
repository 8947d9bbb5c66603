// SPDX-License-Identifier: MIT
#include "services/capture/capture_service.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"

namespace edge {
namespace {

/// A series without an interval ends after this many failures in a row: nothing else would slow it down.
constexpr int kMaxFailuresInARow = 3;

/// Pictures on their way to the broker before another is published or requested: a line that is slower than the camera
/// must not fill the memory. As much as the send window holds and a few more, so that the line never waits.
constexpr std::size_t kMaxUndelivered = 8;
constexpr std::int64_t kMaxUndeliveredBytes = 4 << 20;

constexpr std::string_view kMotionSource = "motion";

/// The agent's own sources are "motion", "gpio:<name>" and "schedule:<name>"; all others are topics.
bool isOwnSource(const std::string& source) {
    return source == kMotionSource || source.starts_with("gpio:") || source.starts_with("schedule:");
}

std::string triggerOf(const Command& command) {
    return isOwnSource(command.source) ? command.source : "command";
}

}  // namespace

/// One `capture`, from the command to its reply: one picture, or a series of them, one after the other.
struct CaptureService::Job {
    Command command;
    OutcomeHandler done;
    int wanted = 1;

    // The picture of this turn.
    Stage stage = Stage::kWaiting;
    std::uint64_t number = 0;  ///< ascending over all jobs: the order in which pictures are taken and sent
    std::string id;
    Picture picture;  ///< its JPEG is moved into the publication
    std::int64_t bytes = 0;
    std::string description;
    std::vector<Picture> before;  ///< small ones, from before the event

    // Of a series.
    int started = 0;
    int taken = 0;
    int failuresInARow = 0;
    Outcome lastFailure;
    SteadyTime next{};
    Timer timer;                ///< while it rests
    std::string cancelMessage;  ///< "" = not cancelled

    [[nodiscard]] bool isSeries() const { return wanted > 1; }
    [[nodiscard]] std::string progress() const { return fmt::format(R"({{"taken":{},"count":{}}})", taken, wanted); }
};

CaptureService::CaptureService(const ServiceContext& context, PictureSource& source, PictureStore& store,
                               std::string imagePrefix)
    : Service(context), source_(source), store_(store), imagePrefix_(std::move(imagePrefix)) {
    source.onStateChange([this](const CameraState& state) {
        recordEvent("camera", state.online ? "online: " + state.model : "offline: " + state.reason);
        publishOnline();
        if (!state.online) setMoving(false, {});
        changed_();
    });
    source.onMotion([this](bool isMoving, std::vector<Picture> before) {
        if (config_.camera.motion.enabled) setMoving(isMoving, std::move(before));
    });
}

CaptureService::~CaptureService() {
    source_.onStateChange({});
    source_.onMotion({});
}

// ---- a picture: waiting → in the camera → taken → being kept (if it is) → on its way → finished

void CaptureService::capture(const Command& command, OutcomeHandler done, std::vector<Picture> before) {
    if (count(Stage::kWaiting) >= kMaxWaiting) {
        return done(
            Outcome::failure(ReplyCode::kBusy, fmt::format("{} pictures wait already; send the command again when some "
                                                           "of them have come, with another transaction",
                                                           kMaxWaiting)));
    }
    const JobPtr job = jobs_.emplace_back(std::make_shared<Job>());
    job->command = command;
    job->done = std::move(done);
    if (!config_.topics.base.empty()) job->before = std::move(before);
    job->wanted = command.options.count.value_or(1);
    job->next = loop_.clock().now();
    wait(*job);
    if (job->isSeries()) changed_();
}

/// The job's next picture gets in line.
void CaptureService::wait(Job& job) {
    ++job.started;
    job.number = ++lastNumber_;
    job.id = fmt::format("{}-{}", imagePrefix_, job.number);
    job.picture = {};
    job.bytes = 0;
    job.stage = Stage::kWaiting;
    advance();
}

/// Moves each picture on as far as the camera and the line allow, in their order.
void CaptureService::advance() {
    while (!isLineFull()) {
        if (const JobPtr job = first(Stage::kTaken)) {
            keepOrPublish(job);
        } else if (const JobPtr next = first(Stage::kWaiting); next && count(Stage::kInCamera) < kInFlight) {
            request(next);
        } else {
            return;
        }
    }
}

void CaptureService::request(const JobPtr& job) {
    const bool isKept = isOffline(*job) && (store_.isKeeping() || store_.isArchiving());
    if (publisher_.connection() == nullptr && !isKept) {
        return finishPicture(
            *job, Outcome::failure(ReplyCode::kInternal,
                                   "there is no connection to the broker, so no picture was taken; try again later"));
    }
    job->stage = Stage::kInCamera;
    const CommandOptions& options = job->command.options;
    const PictureRequest request{
        .width = options.width,
        .height = options.height,
        .quality = options.quality,
        .maxBytes = std::min(static_cast<std::size_t>(config_.image.maxBytes), maxPicturePayload(publisher_, config_)),
        .notBefore = job->command.arrived,
        .timeout = options.timeout.value_or(config_.camera.timeout),
        .settle = options.settle,
        .controls = options.controls};
    source_.capture(request, scope_.wrap([this, job](Result<Picture> picture) { taken(job, std::move(picture)); }));
}

void CaptureService::taken(const JobPtr& job, Result<Picture> picture) {
    if (job->stage != Stage::kInCamera) return;  // answered by shutDown() meanwhile
    if (picture) {
        job->picture = std::move(*picture);
        job->bytes = static_cast<std::int64_t>(job->picture.jpeg.size());
        job->stage = Stage::kTaken;
    } else {
        finishPicture(*job, notTaken(picture.error()));
    }
    advance();
}

/// Nothing is published before the archive has it: a power cut may come at once.
void CaptureService::keepOrPublish(const JobPtr& job) {
    const std::string& transaction = job->command.transaction;
    if (isOffline(*job)) job->before.clear();
    job->description =
        formatDescription({job->id, triggerOf(job->command), transaction, job->bytes, job->before}, job->picture);
    PicturePost post{std::move(job->picture.jpeg), job->description, job->id, formatRfc3339(job->picture.exposureStart),
                     transaction};
    const bool isForBroker = isOffline(*job) && store_.isKeeping();
    if (!isForBroker && !store_.isArchiving()) return publish(job, std::move(post));
    job->stage = Stage::kKeeping;
    store_.keep(std::move(post), isForBroker,
                scope_.wrap([this, job, isForBroker](PicturePost kept, const Result<void>& result) {
                    if (job->stage != Stage::kKeeping) return;  // answered by shutDown() meanwhile
                    if (!isForBroker && !(result && isOffline(*job))) return publish(job, std::move(kept));
                    finishPicture(
                        *job, result ? Outcome::success(std::move(job->description))
                                     : Outcome::failure(ReplyCode::kInternal,
                                                        "there is no connection, and the picture could not be kept: " +
                                                            result.error().message));
                    advance();
                }));
}

void CaptureService::publish(const JobPtr& job, PicturePost post) {
    job->stage = Stage::kSending;
    publishBefore(publisher_, config_, job->id, std::exchange(job->before, {}));
    publishPicture(publisher_, config_, std::move(post), scope_.wrap([this, job](Delivery delivery) {
        const bool isDelivered = delivery == Delivery::kDelivered;
        if (isDelivered) published_();
        finishPicture(*job, isDelivered ? Outcome::success(std::move(job->description))
                                        : notDelivered(delivery, config_.image.topic));
        advance();
    }));
}

void CaptureService::finishPicture(Job& job, const Outcome& outcome) {
    if (job.stage == Stage::kDone) return;
    const bool isKept = job.stage == Stage::kKeeping && outcome.ok;
    if (!isKept) ++(outcome.ok ? counters_.published : counters_.failed);
    record(job, isKept ? "kept" : outcome.ok ? "ok" : outcome.code);
    if (job.isSeries()) {
        seriesTaken(job, outcome);
    } else {
        end(job, outcome);
    }
    changed_();
}

void CaptureService::record(const Job& job, std::string_view status) {
    journal_.record(CaptureRecord{.time = job.bytes == 0 ? loop_.clock().wallNow() : job.picture.exposureStart,
                                  .imageId = job.id,
                                  .trigger = triggerOf(job.command),
                                  .transaction = job.command.transaction,
                                  .width = job.picture.width,
                                  .height = job.picture.height,
                                  .bytes = job.bytes,
                                  .status = std::string(status)});
}

/// `job` may be gone afterwards, unless the caller holds it.
void CaptureService::end(Job& job, const Outcome& outcome) {
    job.stage = Stage::kDone;
    const OutcomeHandler done = std::move(job.done);
    jobs_.remove_if([&](const JobPtr& other) { return other.get() == &job; });
    done(outcome);
}

// ---- series

void CaptureService::seriesTaken(Job& job, const Outcome& outcome) {
    if (outcome.ok) {
        ++job.taken;
        job.failuresInARow = 0;
    } else {
        job.lastFailure = outcome;
        ++job.failuresInARow;
    }
    if (job.taken == job.wanted) return end(job, Outcome::success(job.progress()));
    if (!job.cancelMessage.empty()) return endCancelled(job);
    const milliseconds every = job.command.options.every.value_or(milliseconds{0});
    const bool isHopeless = (every.count() == 0 && job.failuresInARow >= kMaxFailuresInARow) ||
                            (!outcome.ok && outcome.code == ReplyCode::kInvalidOption);
    if (job.started >= job.wanted || isHopeless) {
        const std::string message = fmt::format("{} of {} pictures were taken; the last that failed: {}", job.taken,
                                                job.wanted, job.lastFailure.error);
        return end(job, Outcome::failure(job.lastFailure.code, message, job.progress()));
    }
    // Without drift, and without bunching up: missed turns are skipped.
    const SteadyTime now = loop_.clock().now();
    job.next += every;
    if (every.count() > 0 && job.next < now) job.next += (now - job.next) / every * every;
    job.stage = Stage::kResting;
    job.timer = loop_.at(job.next, [this, &job] {
        job.command.arrived = bootTimeNow();  // the exposure comes after this turn, not after the command of long ago
        wait(job);
    });
}

void CaptureService::endCancelled(Job& job) {
    end(job, Outcome::failure(ReplyCode::kCancelled, job.cancelMessage, job.progress()));
}

/// A picture that the camera has begun is still published, and its series answered after it, so that the reply is the
/// last message and its count is right. Returns how many series this ended.
std::size_t CaptureService::cancelSeries(const std::string& message) {
    std::size_t ended = 0;
    for (const JobPtr& job : std::list<JobPtr>(jobs_)) {
        if (!job->isSeries() || !job->cancelMessage.empty()) continue;
        ++ended;
        job->cancelMessage = message;
        job->timer.cancel();
        if (job->stage == Stage::kWaiting) finishPicture(*job, Outcome::failure(ReplyCode::kCancelled, message));
        if (job->stage != Stage::kResting) continue;
        endCancelled(*job);
        changed_();
    }
    return ended;
}

Outcome CaptureService::cancel() {
    const std::size_t ended = cancelSeries("ended by \"cancel\"");
    return Outcome::success(fmt::format(R"({{"cancelled":{}}})", ended));
}

void CaptureService::shutDown() {
    source_.onMotion({});
    cancelSeries(Outcome::stopping().error);
    for (const JobPtr& job : std::list<JobPtr>(jobs_)) finishPicture(*job, Outcome::stopping());
}

// ---- the camera, the connection and the configuration

void CaptureService::onReload(const Config& before) {
    if (config_.camera.motion.enabled != before.camera.motion.enabled) {
        isMoving_ = false;
        publishMotion();
    }
    if (config_.camera.backend != before.camera.backend) publishOnline();
}

void CaptureService::publishStatus() const {
    publishOnline();
    publishMotion();
}

void CaptureService::publishOnline() const {
    if (config_.camera.backend == CameraBackend::kNone) return;
    publishState("camera/status", source_.state().online ? "online" : "offline");
}

// ---- motion

void CaptureService::setMoving(bool isMoving, std::vector<Picture> before) {
    if (std::exchange(isMoving_, isMoving) == isMoving) return;
    recordEvent("motion", isMoving ? "began" : "ended");
    publishMotion();
    if (!isMoving) return;
    log::info("motion: taking a picture");
    capture(
        {.name = "capture", .source = std::string(kMotionSource), .arrived = bootTimeNow()},
        [](const Outcome& outcome) {
            if (!outcome.ok) log::warning("motion: no picture: {}", outcome.error);
        },
        std::move(before));
}

void CaptureService::publishMotion() const {
    if (config_.camera.motion.enabled) publishState("camera/motion", isMoving_ ? "ON" : "OFF");
}

// ---- for health

CaptureCounters CaptureService::counters() const {
    CaptureCounters counters = counters_;
    counters.waiting = count(Stage::kWaiting) + count(Stage::kInCamera);
    for (const JobPtr& job : jobs_) {
        if (job->isSeries()) counters.series.push_back({job->command.transaction, job->taken, job->wanted});
    }
    return counters;
}

// ---- questions about the jobs: at most a hundred and a few, so they are searched, not indexed

/// The one whose turn is first; nullptr if there is none.
CaptureService::JobPtr CaptureService::first(Stage stage) const {
    JobPtr found;
    for (const JobPtr& job : jobs_) {
        if (job->stage == stage && (found == nullptr || job->number < found->number)) found = job;
    }
    return found;
}

std::size_t CaptureService::count(Stage stage) const {
    return static_cast<std::size_t>(
        std::count_if(jobs_.begin(), jobs_.end(), [&](const JobPtr& job) { return job->stage == stage; }));
}

bool CaptureService::isLineFull() const {
    std::int64_t bytes = 0;
    std::size_t undelivered = 0;
    for (const JobPtr& job : jobs_) {
        if (job->stage != Stage::kSending && job->stage != Stage::kKeeping) continue;
        ++undelivered;
        bytes += job->bytes;
    }
    return undelivered >= kMaxUndelivered || bytes >= kMaxUndeliveredBytes;
}

/// It cannot be published now. A picture that no client waits for is worth having later, too.
bool CaptureService::isOffline(const Job& job) const {
    return publisher_.connection() == nullptr && (job.isSeries() || isOwnSource(job.command.source));
}

}  // namespace edge
