// SPDX-License-Identifier: MIT
#include "services/telemetry/sensor_poll.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

namespace edge {

Result<double> validateReading(const SensorConfig& config, const Result<double>& raw) {
    if (!raw) return raw;
    const double value = *raw * config.scale + config.offset;
    if (!std::isfinite(value)) return fail(Errc::kFault, fmt::format("sensor {} returned no number", config.name));
    const double min = config.min.value_or(infoOf(config.quantity).min);
    const double max = config.max.value_or(infoOf(config.quantity).max);
    if (value < min || value > max) {
        return fail(Errc::kFault, fmt::format("sensor {} returned {}, which is outside {} … {}; if that can be true, "
                                              "change min and max of the sensor",
                                              config.name, describeValue(config, value), min, max));
    }
    return value;
}

SensorPoll::SensorPoll(Loop& loop, const SensorConfig& config, std::shared_ptr<Sensor> sensor,
                       std::shared_ptr<Executor> strand, Handler handler)
    : loop_(loop),
      config_(config),
      sensor_(std::move(sensor)),
      strand_(std::move(strand)),
      handler_(std::move(handler)) {}

void SensorPoll::start(milliseconds interval) {
    const bool isSameSchedule = interval == interval_;
    retries_ = 0;
    read();
    if (isSameSchedule) return;
    interval_ = interval;
    next_ = loop_.clock().now() + interval;
    timer_ = loop_.at(next_, [this] { onTimer(); });
}

void SensorPoll::stop() {
    interval_ = milliseconds{0};
    timer_.cancel();
    retry_.cancel();
    isWanted_ = false;
}

void SensorPoll::onTimer() {
    const SteadyTime now = loop_.clock().now();
    next_ += interval_;
    // A loop that was held up skips turns, too.
    if (next_ <= now) next_ += ((now - next_) / interval_ + 1) * interval_;
    timer_ = loop_.at(next_, [this] { onTimer(); });
    retries_ = 0;
    read();
}

void SensorPoll::read() {
    retry_.cancel();
    if (isReading_) {
        // A `start` after a `stop` takes the value that is on its way; one that was given up stays so.
        isWanted_ = !isGivenUp_;
        return;
    }
    isReading_ = true;
    isWanted_ = true;
    isGivenUp_ = false;
    begunAt_ = std::make_shared<std::atomic<SteadyTime>>(SteadyTime::max());
    startDue_ = loop_.clock().now() + kStartLimit;
    limit_ = loop_.after(kAnswerLimit, [this] { checkLimit(); });
    const auto work = [sensor = sensor_, &clock = loop_.clock(), begunAt = begunAt_] {
        *begunAt = clock.now();
        return sensor->read();
    };
    runOn(*strand_, loop_, scope_, work, [this](const Result<double>& raw) { finish(raw); });
}

void SensorPoll::checkLimit() {
    const SteadyTime now = loop_.clock().now();
    const SteadyTime begun = *begunAt_;
    const bool isWaiting = begun == SteadyTime::max();
    const SteadyTime due = isWaiting ? startDue_ : begun + kAnswerLimit;
    if (now < due) {
        limit_ = loop_.at(std::min(due, now + kAnswerLimit), [this] { checkLimit(); });
        return;
    }
    isGivenUp_ = true;
    if (!std::exchange(isWanted_, false)) return;
    handler_(fail(
        Errc::kTimeout,
        isWaiting
            ? fmt::format("sensor {} could not be read for {} s: others of its chip, or too many others, do not answer",
                          config_.name, kStartLimit.count())
            : fmt::format("sensor {} has not answered for {} s; check its wiring. It is read again when it "
                          "returns",
                          config_.name, kAnswerLimit.count())));
}

void SensorPoll::finish(const Result<double>& raw) {
    isReading_ = false;
    limit_.cancel();
    if (!isWanted_ || retry(raw)) return;
    isWanted_ = false;
    handler_(validateReading(config_, raw));
}

bool SensorPoll::retry(const Result<double>& raw) {
    if (raw || raw.error().code != Errc::kIo || retries_ == kRetries) return false;
    const auto pause = std::min<milliseconds>(kRetryPause, interval_ / 4);
    if (loop_.clock().now() + pause >= next_) return false;
    ++retries_;
    retry_ = loop_.after(pause, [this] { read(); });
    return true;
}

}  // namespace edge
