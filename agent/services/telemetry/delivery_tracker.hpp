// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// The readings of this run. At any time produced = delivered + underWay + journaled + dropped; of the journaled ones
/// the journal knows which were delivered later, which wait, and which it dropped.
struct ReadingCounters {
    std::uint64_t produced = 0;
    std::uint64_t delivered = 0;  ///< acknowledged by the broker, live
    std::uint64_t underWay = 0;   ///< published, not acknowledged yet
    std::uint64_t journaled = 0;  ///< given to the journal because they were not delivered
    std::uint64_t dropped = 0;    ///< not delivered, and topics.base = "" leaves no topic for late ones
};

/// Publishes live readings and follows each until it is delivered or in the journal; sends what is in the journal
/// later, oldest first, on `<base>/sensor/<name>/backlog`, at a bounded rate and behind everything else. Thread: the
/// loop's.
class DeliveryTracker {
  public:
    static constexpr std::size_t kBatch = 10;       ///< readings of the backlog that are sent together
    static constexpr milliseconds kPause{500};      ///< after each batch: 20 readings a second
    static constexpr seconds kUnreadablePause{30};  ///< after the journal could not be read

    DeliveryTracker(Loop& loop, Publisher& publisher, Journal& journal, const Config& config);

    /// The reading goes to the sensor's plain topic (where it has one) and to `<base>/sensor/<name>`. The latter
    /// decides whether it counts as delivered; the former where there is no base. The plain one carries no time: a
    /// broker that speaks MQTT 5 does not deliver it after `interval`, when the next one is due.
    void publish(const SensorConfig& sensor, const ReadingRecord& reading, milliseconds interval);

    /// The reading once more on `<base>/sensor/<name>`, whether it was delivered before or not.
    void republish(const ReadingRecord& reading);
    /// Retained, on `<base>/sensor/<name>/status`.
    void publishStatus(const std::string& sensor, const std::string& status);

    /// `done` is called, not inside this call, once no live reading is under way.
    void whenIdle(Task done);

    void onConnected();
    void onDisconnected() { isConnected_ = false; }

    /// Called when a live reading was handed to a connected broker.
    void onPublished(Task handler) { publishedHandler_ = std::move(handler); }

    [[nodiscard]] const ReadingCounters& counters() const { return counters_; }
    /// Readings of the backlog that were delivered, of this run and of earlier ones.
    [[nodiscard]] std::uint64_t backlogDelivered() const { return backlogDelivered_; }

  private:
    [[nodiscard]] std::string topicOf(const std::string& sensor) const;
    [[nodiscard]] Publication makePublication(std::string topic, std::string payload) const;
    void finish(ReadingRecord reading, Delivery delivery);
    void keep(ReadingRecord reading);
    void sendBacklog();
    void sendBatch(const std::vector<ReadingRecord>& batch);
    void finishLate(std::int64_t id, Delivery delivery);

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    ReadingCounters counters_;
    std::vector<Task> idleWaiters_;
    Task publishedHandler_;

    bool isConnected_ = false;
    bool isSending_ = false;        ///< a batch of the backlog is fetched, sent, or followed by its pause
    bool isRefused_ = false;        ///< the last one was not delivered, and no connection has come since
    std::size_t lateUnderWay_ = 0;  ///< of the batch
    std::uint64_t backlogDelivered_ = 0;
    Timer pause_;
    Scope scope_;
};

}  // namespace edge
