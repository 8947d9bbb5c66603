// SPDX-License-Identifier: MIT
#include "services/telemetry/backlog_sender.hpp"

#include "services/telemetry/reading_format.hpp"

namespace edge {

BacklogSender::BacklogSender(Loop& loop, Publisher& publisher, Journal& journal, const Config& config)
    : loop_(loop), publisher_(publisher), journal_(journal), config_(config) {}

void BacklogSender::onConnected() {
    isConnected_ = true;
    isRefused_ = false;
    wake();
}

void BacklogSender::onDisconnected() {
    isConnected_ = false;
}

void BacklogSender::wake() {
    // A plain number carries no time: without topics of its own a late reading has nowhere to go.
    if (!isConnected_ || isBusy_ || config_.topics.base.empty()) return;
    isBusy_ = true;
    takeBatch();
}

void BacklogSender::takeBatch() {
    journal_.takeBacklog(kBatch,
                         [this, alive = std::weak_ptr<int>(lifetime_)](const std::vector<ReadingRecord>& batch) {
                             if (alive.expired()) return;
                             isBusy_ = isConnected_ && !batch.empty();
                             for (const ReadingRecord& reading : batch) {
                                 // Published now it would be lost, and a connection that comes before the loss is known
                                 // would count as the one that lost it.
                                 if (isConnected_) {
                                     send(reading);
                                 } else {
                                     journal_.settleReturned(reading);
                                 }
                             }
                         });
}

void BacklogSender::send(const ReadingRecord& reading) {
    ++underWay_;
    Publication publication;
    publication.topic = config_.topics.base + "/sensor/" + reading.sensor + "/backlog";
    publication.payload = formatReadingJson(reading);
    publication.qos = static_cast<Qos>(config_.mqtt.qos);
    publisher_.publish(std::move(publication), Priority::kBacklog,
                       [this, reading, alive = std::weak_ptr<int>(lifetime_)](Delivery delivery) {
                           if (!alive.expired()) settle(reading, delivery);
                       });
}

void BacklogSender::settle(const ReadingRecord& reading, Delivery delivery) {
    if (delivery == Delivery::kDelivered) {
        ++delivered_;
        journal_.settleDelivered(reading);
    } else {
        journal_.settleReturned(reading);
    }
    if (--underWay_ > 0) return;
    // The next batch would be refused as well, but a later connection's may not; it may come before the pause is over.
    isRefused_ = delivery != Delivery::kDelivered;
    pause_ = loop_.after(kPause, [this] {
        isBusy_ = false;
        if (!isRefused_) wake();
    });
}

}  // namespace edge
