// SPDX-License-Identifier: MIT
#include "services/telemetry/sensor_channel.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "services/telemetry/reading_format.hpp"

namespace edge {

const char* toString(SensorState::Kind kind) {
    switch (kind) {
        case SensorState::Kind::kOnline:
            return "online";
        case SensorState::Kind::kOffline:
            return "offline";
        case SensorState::Kind::kUnknown:
            break;
    }
    return "unknown";
}

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

SensorChannel::SensorChannel(const ServiceContext& context, DeliveryTracker& delivery, SensorSlot slot,
                             std::string boot, std::uint64_t& seq, Task wasRead)
    : Service(context),
      delivery_(delivery),
      config_(std::move(slot.config)),
      sensor_(std::move(slot.sensor)),
      strand_(std::move(slot.strand)),
      boot_(std::move(boot)),
      seq_(seq),
      wasRead_(std::move(wasRead)) {
    state_.name = config_.name;
}

void SensorChannel::publishEvery(std::optional<milliseconds> common) {
    isPublishing_ = common.has_value();
    readEvery(common ? intervalFor(*common) : kIdleInterval);
}

void SensorChannel::shutDown() {
    isPublishing_ = false;
    interval_ = milliseconds{0};
    timer_.cancel();
    retry_.cancel();
    isWanted_ = false;
}

bool SensorChannel::canTake(const SensorConfig& config) const {
    return config.name == config_.name && config.type == config_.type && config.device == config_.device &&
           config.quantity == config_.quantity && config.channel == config_.channel && config.unit == config_.unit;
}

void SensorChannel::apply(const SensorConfig& config, milliseconds common) {
    config_ = config;
    if (isPublishing_ && interval_ != intervalFor(common)) readEvery(intervalFor(common));
}

// ---- reading

void SensorChannel::readEvery(milliseconds interval) {
    const bool isSameSchedule = interval == interval_;
    retries_ = 0;
    read();
    if (isSameSchedule) return;
    interval_ = interval;
    next_ = loop_.clock().now() + interval;
    timer_ = loop_.at(next_, [this] { onTimer(); });
}

void SensorChannel::onTimer() {
    const SteadyTime now = loop_.clock().now();
    next_ += interval_;
    // A loop that was held up skips turns, too.
    if (next_ <= now) next_ += ((now - next_) / interval_ + 1) * interval_;
    timer_ = loop_.at(next_, [this] { onTimer(); });
    retries_ = 0;
    read();
}

void SensorChannel::read() {
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
    runOn(*strand_, loop_, scope_, work, [this](const Result<double>& raw) { finishRead(raw); });
}

void SensorChannel::checkLimit() {
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
    handle(fail(
        Errc::kTimeout,
        isWaiting
            ? fmt::format("sensor {} could not be read for {} s: others of its chip, or too many others, do not answer",
                          config_.name, kStartLimit.count())
            : fmt::format("sensor {} has not answered for {} s; check its wiring. It is read again when it "
                          "returns",
                          config_.name, kAnswerLimit.count())));
}

void SensorChannel::finishRead(const Result<double>& raw) {
    isReading_ = false;
    limit_.cancel();
    if (!isWanted_ || retry(raw)) return;
    isWanted_ = false;
    handle(validateReading(config_, raw));
}

bool SensorChannel::retry(const Result<double>& raw) {
    if (raw || raw.error().code != Errc::kIo || retries_ == kRetries) return false;
    const auto pause = std::min<milliseconds>(kRetryPause, interval_ / 4);
    if (loop_.clock().now() + pause >= next_) return false;
    ++retries_;
    retry_ = loop_.after(pause, [this] { read(); });
    return true;
}

// ---- what is made of it

void SensorChannel::handle(const Result<double>& value) {
    if (value) {
        handleReading(*value);
    } else {
        handleFault(value.error());
    }
    wasRead_();
}

void SensorChannel::handleReading(double value) {
    ++state_.readings;
    const double scale = std::pow(10.0, decimalsOf(config_));
    state_.value = std::round(value * scale) / scale;
    state_.time = loop_.clock().wallNow();
    state_.unit = unitOf(config_);
    if (state_.kind != SensorState::Kind::kOnline) {
        // The first good reading is no news.
        if (state_.kind == SensorState::Kind::kOffline)
            log::info("sensor {} is back: {}", config_.name, describeValue(config_, value));
        state_.problem.clear();
        changeTo(SensorState::Kind::kOnline);
    }
    if (!isPublishing_) return;
    ReadingRecord reading;
    reading.time = loop_.clock().wallNow();
    reading.clockSynchronised = loop_.clock().wallState() == ClockState::kSynchronised;
    reading.monoMs = std::chrono::duration_cast<milliseconds>(loop_.clock().now().time_since_epoch()).count();
    reading.bootId = boot_;
    reading.seq = ++seq_;
    describeReading(reading, config_);
    reading.value = value;
    last_ = reading;
    delivery_.publish(config_, reading, interval_);
}

void SensorChannel::handleFault(const Error& error) {
    ++state_.faults;
    const bool isNews = state_.kind != SensorState::Kind::kOffline || error.code != problemCode_;
    state_.problem = error.message;
    problemCode_ = error.code;
    if (!isNews) return;
    log::warning("sensor {}: {}", config_.name, error.message);
    changeTo(SensorState::Kind::kOffline);
}

void SensorChannel::changeTo(SensorState::Kind kind) {
    if (kind != std::exchange(state_.kind, kind)) {
        recordEvent("sensor", fmt::format("{} {}{}{}", config_.name, toString(kind), state_.problem.empty() ? "" : ": ",
                                          state_.problem));
        publishStatus();
    }
    changed_();
}

void SensorChannel::publishStatus() {
    if (state_.kind != SensorState::Kind::kUnknown)
        publishState("sensor/" + config_.name + "/status", toString(state_.kind));
}

void SensorChannel::republishReading() {
    if (last_) delivery_.republish(*last_);
}

void SensorChannel::repeatReading() {
    if (!isPublishing_ || interval_ <= kSlow || state_.kind != SensorState::Kind::kOnline || !last_) return;
    const auto now = std::chrono::duration_cast<milliseconds>(loop_.clock().now().time_since_epoch());
    if (now - milliseconds{last_->monoMs} <= 2 * interval_) republishReading();
}

}  // namespace edge
