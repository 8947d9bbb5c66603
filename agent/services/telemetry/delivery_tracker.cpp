// SPDX-License-Identifier: MIT
#include "services/telemetry/delivery_tracker.hpp"

#include <algorithm>
#include <utility>

#include "services/telemetry/reading_format.hpp"

namespace edge {

namespace {
constexpr seconds kShortest{1};  ///< expiry: MQTT counts in seconds, and 0 means at once
}  // namespace

std::string DeliveryTracker::topicOf(const std::string& sensor) const {
    return config_.topics.base + "/sensor/" + sensor;
}

void DeliveryTracker::send(std::string topic, std::string payload, Priority priority, DeliveryHandler done,
                           std::optional<seconds> expiry) {
    publisher_.publish({.topic = std::move(topic),
                        .payload = std::move(payload),
                        .qos = static_cast<Qos>(config_.mqtt.qos),
                        .expiry = expiry},
                       priority, std::move(done));
}

void DeliveryTracker::republish(const ReadingRecord& reading) {
    if (!config_.topics.base.empty()) send(topicOf(reading.sensor), formatReadingJson(reading), Priority::kReply, {});
}

// ---- live

void DeliveryTracker::publish(const SensorConfig& sensor, const ReadingRecord& reading, milliseconds interval) {
    ++counters_.produced;
    ++counters_.underWay;
    const bool hasJson = !config_.topics.base.empty();
    const bool hasPlain = !sensor.topic.empty();
    const DeliveryHandler done = scope_.wrap([this, reading](Delivery delivery) { finish(reading, delivery); });
    if (hasPlain) {
        send(sensor.topic, formatReading(reading, sensor.format), Priority::kLive, hasJson ? DeliveryHandler{} : done,
             std::max(std::chrono::ceil<seconds>(interval), kShortest));
    }
    if (hasJson) send(topicOf(sensor.name), formatReadingJson(reading), Priority::kLive, done);
    if (!hasJson && !hasPlain) loop_.post([done] { done(Delivery::kLost); });
    if (publisher_.connection() != nullptr) published_();
}

void DeliveryTracker::finish(ReadingRecord reading, Delivery delivery) {
    const bool isDelivered = delivery == Delivery::kDelivered;
    // A plain number carries no time: late, it would be taken for a live one. It stays as local history at most.
    const bool isBacklog = !isDelivered && !config_.topics.base.empty();
    --counters_.underWay;
    ++(isDelivered ? counters_.delivered : isBacklog ? counters_.journaled : counters_.dropped);
    reading.delivered = !isBacklog;
    if (isBacklog || config_.journal.readings == KeepReadings::kAll) journal_.record(std::move(reading));
    if (isBacklog) sendBacklog();
    if (counters_.underWay > 0) return;
    for (const Task& done : std::exchange(idleWaiters_, {})) done();
}

void DeliveryTracker::whenIdle(Task done) {
    if (counters_.underWay > 0) {
        idleWaiters_.push_back(std::move(done));
    } else {
        loop_.post(std::move(done));
    }
}

// ---- the backlog

void DeliveryTracker::onConnected() {
    isConnected_ = true;
    isRefused_ = false;
    sendBacklog();
}

void DeliveryTracker::sendBacklog() {
    if (!isConnected_ || isSending_ || config_.topics.base.empty()) return;
    isSending_ = true;
    journal_.fetch(kBatch, scope_.wrap([this](const std::vector<ReadingRecord>& batch) { sendBatch(batch); }));
}

void DeliveryTracker::sendBatch(const std::vector<ReadingRecord>& batch) {
    isSending_ = isConnected_ && !batch.empty();
    if (batch.empty() && journal_.health().queuedReadings > 0)
        pause_ = loop_.after(kUnreadablePause, [this] { sendBacklog(); });
    for (const ReadingRecord& reading : batch) {
        if (!isSending_) {
            // Sent without a connection it would be lost, and a connection that comes before the loss is reported would
            // count as the one that lost it.
            journal_.nack(reading.id);
            continue;
        }
        ++lateUnderWay_;
        send(topicOf(reading.sensor) + "/backlog", formatReadingJson(reading), Priority::kBacklog,
             scope_.wrap([this, id = reading.id](Delivery delivery) { finishLate(id, delivery); }));
    }
}

void DeliveryTracker::finishLate(std::int64_t id, Delivery delivery) {
    if (delivery == Delivery::kDelivered) {
        ++counters_.backlogDelivered;
        journal_.ack(id);
    } else {
        journal_.nack(id);
    }
    if (--lateUnderWay_ > 0) return;
    // The next batch would be refused as well; with a later connection, which may come within the pause, it may not.
    isRefused_ = delivery != Delivery::kDelivered;
    pause_ = loop_.after(kPause, [this] {
        isSending_ = false;
        if (!isRefused_) sendBacklog();
    });
}

}  // namespace edge
