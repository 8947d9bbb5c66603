// SPDX-License-Identifier: MIT
#include "services/capture/capture_service.hpp"

#include <algorithm>
#include <deque>
#include <list>
#include <optional>

#include <fmt/core.h>

#include "services/capture/image_description.hpp"
#include "services/capture/picture_backlog.hpp"
#include "services/capture/picture_publisher.hpp"

namespace edge {
namespace {

/// A camera that fails this often in a row without an interval to wait for ends its series: nothing would slow it down.
constexpr int kMaxFailuresInARow = 3;

/// On their way to the broker, before another is published, or asked for: a line that is slower than the camera must
/// not fill the memory. As much as the send window holds, and a few more, so that the line never waits for the camera.
constexpr std::size_t kMaxUndelivered = 8;
constexpr std::size_t kMaxUndeliveredBytes = 4 << 20;

ReplyCode toReplyCode(Errc code) {
    switch (code) {
        case Errc::kTimeout:
            return ReplyCode::kCaptureTimeout;
        case Errc::kTooLarge:
            return ReplyCode::kTooLarge;
        case Errc::kCancelled:
            return ReplyCode::kCancelled;
        case Errc::kInvalid:
            return ReplyCode::kInvalidOption;
        case Errc::kUnavailable:
        case Errc::kNotFound:
        case Errc::kBusy:
        case Errc::kPermission:
        case Errc::kFault:
        case Errc::kIo:
            return ReplyCode::kCameraUnavailable;
        case Errc::kInternal:
            return ReplyCode::kInternal;
    }
    return ReplyCode::kInternal;
}

constexpr std::string_view kMotionSource = "motion";

/// "gpio:button" and "motion" stay; topics become "command".
std::string triggerOf(const CommandContext& context) {
    const bool isOwn = context.source.starts_with("gpio:") || context.source == kMotionSource;
    return isOwn ? context.source : "command";
}

struct Series {
    CommandOptions options;
    CommandContext context;
    OutcomeHandler done;
    int wanted = 0;
    int started = 0;
    int taken = 0;
    int failuresInARow = 0;
    SteadyTime next{};
    Outcome lastFailure;
    Timer timer;
    bool isTaking = false;  ///< a picture of it waits or is under way
    bool isCancelled = false;
    std::string cancelSentence;
};
using SeriesPtr = std::shared_ptr<Series>;

/// One picture: from the command (or a series' next turn) to its answer.
struct Job {
    CommandOptions options;
    CommandContext context;
    OutcomeHandler done;
    std::string id;
    Picture picture;  ///< its JPEG is moved into the publication
    std::int64_t bytes = 0;
    std::string description;
    SeriesPtr series;     ///< nullptr: a picture of its own
    bool isKept = false;  ///< for want of a connection
    bool isAnswered = false;
};
using JobPtr = std::shared_ptr<Job>;

}  // namespace

struct CaptureService::Impl {
    Impl(Loop& l, PictureSource& s, Publisher& p, Journal& j, std::shared_ptr<Executor> strand, const Config& c,
         std::string prefix)
        : loop(l),
          source(s),
          publisher(p),
          pictures(p, c),
          backlog(l, p, std::move(strand), c),
          journal(j),
          config(c),
          imagePrefix(std::move(prefix)) {}

