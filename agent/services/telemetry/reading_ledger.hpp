// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop/executor.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// What became of the readings of this run. At any time
/// produced = delivered + underWay + journaled + dropped; of the journaled ones the journal knows which were
/// delivered later, which wait, and which it had to drop.
struct ReadingCounters {
    std::uint64_t produced = 0;
    std::uint64_t delivered = 0;  ///< acknowledged by the broker, live
    std::uint64_t underWay = 0;   ///< published, not acknowledged yet
    std::uint64_t journaled = 0;  ///< given to the journal because the broker did not take them
    std::uint64_t dropped = 0;    ///< not taken by the broker, and topics.base = "" leaves no topic for late ones
};

/// Publishes live readings and keeps account of each until it ended: delivered, or handed to the journal. Thread: the
/// loop's.
class ReadingLedger {
  public:
    ReadingLedger(Loop& loop, Publisher& publisher, Journal& journal, const Config& config);

    /// The reading goes to the sensor's plain topic (where it has one) and to `<base>/sensor/<name>`; by the latter it
    /// counts as delivered, by the former where there is no base. The plain one carries no time: a broker that speaks
    /// MQTT 5 does not deliver it after `interval`, when the next one is due.
    void publish(const SensorConfig& sensor, const ReadingRecord& reading, milliseconds interval);

    /// `done` is called, not inside this call, once nothing is under way.
    void whenIdle(Task done);

    /// A reading was handed to a connected broker.
    void onPublished(Task handler) { publishedHandler_ = std::move(handler); }
    /// A reading went into the journal.
    void onJournaled(Task handler) { journaledHandler_ = std::move(handler); }

    [[nodiscard]] const ReadingCounters& counters() const { return counters_; }

  private:
    void send(const std::string& topic, std::string payload, std::optional<seconds> expiry, DeliveryHandler done);
    void settle(ReadingRecord reading, Delivery delivery);
    void keep(ReadingRecord reading);

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    ReadingCounters counters_;
    std::vector<Task> idleWaiters_;
    Task publishedHandler_;
    Task journaledHandler_;
    std::shared_ptr<int> lifetime_ = std::make_shared<int>(0);
};

}  // namespace edge
