// SPDX-License-Identifier: MIT
#include "services/sensor_channel.hpp"

#include <utility>

#include "core/log.hpp"
#include "services/reading_format.hpp"

namespace edge {

SensorChannel::SensorChannel(Loop& loop, Publisher& publisher, Journal& journal, ReadingLedger& ledger,
                             const Config& config, SensorSlot slot, std::string boot, Task changed, Task wasRead)
    : loop_(loop),
      publisher_(publisher),
      journal_(journal),
      ledger_(ledger),
      config_(slot.config),
      base_(config.topics.base),
      qos_(static_cast<Qos>(config.mqtt.qos)),
      boot_(std::move(boot)),
      changed_(std::move(changed)),
      wasRead_(std::move(wasRead)),
      poll_(loop, slot.config, std::move(slot.sensor), std::move(slot.strand),
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
    poll_.start(kLookInterval);
}

void SensorChannel::shutDown() {
    isPublishing_ = false;
    poll_.stop();
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
        // At the first look there is nothing to tell: that it works is what everybody expects.
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
    ledger_.publish(config_, reading, interval_);
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
    if (base_.empty() || state_.kind == SensorState::Kind::kUnknown) return;
    Publication status;
    status.topic = base_ + "/sensor/" + config_.name + "/status";
    status.payload = state_.kind == SensorState::Kind::kOnline ? "online" : "offline";
    status.retain = Retain::kYes;
    publisher_.publish(std::move(status), Priority::kReply, {});
}

bool SensorChannel::isCurrent(milliseconds common) const {
    if (!isPublishing_ || state_.kind != SensorState::Kind::kOnline || !last_) return false;
    const auto now = std::chrono::duration_cast<milliseconds>(loop_.clock().now().time_since_epoch());
    return now - milliseconds{last_->monoMs} <= 2 * intervalFor(common);
}

void SensorChannel::republishReading() {
    if (base_.empty() || !last_) return;
    Publication reading;
    reading.topic = base_ + "/sensor/" + config_.name;
    reading.payload = formatReadingJson(*last_);
    reading.qos = qos_;
    publisher_.publish(std::move(reading), Priority::kReply, {});
}

}  // namespace edge
