// SPDX-License-Identifier: MIT
#include "services/telemetry/sensor_channel.hpp"

#include <utility>

#include "core/system/log.hpp"

namespace edge {

SensorChannel::SensorChannel(Loop& loop, Journal& journal, DeliveryTracker& delivery, SensorSlot slot, std::string boot,
                             std::uint64_t& seq, Task changed, Task wasRead)
    : loop_(loop),
      journal_(journal),
      delivery_(delivery),
      config_(std::move(slot.config)),
      boot_(std::move(boot)),
      seq_(seq),
      changed_(std::move(changed)),
      wasRead_(std::move(wasRead)),
      poll_(loop, config_, std::move(slot.sensor), std::move(slot.strand),
            [this](const Result<double>& value) { handle(value); }) {
    state_.name = config_.name;
}

void SensorChannel::startPublishing(milliseconds interval) {
    isPublishing_ = true;
    interval_ = intervalFor(interval);
    poll_.start(interval_);
}

void SensorChannel::stopPublishing() {
    isPublishing_ = false;
    poll_.start(kIdleInterval);
}

void SensorChannel::shutDown() {
    isPublishing_ = false;
    poll_.stop();
}

bool SensorChannel::canTake(const SensorConfig& config) const {
    SensorConfig same = config;
    same.topic = config_.topic;
    same.interval = config_.interval;
    same.format = config_.format;
    same.scale = config_.scale;
    same.offset = config_.offset;
    same.min = config_.min;
    same.max = config_.max;
    return same == config_;
}

void SensorChannel::apply(const SensorConfig& config, milliseconds common) {
    config_ = config;
    if (!isPublishing_) return;
    interval_ = intervalFor(common);
    poll_.setInterval(interval_);
}

void SensorChannel::handle(const Result<double>& value) {
    ++reads_;
    if (value) {
        handleReading(*value);
    } else {
        handleFault(value.error());
    }
    if (wasRead_) wasRead_();
}

void SensorChannel::handleReading(double value) {
    ++state_.readings;
    state_.value = value;
    if (state_.kind != SensorState::Kind::kOnline) {
        // The first good reading is no news.
        if (state_.kind == SensorState::Kind::kOffline) log::info("sensor {} is back: {:.3f} °C", config_.name, value);
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
    reading.sensor = config_.name;
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
        const bool isOnline = kind == SensorState::Kind::kOnline;
        journal_.record(EventRecord{loop_.clock().wallNow(), "sensor",
                                    config_.name + (isOnline ? " online" : " offline: " + state_.problem)});
        publishStatus();
    }
    if (changed_) changed_();
}

void SensorChannel::publishStatus() {
    if (state_.kind == SensorState::Kind::kUnknown) return;
    delivery_.publishStatus(config_.name, state_.kind == SensorState::Kind::kOnline ? "online" : "offline");
}

bool SensorChannel::isCurrent(milliseconds common) const {
    if (!isPublishing_ || state_.kind != SensorState::Kind::kOnline || !last_) return false;
    const auto now = std::chrono::duration_cast<milliseconds>(loop_.clock().now().time_since_epoch());
    return now - milliseconds{last_->monoMs} <= 2 * intervalFor(common);
}

void SensorChannel::republishReading() {
    if (last_) delivery_.republish(*last_);
}

}  // namespace edge
