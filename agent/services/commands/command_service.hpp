// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "services/commands/command.hpp"

namespace edge {

/// Where a command came from, for the handler.
struct CommandContext {
    std::string source;       ///< topic, or "gpio:<name>"
    std::string transaction;  ///< "" = none
    BootTime arrived{};       ///< CLOCK_BOOTTIME
};
/// Carries a command out and calls `done` once, now or later.
using OutcomeHandler = std::function<void(Outcome)>;
using CommandHandler = std::function<void(const Command&, const CommandContext&, OutcomeHandler done)>;

/// For health.
struct CommandCounters {
    std::uint64_t received = 0;
    std::uint64_t carriedOut = 0;
    std::uint64_t refused = 0;      ///< answered with an error before a handler saw them
    std::uint64_t repeated = 0;     ///< answered from memory
    std::uint64_t rateLimited = 0;  ///< beyond the bounds, answered together
    std::size_t waiting = 0;
};

/// Takes commands from MQTT and from triggers, judges them by the contract (retained, size, expiry, repeats, flood),
/// has the handlers carry them out, writes each with its outcome into the journal, and then answers. Nothing is
/// answered before it is on disk, unless the disk is the fault. Thread: the loop's.
class CommandService {
  public:
    struct Limits {
        std::size_t commands = 1000;
        std::size_t bytes = 1U << 20;
    };
    static constexpr std::chrono::minutes kRepeatWindow{10};
    static constexpr std::size_t kRememberedTransactions = 256;

    CommandService(Loop& loop, Publisher& publisher, Journal& journal, const Config& config);
    ~CommandService();

    /// For each word of the command table, once, before anything arrives.
    void setHandler(const std::string& word, CommandHandler handler);
    /// `<base>/gpio/<name>/set`: `value` is "on", "off" or "toggle".
    using OutputHandler = std::function<Outcome(const std::string& name, const std::string& value)>;
    void setOutputHandler(OutputHandler handler);

    /// The topics to subscribe to for commands.
    [[nodiscard]] static std::vector<std::string> subscriptions(const Config& config);

    /// What earlier runs answered, and what they were at when they ended: series of pictures are answered `cancelled`.
    void restore(const JournalSnapshot& snapshot);
    /// Commands are answered where the configuration says now; those that wait, where it said when they came.
    void onReload();
    /// A message on one of subscriptions().
    void handle(InboundMessage message);
    /// A command of the agent's own: a button. Not answered over MQTT, written into the journal like any other.
    void trigger(const std::string& word, const std::string& source);

    [[nodiscard]] CommandCounters counters() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
