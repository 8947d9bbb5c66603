// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/time/time.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// A publication on its way, with whom to tell.
struct Outgoing {
    std::shared_ptr<const Publication> publication;
    Priority priority = Priority::kLive;
    DeliveryHandler done{};
    SteadyTime sentAt{};

    [[nodiscard]] std::size_t bytes() const { return publication->payload.size(); }
    /// Large enough to be felt by everything behind it on the line.
    [[nodiscard]] bool isLarge() const { return bytes() >= kLarge; }
    /// Kept over a broken connection and sent again.
    [[nodiscard]] bool isKept() const { return priority == Priority::kReply && publication->retain == Retain::kNo; }

    static constexpr std::size_t kLarge = std::size_t{16} * 1024;
};

/// What waits, by priority, and what is in flight: the send window. FIFO inside a priority; a priority waits as long as
/// a higher one has something, save that replies and live readings take turns: neither may keep the other from leaving,
/// whoever floods us with commands. No I/O.
class SendQueue {
  public:
    static constexpr std::size_t kWindow =
        16;  ///< Paho 1.3.12 stalls for seconds beyond the broker's Receive Maximum (20)
    static constexpr std::size_t kLargeWindow = 4;
    static constexpr std::size_t kLargeBytes = 4 << 20;
    static constexpr std::size_t kMaxWaiting = 10'000;         ///< of one priority, except replies
    static constexpr std::size_t kMaxWaitingBytes = 16 << 20;  ///< of one priority

    /// Of a new connection.
    void setReceiveMaximum(std::uint16_t receiveMaximum);

    enum class Added { kWaits, kFull };
    Added add(Outgoing outgoing);
    /// The oldest reply that waits; empty when there is none.
    std::optional<Outgoing> dropOldestReply();

    /// What may be sent now, with the id under which it is in flight from now on.
    struct Next {
        std::uint64_t id = 0;
        Outgoing outgoing;
    };
    std::optional<Next> next(SteadyTime now);
    /// Takes it out of flight; empty when it is not in flight any more.
    std::optional<Outgoing> finished(std::uint64_t id);

    /// The connection ended: what was in flight, oldest first.
    std::vector<Outgoing> takeInFlight();
    /// What waits and cannot be kept, oldest first inside each priority; everything with kEverything.
    enum class Which { kNotKept, kEverything };
    std::vector<Outgoing> takeWaiting(Which which);
    /// Before everything else of its priority: it was sent, and has to go again.
    void putBack(std::vector<Outgoing> oldestFirst);

    [[nodiscard]] std::size_t waiting() const;
    /// Of the payloads of all that waits or is in flight.
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::size_t waitingReplies() const { return queues_[0].entries.size(); }
    [[nodiscard]] std::size_t inFlight() const { return inFlight_.size(); }

  private:
    struct Queue {
        std::deque<Outgoing> entries;
        std::size_t bytes = 0;
    };
    [[nodiscard]] Queue& queue(Priority priority) { return queues_[static_cast<std::size_t>(priority)]; }
    [[nodiscard]] bool fits(const Outgoing& outgoing) const;

    std::array<Queue, 4> queues_;
    std::map<std::uint64_t, Outgoing> inFlight_;
    std::uint64_t lastId_ = 0;
    std::size_t window_ = kWindow;
    std::size_t largeWindow_ = kLargeWindow;
    std::size_t reliableInFlight_ = 0;
    std::size_t largeInFlight_ = 0;
    std::size_t largeBytes_ = 0;
    bool isTurnOfLive_ = false;
};

}  // namespace edge
