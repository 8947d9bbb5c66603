// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "services/commands/command.hpp"
#include "services/commands/command_deduplicator.hpp"

namespace edge {

/// Carries a command out and calls `done` once, now or later.
using OutcomeHandler = std::function<void(Outcome)>;
using CommandHandler = std::function<void(const Command&, OutcomeHandler done)>;

/// For health.
struct CommandCounters {
    std::uint64_t received = 0;
    std::uint64_t carriedOut = 0;
    std::uint64_t refused = 0;      ///< answered with an error before a handler saw them
    std::uint64_t repeated = 0;     ///< answered from memory
    std::uint64_t rateLimited = 0;  ///< beyond the bounds, answered together
    std::size_t waiting = 0;        ///< not answered yet
};

/// All topics that an agent with this configuration subscribes to: commands, outputs, Home Assistant's birth message.
std::vector<std::string> subscribedTopics(const Config& config);

/// Where a message is answered: on its Response Topic, or on `<base>/response` if it has none, or if a reply on it
/// could reach the agent itself or set an output.
ReplyTarget replyTarget(const Config& config, const InboundMessage& message);

/// Takes commands from MQTT and from buttons and puts each through the same steps: parse, validate (retained, expiry),
/// deduplicate, carry out, write into the journal, reply. Nothing is answered before it is on disk, unless the disk has
/// failed. Thread: the loop's.
class CommandService {
  public:
    static constexpr std::size_t kMaxWaiting = 1000;
    static constexpr std::size_t kMaxWaitingBytes = 1U << 20;
    static constexpr std::chrono::minutes kRepeatWindow{10};
    static constexpr std::size_t kRememberedTransactions = 256;

    CommandService(Loop& loop, Publisher& publisher, Journal& journal, const Config& config);
    ~CommandService();

    /// For each command, once, before anything arrives.
    void setHandler(const std::string& name, CommandHandler handler) { handlers_[name] = std::move(handler); }
    /// `<base>/gpio/<name>/set`.
    using OutputHandler = std::function<Outcome(const std::string& name, OutputCommand command)>;
    void setOutputHandler(OutputHandler handler) { outputHandler_ = std::move(handler); }

    /// What earlier runs answered, and what they did not answer before they ended: series of pictures are answered
    /// `cancelled`.
    void restore(const JournalSnapshot& snapshot);
    /// A message on a command topic.
    void handle(InboundMessage message);
    /// A command of the agent's own: a button. Not answered over MQTT, written into the journal like any other.
    void trigger(const std::string& name, const std::string& source);

    [[nodiscard]] const CommandCounters& counters() const { return counters_; }

  private:
    struct Entry;
    using EntryPtr = std::shared_ptr<Entry>;

    EntryPtr admit(InboundMessage message);
    void carryOut(const EntryPtr& entry);
    void setOutput(const EntryPtr& entry, const std::string& name);
    [[nodiscard]] std::optional<CommandError> validate(const Entry& entry) const;
    void refuse(const EntryPtr& entry, CommandError error);
    void logRefusal(const Entry& entry, const std::string& message);
    void finish(const EntryPtr& entry, const Outcome& outcome);
    void answer(const EntryPtr& entry);
    void publish(const EntryPtr& entry);
    void recordTransaction(const Entry& entry);
    void beginSeries(const EntryPtr& entry);
    void savePendingReplies();
    void rateLimit();
    void reportFlood();

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    std::map<std::string, CommandHandler> handlers_;
    OutputHandler outputHandler_;
    CommandDeduplicator deduplicator_{kRememberedTransactions, kRepeatWindow};
    SeenRetainedCommands seenRetained_;
    std::unordered_multimap<std::string, EntryPtr> repeats_;  ///< of commands that are being carried out, by key
    std::vector<EntryPtr> series_;                            ///< being carried out; answered even after a restart
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
