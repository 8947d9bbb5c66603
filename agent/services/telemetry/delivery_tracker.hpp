// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/scope.hpp"
#include "services/service.hpp"

namespace edge {

/// The readings of this run. At any time produced = delivered + underWay + journaled + dropped; of the journaled ones
/// the journal knows which were delivered later, which wait, and which it dropped.
struct ReadingCounters {
    std::uint64_t produced = 0;
    std::uint64_t delivered = 0;         ///< acknowledged by the broker, live
    std::uint64_t underWay = 0;          ///< published, not acknowledged yet
    std::uint64_t journaled = 0;         ///< given to the journal because they were not delivered
    std::uint64_t dropped = 0;           ///< not delivered, and topics.base = "" leaves no topic for late ones
    std::uint64_t backlogDelivered = 0;  ///< late, of this run and of earlier ones
};

/// Publishes live readings and follows each until it is delivered or in the journal; sends what is in the journal
/// later, oldest first, on `<base>/sensor/<name>/backlog`, at a bounded rate and behind everything else.
class DeliveryTracker : Service {
  public:
    static constexpr std::size_t kBatch = 10;       ///< readings of the backlog that are sent together
    static constexpr milliseconds kPause{500};      ///< after each batch: 20 readings a second
    static constexpr seconds kUnreadablePause{30};  ///< after the journal could not be read

    explicit DeliveryTracker(const ServiceContext& context) : Service(context) {}

    /// The reading goes to the sensor's plain topic (where it has one) and to `<base>/sensor/<name>`. The latter
    /// decides whether it counts as delivered; the former where there is no base. The plain one carries no time: a
    /// broker that speaks MQTT 5 does not deliver it after `interval`, when the next one is due.
    void publish(const SensorConfig& sensor, const ReadingRecord& reading, milliseconds interval);

    /// The reading once more on `<base>/sensor/<name>`, whether it was delivered before or not.
    void republish(const ReadingRecord& reading);

    /// `done` is called, not inside this call, once no live reading is under way.
    void whenIdle(Task done);

    void onConnected();
    void onDisconnected() { isConnected_ = false; }

    [[nodiscard]] const ReadingCounters& counters() const { return counters_; }

  private:
    [[nodiscard]] std::string topicOf(const std::string& sensor) const;
    void send(std::string topic, std::string payload, Priority priority, DeliveryHandler done,
              std::optional<seconds> expiry = std::nullopt);
    void finish(ReadingRecord reading, Delivery delivery);
    void sendBacklog();
    void sendBatch(const std::vector<ReadingRecord>& batch);
    void finishLate(std::int64_t id, Delivery delivery);

    ReadingCounters counters_;
    std::vector<Task> idleWaiters_;

    bool isConnected_ = false;
    bool isSending_ = false;        ///< a batch of the backlog is fetched, sent, or followed by its pause
    bool isRefused_ = false;        ///< the last one was not delivered, and no connection has come since
    std::size_t lateUnderWay_ = 0;  ///< of the batch
    Timer pause_;
    Scope scope_;
};

}  // namespace edge
