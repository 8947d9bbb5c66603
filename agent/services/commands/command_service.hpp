// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/loop/scope.hpp"
#include "services/commands/command.hpp"
#include "services/commands/command_deduplicator.hpp"
#include "services/service.hpp"

namespace edge {

/// For health.
struct CommandCounters {
    std::uint64_t received = 0;
    std::uint64_t carriedOut = 0;
    std::uint64_t refused = 0;      ///< answered with an error before a handler saw them
    std::uint64_t repeated = 0;     ///< answered from memory
    std::uint64_t rateLimited = 0;  ///< beyond the bounds, answered together
    std::size_t waiting = 0;        ///< not answered yet
};

/// All topics that an agent with this configuration subscribes to: commands, outputs, switches, Home Assistant's birth
/// message.
std::vector<std::string> subscribedTopics(const Config& config);

/// Where one reply goes.
struct ReplyTarget {
    std::string topic;  ///< "" = there is no topic to reply on
    std::optional<std::string> correlationData{};
};

/// Where a message is answered: on its Response Topic, or on `<base>/response` if it has none, or if a reply on it
/// could reach the agent itself or set an output.
ReplyTarget replyTarget(const Config& config, const InboundMessage& message);

/// How long the `data` of a reply on `<base>/response` may be: what the broker takes, less what is around it, and no
/// more than a client wants to parse at once.
std::size_t maxReplyData(const Publisher& publisher, const Config& config);

/// Takes commands from MQTT and from buttons and puts each through the same steps: parse, validate (retained, expiry),
/// deduplicate, carry out, write into the journal, reply. Nothing is answered before it is on disk, unless the disk has
/// failed.
class CommandService : Service {
  public:
    static constexpr std::size_t kMaxWaiting = 1000;
    static constexpr std::size_t kMaxWaitingBytes = 1U << 20;
    static constexpr std::chrono::minutes kRepeatWindow{10};
    static constexpr std::size_t kRememberedTransactions = 256;
    /// A longer reply is that of a command that only reads: a repeat is carried out again, so that no memory and no
    /// card is filled with lists. While it waits it counts like a command.
    static constexpr std::size_t kMaxRememberedReply = 16384;

    CommandService(const ServiceContext& context, CommandHandlers& handlers)
        : Service(context), handlers_(handlers), seenRetained_(context.journal) {}

    /// What earlier runs answered, and what they did not answer before they ended: series of pictures are answered
    /// `cancelled`.
    void restore(const JournalSnapshot& snapshot);
    /// A message on a command topic.
    void handle(InboundMessage message);
    /// A command of the agent's own: a button. Not answered over MQTT, written into the journal like any other.
    void trigger(const std::string& name, const std::string& source);
    /// At the end of the program: from now on every command is answered `cancelled`.
    void shutDown() { isShutDown_ = true; }

    [[nodiscard]] const CommandCounters& counters() const { return counters_; }

  private:
    struct Entry;
    using EntryPtr = std::shared_ptr<Entry>;

    EntryPtr admit(InboundMessage message);
    void carryOut(const EntryPtr& entry);
    void setSwitch(const EntryPtr& entry, const std::string& topic);
    [[nodiscard]] std::optional<Outcome> checkExpiry(const Command& command) const;
    void refuse(const EntryPtr& entry, const Outcome& outcome);
    void finish(const EntryPtr& entry, const Outcome& outcome);
    void answer(const EntryPtr& entry);
    void publish(const EntryPtr& entry);
    void recordTransaction(const Entry& entry);
    void beginSeries(const EntryPtr& entry);
    void savePendingReplies();
    void rateLimit();
    void reportFlood();

    CommandHandlers& handlers_;
    CommandDeduplicator deduplicator_{kRememberedTransactions, kRepeatWindow};
    SeenRetainedCommands seenRetained_;
    std::unordered_multimap<std::string, EntryPtr> repeats_;  ///< of commands that are being carried out, by key
    std::vector<EntryPtr> series_;                            ///< being carried out; answered even after a restart
    bool isShutDown_ = false;
    CommandCounters counters_;
    std::size_t waitingBytes_ = 0;
    std::uint64_t floodThisSecond_ = 0;
    std::uint64_t floodTotal_ = 0;
    Timer floodTimer_;
    SteadyTime nextRefusalLog_{};
    std::uint64_t unloggedRefusals_ = 0;
    Scope scope_;
};

}  // namespace edge