    /// A timer's task holds its series, which holds the timer.
    ~Impl() {
        for (const SeriesPtr& series : running) series->timer.cancel();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    // ---- requests

    void capture(const CommandOptions& options, const CommandContext& context, OutcomeHandler done) {
        if (waiting.size() >= kMaxWaiting) {
            return answer(done, Outcome::failure(ReplyCode::kBusy,
                                                 fmt::format("{} pictures wait already; send the command again when "
                                                             "some of them have come",
                                                             kMaxWaiting)));
        }
        if (options.count.value_or(1) > 1) return startSeries(options, context, std::move(done));
        enqueue(options, context, nullptr, std::move(done));
    }

    void enqueue(const CommandOptions& options, const CommandContext& context, SeriesPtr series, OutcomeHandler done) {
        auto job = std::make_shared<Job>();
        job->options = options;
        job->context = context;
        job->done = std::move(done);
        job->series = std::move(series);
        job->id = fmt::format("{}-{}", imagePrefix, ++lastImage);
        waiting.push_back(std::move(job));
        pump();
    }

    [[nodiscard]] static Outcome notConnected() {
        return Outcome::failure(ReplyCode::kInternal,
                                "there is no connection to the broker, so no picture was taken; try again later");
    }

    [[nodiscard]] bool isLineFull() const {
        return undelivered >= kMaxUndelivered || undeliveredBytes >= kMaxUndeliveredBytes;
    }

    void pump() {
        while (inFlight < kInFlight && !isLineFull() && !waiting.empty()) {
            const JobPtr job = waiting.front();
            waiting.pop_front();
            active.push_back(job);
            if (publisher.connection() == nullptr && !mayWait(*job)) {
                loop.post([this, job, alive = std::weak_ptr<int>(lifetime)] {
                    if (!alive.expired()) finish(job, notConnected());
                });
                continue;
            }
            ++inFlight;
            PictureRequest request;
            request.width = job->options.width;
            request.height = job->options.height;
            request.quality = job->options.quality;
            request.timeout = job->options.timeout.value_or(config.camera.timeout);
            request.notBefore = job->context.arrived;
            request.maxBytes = std::min(static_cast<std::size_t>(config.image.maxBytes), pictures.maxPayload());
            source.capture(request, [this, job, alive = std::weak_ptr<int>(lifetime)](Result<Picture> picture) {
                if (!alive.expired()) taken(job, std::move(picture));
            });
        }
    }

    void taken(const JobPtr& job, Result<Picture> picture) {
        --inFlight;
        if (!picture) {
            finish(job, Outcome::failure(toReplyCode(picture.error().code), picture.error().message));
            return pump();
        }
        job->picture = std::move(*picture);
        job->bytes = static_cast<std::int64_t>(job->picture.jpeg.size());
        toPublish.push_back(job);
        publishTaken();
        pump();
    }

    // ---- one after the other: each picture, and its description right behind it

    void publishTaken() {
        while (!isLineFull() && !toPublish.empty()) {
            const JobPtr job = std::move(toPublish.front());
            toPublish.pop_front();
            if (!job->isAnswered) publish(job);
        }
    }

    void publish(const JobPtr& job) {
        job->description =
            formatDescription({job->id, triggerOf(job->context), job->context.transaction, job->bytes}, job->picture);
        PicturePost post{std::move(job->picture.jpeg), job->description, job->id,
                         formatRfc3339(job->picture.exposureStart), job->context.transaction};
        if (publisher.connection() == nullptr && mayWait(*job)) return keep(job, std::move(post));
        ++undelivered;
        undeliveredBytes += static_cast<std::size_t>(job->bytes);
        pictures.publish(std::move(post), [this, job, alive = std::weak_ptr<int>(lifetime)](Delivery delivery) {
            if (alive.expired()) return;
            --undelivered;
            undeliveredBytes -= static_cast<std::size_t>(job->bytes);
            delivered(job, delivery);
            publishTaken();
            pump();
        });
    }

    /// A picture that nobody waits for at the other end: it is worth having later, too.
    [[nodiscard]] bool mayWait(const Job& job) const {
        const std::string& from = job.context.source;
        return backlog.isEnabled() && (job.series != nullptr || from == kMotionSource || from.starts_with("gpio:"));
    }

    void keep(const JobPtr& job, PicturePost post) {
        backlog.keep(std::move(post), [this, job, alive = std::weak_ptr<int>(lifetime)](const Result<void>& done) {
            if (!alive.expired()) keptOrNot(job, done);
        });
    }

    void keptOrNot(const JobPtr& job, const Result<void>& done) {
        job->isKept = done.has_value();
        finish(job, done ? Outcome::success(job->description)
                         : Outcome::failure(
                               ReplyCode::kInternal,
                               "there is no connection, and the picture could not be kept: " + done.error().message));
    }

    void delivered(const JobPtr& job, Delivery delivery) {
        switch (delivery) {
            case Delivery::kDelivered:
                if (publishedHandler) publishedHandler();
                return finish(job, Outcome::success(job->description));
            case Delivery::kTooLarge:
                return finish(job,
                              Outcome::failure(ReplyCode::kTooLarge,
                                               "the picture is larger than the broker takes; ask for a smaller width, "
                                               "height or quality"));
            case Delivery::kDenied:
                return finish(job, Outcome::failure(ReplyCode::kInternal,
                                                    fmt::format("the broker does not let this agent publish on \"{}\"; "
                                                                "check its access list",
                                                                config.image.topic)));
            case Delivery::kLost:
                return finish(job,
                              Outcome::failure(ReplyCode::kInternal,
                                               "the connection to the broker broke while the picture was on its way, "
                                               "and pictures are not sent twice; send the command again"));
        }
    }

    void finish(const JobPtr& job, const Outcome& outcome) {
        if (std::exchange(job->isAnswered, true)) return;
        active.remove(job);
        if (!job->isKept) ++(outcome.ok ? counters.published : counters.failed);
        const std::string_view good = job->isKept ? "kept" : "ok";
        recordCapture(*job, outcome.ok ? good : toString(outcome.code));
        job->done(outcome);
        if (changeHandler) changeHandler();
    }

    void recordCapture(const Job& job, std::string_view status) {
        CaptureRecord record;
        record.time = job.bytes == 0 ? loop.clock().wallNow() : job.picture.exposureStart;
        record.imageId = job.id;
        record.trigger = triggerOf(job.context);
        record.transaction = job.context.transaction;
        record.width = job.picture.width;
        record.height = job.picture.height;
        record.bytes = job.bytes;
        record.status = status;
        journal.record(std::move(record));
    }

    // ---- series

    void startSeries(const CommandOptions& options, const CommandContext& context, OutcomeHandler done) {
        auto series = std::make_shared<Series>();
        series->options = options;
        series->context = context;
        series->done = std::move(done);
        series->wanted = *options.count;
        series->next = loop.clock().now();
        running.push_back(series);
        takeNext(series);
        if (changeHandler) changeHandler();
    }

    void takeNext(const SeriesPtr& series) {
        ++series->started;
        series->isTaking = true;
        enqueue(series->options, series->context, series,
                [this, series](const Outcome& outcome) { seriesTaken(series, outcome); });
    }

    void seriesTaken(const SeriesPtr& series, const Outcome& outcome) {
        series->isTaking = false;
        if (outcome.ok) {
            ++series->taken;
            series->failuresInARow = 0;
        } else {
            series->lastFailure = outcome;
            ++series->failuresInARow;
        }
        if (series->isCancelled && series->taken < series->wanted) return endCancelled(series);
        const milliseconds every = series->options.every.value_or(milliseconds{0});
        const bool isHopeless = every.count() == 0 && series->failuresInARow >= kMaxFailuresInARow;
        if (series->started >= series->wanted || isHopeless) return endSeries(series);
        // Without drift, and without bunching up: a turn that was missed is not caught up.
        const SteadyTime now = loop.clock().now();
        series->next += every;
        if (every.count() > 0 && series->next < now) series->next += (now - series->next) / every * every;
        // The next exposure comes after its own turn, not after the command of long ago.
        series->timer = loop.at(series->next, [this, series] {
            series->context.arrived = bootTimeNow();
            takeNext(series);
        });
    }

    static std::string seriesData(const Series& series) {
        return fmt::format(R"({{"taken":{},"count":{}}})", series.taken, series.wanted);
    }

    void endSeries(const SeriesPtr& series) {
        running.remove(series);
        if (series->taken == series->wanted) return series->done(Outcome::success(seriesData(*series)));
        series->done(Outcome::failure(series->lastFailure.code,
                                      fmt::format("{} of {} pictures were taken; the last that failed: {}",
                                                  series->taken, series->wanted, series->lastFailure.error),
                                      seriesData(*series)));
    }

    void endCancelled(const SeriesPtr& series) {
        running.remove(series);
        series->done(Outcome::failure(ReplyCode::kCancelled, series->cancelSentence, seriesData(*series)));
        if (changeHandler) changeHandler();
    }

    /// No picture begins any more. One that is under way is still published, and its series answered after it, so that
    /// the answer is the last there is and its count is right. Returns how many series this ended.
    std::size_t cancelSeries(const std::string& sentence) {
        const std::list<SeriesPtr> all = running;
        std::size_t ended = 0;
        for (const SeriesPtr& series : all) {
            if (std::exchange(series->isCancelled, true)) continue;
            series->cancelSentence = sentence;
            series->timer.cancel();
            ++ended;
            if (!series->isTaking) endCancelled(series);
        }
        const std::deque<JobPtr> queued = std::exchange(waiting, {});
        for (const JobPtr& job : queued) {
            if (!job->series || !job->series->isCancelled) waiting.push_back(job);
        }
        for (const JobPtr& job : queued) {
            if (job->series && job->series->isCancelled) finish(job, Outcome::failure(ReplyCode::kCancelled, sentence));
        }
        return ended;
    }

    void answer(const OutcomeHandler& done, Outcome outcome) {
        loop.post([done, outcome = std::move(outcome)] { done(outcome); });
    }

    Loop& loop;
    PictureSource& source;
    Publisher& publisher;
    PicturePublisher pictures;
    PictureBacklog backlog;
    Journal& journal;
    const Config& config;
    std::string imagePrefix;
    std::uint64_t lastImage = 0;
    std::deque<JobPtr> waiting;
    std::list<JobPtr> active;  ///< given to the camera and not answered
    std::size_t inFlight = 0;
    std::deque<JobPtr> toPublish;  ///< taken, but the line is full
    std::size_t undelivered = 0;   ///< pictures that are published, and that the broker does not have yet
    std::size_t undeliveredBytes = 0;
    std::list<SeriesPtr> running;
    CaptureCounters counters;
    Task publishedHandler;
    Task changeHandler;
    std::shared_ptr<int> lifetime = std::make_shared<int>(0);
};

CaptureService::CaptureService(Loop& loop, PictureSource& source, Publisher& publisher, Journal& journal,
                               std::shared_ptr<Executor> strand, const Config& config, std::string imagePrefix)
    : impl_(
          std::make_unique<Impl>(loop, source, publisher, journal, std::move(strand), config, std::move(imagePrefix))) {
    source.onStateChange([this](const CameraState& state) {
        impl_->journal.record(EventRecord{impl_->loop.clock().wallNow(), "camera",
                                          state.online ? "online: " + state.model : "offline: " + state.reason});
        publishStatus();
        if (impl_->changeHandler) impl_->changeHandler();
    });
}

CaptureService::~CaptureService() {
    impl_->source.onStateChange({});
}

void CaptureService::capture(const CommandOptions& options, const CommandContext& context, OutcomeHandler done) {
    impl_->capture(options, context, std::move(done));
}

Outcome CaptureService::cancel() {
    const std::size_t ended = impl_->cancelSeries("ended by \"cancel\"");
    return Outcome::success(fmt::format(R"({{"cancelled":{}}})", ended));
}

void CaptureService::shutDown() {
    constexpr const char* kSentence = "the agent is stopping; send the command again when it is back";
    impl_->cancelSeries(kSentence);
    auto open = std::list<JobPtr>(impl_->active);
    open.insert(open.end(), impl_->waiting.begin(), impl_->waiting.end());
    impl_->waiting.clear();
    for (const JobPtr& job : open) impl_->finish(job, Outcome::failure(ReplyCode::kCancelled, kSentence));
}

void CaptureService::onReload(const Config& before) {
    if (impl_->config.camera.backend != before.camera.backend) publishStatus();
    impl_->backlog.onReload(before);
}

void CaptureService::onConnected() {
    publishStatus();
    impl_->backlog.onConnected();
}

void CaptureService::onDisconnected() {
    impl_->backlog.onDisconnected();
}

void CaptureService::publishStatus() {
    const Config& config = impl_->config;
    if (config.topics.base.empty() || config.camera.backend == CameraBackend::kNone) return;
    Publication status;
    status.topic = config.topics.base + "/camera/status";
    status.payload = impl_->source.state().online ? "online" : "offline";
    status.retain = Retain::kYes;
    impl_->publisher.publish(std::move(status), Priority::kReply, {});
}

void CaptureService::onPublished(Task handler) {
    impl_->publishedHandler = std::move(handler);
}
void CaptureService::onChange(Task handler) {
    impl_->changeHandler = std::move(handler);
}

CaptureCounters CaptureService::counters() const {
    CaptureCounters counters = impl_->counters;
    counters.waiting = impl_->waiting.size() + impl_->inFlight;
    for (const SeriesPtr& series : impl_->running) {
        counters.series.push_back({series->context.transaction, series->taken, series->wanted});
    }
    counters.backlog = impl_->backlog.counters();
    return counters;
}

const CameraState& CaptureService::cameraState() const {
    return impl_->source.state();
}

}  // namespace edge
