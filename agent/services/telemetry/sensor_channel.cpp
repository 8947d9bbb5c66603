// SPDX-License-Identifier: MIT
#include "services/telemetry/sensor_channel.hpp"

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

SensorChannel::SensorChannel(const ServiceContext& context, DeliveryTracker& delivery, SensorSlot slot,
                             std::string boot, std::uint64_t& seq, Task wasRead)
    : Service(context),
      delivery_(delivery),
      config_(std::move(slot.config)),
      boot_(std::move(boot)),
      seq_(seq),
      wasRead_(std::move(wasRead)),
      poll_(loop_, config_, std::move(slot.sensor), std::move(slot.strand),
            [this](const Result<double>& value) { handle(value); }) {
    state_.name = config_.name;
}

void SensorChannel::publishEvery(std::optional<milliseconds> common) {
    isPublishing_ = common.has_value();
    interval_ = common ? intervalFor(*common) : kIdleInterval;
    poll_.start(interval_);
}

void SensorChannel::shutDown() {
    isPublishing_ = false;
    poll_.stop();
}

bool SensorChannel::canTake(const SensorConfig& config) const {
    return config.name == config_.name && config.type == config_.type && config.device == config_.device &&
           config.quantity == config_.quantity && config.channel == config_.channel && config.unit == config_.unit;
}

void SensorChannel::apply(const SensorConfig& config, milliseconds common) {
    config_ = config;
    if (!isPublishing_ || interval_ == intervalFor(common)) return;
    interval_ = intervalFor(common);
    poll_.start(interval_);
}

void SensorChannel::handle(const Result<double>& value) {
    ++reads_;
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
