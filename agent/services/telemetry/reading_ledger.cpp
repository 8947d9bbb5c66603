// SPDX-License-Identifier: MIT
#include "services/telemetry/reading_ledger.hpp"

#include <algorithm>
#include <utility>

#include "services/telemetry/reading_format.hpp"

namespace edge {

namespace {
constexpr seconds kShortest{1};  ///< expiry: MQTT counts in seconds, and 0 would be at once
}  // namespace

ReadingLedger::ReadingLedger(Loop& loop, Publisher& publisher, Journal& journal, const Config& config)
    : loop_(loop), publisher_(publisher), journal_(journal), config_(config) {}

void ReadingLedger::publish(const SensorConfig& sensor, const ReadingRecord& reading, milliseconds interval) {
    ++counters_.produced;
    ++counters_.underWay;
    const bool hasJson = !config_.topics.base.empty();
    const bool hasPlain = !sensor.topic.empty();
    const auto settle = [this, reading, alive = std::weak_ptr<int>(lifetime_)](Delivery delivery) {
        if (!alive.expired()) this->settle(reading, delivery);
    };
    if (hasPlain) {
        send(sensor.topic, formatReading(reading, sensor.format),
             std::max(std::chrono::ceil<seconds>(interval), kShortest),
             hasJson ? DeliveryHandler{} : DeliveryHandler{settle});
    }
    if (hasJson) send(config_.topics.base + "/sensor/" + sensor.name, formatReadingJson(reading), std::nullopt, settle);
    if (!hasJson && !hasPlain) loop_.post([settle] { settle(Delivery::kLost); });
    if (publishedHandler_ && publisher_.connection() != nullptr) publishedHandler_();
}

void ReadingLedger::send(const std::string& topic, std::string payload, std::optional<seconds> expiry,
                         DeliveryHandler done) {
    Publication publication;
    publication.topic = topic;
    publication.payload = std::move(payload);
    publication.qos = static_cast<Qos>(config_.mqtt.qos);
    publication.expiry = expiry;
    publisher_.publish(std::move(publication), Priority::kLive, std::move(done));
}

void ReadingLedger::settle(ReadingRecord reading, Delivery delivery) {
    --counters_.underWay;
    if (delivery == Delivery::kDelivered) {
        ++counters_.delivered;
        if (config_.journal.readings == KeepReadings::kAll) {
            reading.delivered = true;
            journal_.record(std::move(reading));
        }
    } else {
        keep(std::move(reading));
    }
    if (counters_.underWay > 0) return;
    for (const Task& done : std::exchange(idleWaiters_, {})) done();
}

void ReadingLedger::keep(ReadingRecord reading) {
    if (config_.topics.base.empty()) {
        // A plain number carries no time: late, it would be taken for a live one. It stays as local history at most.
        ++counters_.dropped;
        reading.delivered = true;
        if (config_.journal.readings == KeepReadings::kAll) journal_.record(std::move(reading));
        return;
    }
    ++counters_.journaled;
    journal_.record(std::move(reading));
    if (journaledHandler_) journaledHandler_();
}

void ReadingLedger::whenIdle(Task done) {
    if (counters_.underWay > 0) {
        idleWaiters_.push_back(std::move(done));
    } else {
        loop_.post(std::move(done));
    }
}

}  // namespace edge
