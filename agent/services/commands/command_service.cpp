// SPDX-License-Identifier: MIT
#include "services/commands/command_service.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/system/sha256.hpp"
#include "core/text.hpp"
#include "services/commands/command_table.hpp"
#include "services/commands/flood_guard.hpp"
#include "services/commands/interrupted.hpp"
#include "services/commands/repeat_memory.hpp"
#include "services/commands/reply_route.hpp"
#include "services/commands/retained_memory.hpp"
#include "services/home_assistant/discovery.hpp"

namespace edge {
namespace {

constexpr std::string_view kInterruptedSentence =
    "the agent was restarted before this was finished; send the command again, with another transaction";
constexpr seconds kLogPause{1};
constexpr std::size_t kStopsPastQueue = 100;

/// One command from its arrival to the delivery of its reply.
struct Entry {
    WallTime time{};
    BootTime arrived{};
    std::string source;
    std::string payload;
    std::string word;
    std::string transaction;
    std::string key;      ///< for RepeatMemory; "" = cannot be recognised
    bool isLong = false;  ///< a series: survives in the journal as `cancelled`
    std::vector<ReplyTarget> targets;
    std::string reply;
};
using EntryPtr = std::shared_ptr<Entry>;

std::size_t costOf(const Entry& entry) {
    return entry.payload.size() + sizeof(Entry);
}

/// "<base>/gpio/<name>/set" → name.
std::optional<std::string> outputName(const std::string& topic, const std::string& base) {
    const std::string prefix = base + "/gpio/";
    constexpr std::string_view kSuffix = "/set";
    if (base.empty() || !topic.starts_with(prefix) || !topic.ends_with(kSuffix)) return std::nullopt;
    return topic.substr(prefix.size(), topic.size() - prefix.size() - kSuffix.size());
}

ReplyRoute routeOf(const Config& config) {
    return {config, Discovery::withSubscription(CommandService::subscriptions(config), config)};
}

}  // namespace

struct CommandService::Impl {
    Impl(Loop& l, Publisher& p, Journal& j, const Config& c)
        : loop(l),
          publisher(p),
          journal(j),
          config(c),
          route(routeOf(c)),
          interrupted(j),
          retained(j),
          flood(
              l, [this](std::uint64_t count) { answerFlood(count); }, [this](std::uint64_t n) { journalFlood(n); }) {}

    // ---- arrival

    void handle(InboundMessage message) {
        ++counters.received;
        if (message.retained) return refuseRetained(message);
        auto entry = std::make_shared<Entry>();
        entry->time = loop.clock().wallNow();
        entry->arrived = bootTimeNow();
        entry->source = message.topic;
        entry->payload = std::move(message.payload);
        entry->targets.push_back(route.targetFor(message));
        message.payload = entry->payload;
        const bool isFull = waiting >= Limits{}.commands || waitingBytes + costOf(*entry) > Limits{}.bytes;
        if (isFull && !(isStop(entry->payload) && stopPastQueue())) {
            ++counters.rateLimited;
            return flood.refuse();
        }
        accept(entry);
        if (const auto output = outputName(message.topic, config.topics.base)) return carryOutOutput(entry, *output);
        judge(entry, message);
    }

    /// `stop` goes past the queue: whatever floods the agent, it can be told to be quiet. In a flood of `stop` the
    /// first ones are answered one by one; the others take effect and are counted. True where this one is to be
    /// answered.
    bool stopPastQueue() {
        if (waiting < Limits{}.commands + kStopsPastQueue) return true;
        if (const auto stop = handlers.find("stop"); stop != handlers.end()) {
            stop->second(Command{"stop", {}, "", std::nullopt}, {"flood", "", {}}, [](const Outcome&) {});
        }
        return false;
    }

    static bool isStop(std::string_view payload) {
        constexpr std::size_t kLongestStop = 1024;
        if (payload.size() > kLongestStop) return false;
        const auto command = parseCommand(payload);
        return command && command->word == "stop";
    }

    void refuseRetained(const InboundMessage& message) {
        // An empty retained message is how a retained one is deleted; brokers do not deliver it, but some bridges do.
        if (message.payload.empty() || !retained.isNew(message.topic, message.payload)) return;
        auto entry = std::make_shared<Entry>();
        entry->time = loop.clock().wallNow();
        entry->source = message.topic;
        entry->payload = message.payload;
        entry->targets.push_back(route.targetFor(message));
        const auto command = parseCommand(message.payload);
        entry->word = command ? command->word : command.error().word;
        entry->transaction = command ? command->transaction : command.error().transaction;
        accept(entry);
        refuse(
            entry, ReplyCode::kRetainedIgnored,
            fmt::format("retained commands are not carried out; publish it without the retain flag, and clear the old "
                        "one with an empty retained message on {}",
                        message.topic));
    }

    void accept(const EntryPtr& entry) {
        ++waiting;
        waitingBytes += costOf(*entry);
    }

    // ---- judgement

    void judge(const EntryPtr& entry, const InboundMessage& message) {
        auto command = parseCommand(entry->payload);
        entry->word = command ? command->word : command.error().word;
        entry->transaction = command ? command->transaction : command.error().transaction;
        if (!command) return refuse(entry, command.error().code, command.error().message);

        entry->key = RepeatMemory::makeKey(entry->transaction, message);
        if (repeats.find(entry->key, loop.clock().now()) != nullptr) return answerRepeat(entry);
        if (command->expiresAt && !isStillValid(entry, *command->expiresAt)) return;
        carryOut(entry, *command);
    }

    /// A clock that was not set yet is behind: what is too late by it is too late by any. All else cannot be told.
    bool isStillValid(const EntryPtr& entry, WallTime expiresAt) {
        const WallTime now = loop.clock().wallNow();
        if (now >= expiresAt) {
            refuse(
                entry, ReplyCode::kExpired,
                fmt::format("the command expired at {}; it is {} here", formatRfc3339(expiresAt), formatRfc3339(now)));
            return false;
        }
        if (loop.clock().wallState() == ClockState::kSynchronised) return true;
        refuse(entry, ReplyCode::kClockUnsynchronised,
               "the clock of this machine is not synchronised yet, so \"expires_at\" cannot be judged; wait for NTP, "
               "or send the command without it");
        return false;
    }

    void answerRepeat(const EntryPtr& entry) {
        ++counters.repeated;
        const RepeatMemory::Entry& known = *repeats.find(entry->key, loop.clock().now());
        if (known.reply.empty()) {
            waitingForReply[entry->key].push_back(entry);
            return;
        }
        entry->reply = known.reply;
        sendReply(entry);
    }

    // ---- carrying out

    void carryOut(const EntryPtr& entry, const Command& command) {
        const auto handler = handlers.find(command.word);
        if (handler == handlers.end()) {
            return refuse(entry, ReplyCode::kInternal, fmt::format("\"{}\" has no handler", command.word));
        }
        ++counters.carriedOut;
        entry->isLong = command.options.count.value_or(1) > 1;
        repeats.remember(entry->key, loop.clock().now(), "");
        if (entry->isLong) rememberInterrupted(entry);
        handler->second(command, {entry->source, entry->transaction, entry->arrived},
                        [this, entry](const Outcome& outcome) { finish(entry, outcome); });
    }

    /// What will have been true if the power goes now.
    void rememberInterrupted(const EntryPtr& entry) {
        const std::string reply =
            formatReply(Outcome::failure(ReplyCode::kCancelled, std::string(kInterruptedSentence)), entry->word,
                        entry->transaction);
        if (!entry->key.empty()) journal.record(TransactionRecord{entry->time, entry->key, "", reply}, {});
        interrupted.add(entry.get(), entry->targets.front(), reply);
    }

    void carryOutOutput(const EntryPtr& entry, const std::string& name) {
        entry->word = "set";
        const std::string value = toLower(trimInvisible(entry->payload));
        if (value != "on" && value != "off" && value != "toggle") {
            return refuse(entry, ReplyCode::kInvalidPayload, "an output takes ON, OFF or TOGGLE");
        }
        ++counters.carriedOut;
        finish(entry, outputHandler(name, value));
    }

    void refuse(const EntryPtr& entry, ReplyCode code, std::string sentence) {
        ++counters.refused;
        logRefusal(*entry, sentence);
        finish(entry, Outcome::failure(code, std::move(sentence)));
    }

    void logRefusal(const Entry& entry, const std::string& sentence) {
        const SteadyTime now = loop.clock().now();
        if (now < nextRefusalLog) {
            ++unloggedRefusals;
            return;
        }
        log::warning("{}: command refused: {}{}", entry.source, sentence,
                     unloggedRefusals > 0 ? fmt::format(" ({} more before)", unloggedRefusals) : "");
        unloggedRefusals = 0;
        nextRefusalLog = now + kLogPause;
    }

    // ---- the end: journal first, then the answer

    void finish(const EntryPtr& entry, const Outcome& outcome) {
        entry->reply = formatReply(outcome, entry->word, entry->transaction);
        if (entry->isLong) interrupted.remove(entry.get());
        if (!entry->key.empty() && repeats.find(entry->key, loop.clock().now()) != nullptr) {
            journal.record(TransactionRecord{entry->time, entry->key, "", entry->reply}, {});
        }
        journal.record(
            CommandRecord{entry->time, entry->source, entry->payload, entry->word, outcome.ok ? "ok" : "error",
                          outcome.ok ? "" : std::string(toString(outcome.code)), entry->transaction},
            [this, entry, alive = std::weak_ptr<int>(lifetime)] {
                if (!alive.expired()) answer(entry);
            });
    }

    void answer(const EntryPtr& entry) {
        if (!entry->key.empty()) repeats.setReply(entry->key, entry->reply);
        sendReply(entry);
        const auto waiters = waitingForReply.find(entry->key);
        if (entry->key.empty() || waiters == waitingForReply.end()) return;
        const auto list = std::move(waiters->second);
        waitingForReply.erase(waiters);
        for (const auto& waiter : list) {
            waiter->reply = entry->reply;
            sendReply(waiter);
        }
    }

    void sendReply(const EntryPtr& entry) {
        const auto release = [this, entry, alive = std::weak_ptr<int>(lifetime)](Delivery delivery) {
            if (alive.expired()) return;
            if (delivery == Delivery::kDenied) {
                log::debug("{}: the broker refused the reply", entry->targets.front().topic);
            }
            --waiting;
            waitingBytes -= costOf(*entry);
        };
        publish(entry->targets.front(), entry->reply, release);
    }

    void publish(const ReplyTarget& target, const std::string& reply, DeliveryHandler done) {
        if (target.topic.empty()) {
            loop.post([done = std::move(done)] { done(Delivery::kDelivered); });
            return;
        }
        Publication publication;
        publication.topic = target.topic;
        publication.payload = reply;
        publication.correlationData = target.correlationData;
        publisher.publish(std::move(publication), Priority::kReply, std::move(done));
    }

    // ---- flood

    void answerFlood(std::uint64_t count) {
        log::warning("commands come faster than they can be answered: {} refused in the last second", count);
        const Outcome outcome =
            Outcome::failure(ReplyCode::kRateLimited,
                             fmt::format("{} commands were not carried out because {} wait already; send more slowly",
                                         count, Limits{}.commands),
                             fmt::format(R"({{"count":{}}})", count));
        publish({route.defaultTopic(), std::nullopt}, formatReply(outcome, "", ""), [](Delivery) {});
    }

    void journalFlood(std::uint64_t total) {
        journal.record(CommandRecord{loop.clock().wallNow(), "flood", fmt::format("{} commands", total), "", "error",
                                     std::string(toString(ReplyCode::kRateLimited)), ""},
                       {});
    }

    void trigger(const std::string& word, const std::string& source) {
        auto entry = std::make_shared<Entry>();
        entry->time = loop.clock().wallNow();
        entry->arrived = bootTimeNow();
        entry->source = source;
        entry->payload = word;
        entry->word = word;
        entry->targets.emplace_back();
        ++counters.received;
        if (waiting >= Limits{}.commands) {
            ++counters.rateLimited;
            return flood.refuse();
        }
        accept(entry);
        carryOut(entry, Command{word, {}, "", std::nullopt});
    }

    Loop& loop;
    Publisher& publisher;
    Journal& journal;
    const Config& config;
    ReplyRoute route;
    RepeatMemory repeats{kRememberedTransactions, kRepeatWindow};
    InterruptedSeries interrupted;
    RetainedMemory retained;
    FloodGuard flood;
    std::map<std::string, CommandHandler> handlers;
    OutputHandler outputHandler;
    std::map<std::string, std::vector<EntryPtr>> waitingForReply;
    CommandCounters counters;
    std::size_t waiting = 0;
    std::size_t waitingBytes = 0;
    SteadyTime nextRefusalLog{};
    std::uint64_t unloggedRefusals = 0;
    std::shared_ptr<int> lifetime = std::make_shared<int>(0);
};

CommandService::CommandService(Loop& loop, Publisher& publisher, Journal& journal, const Config& config)
    : impl_(std::make_unique<Impl>(loop, publisher, journal, config)) {}
CommandService::~CommandService() = default;

void CommandService::setHandler(const std::string& word, CommandHandler handler) {
    impl_->handlers[word] = std::move(handler);
}
void CommandService::setOutputHandler(OutputHandler handler) {
    impl_->outputHandler = std::move(handler);
}
std::vector<std::string> CommandService::subscriptions(const Config& config) {
    std::vector<std::string> topics;
    if (!config.topics.command.empty()) topics.push_back(config.topics.command);
    if (config.topics.base.empty()) return topics;
    topics.push_back(config.topics.base + "/command");
    // Also those that are not free: who tries to set one is told.
    for (const auto& output : config.gpio.outputs)
        topics.push_back(config.topics.base + "/gpio/" + output.name + "/set");
    return topics;
}
void CommandService::onReload() {
    impl_->route = routeOf(impl_->config);
}
void CommandService::handle(InboundMessage message) {
    impl_->handle(std::move(message));
}
void CommandService::trigger(const std::string& word, const std::string& source) {
    impl_->trigger(word, source);
}

void CommandService::restore(const JournalSnapshot& snapshot) {
    const Clock& clock = impl_->loop.clock();
    for (const TransactionRecord& record : snapshot.transactions) {
        // A clock that went backwards over the reboot makes records of the future: as good as new.
        const auto age = std::max(clock.wallNow() - record.time, WallTime::duration::zero());
        impl_->repeats.remember(record.key, clock.now() - std::chrono::duration_cast<SteadyTime::duration>(age),
                                record.reply);
    }
    impl_->retained.restore(snapshot);
    for (auto& [target, reply] : impl_->interrupted.restore(snapshot)) impl_->publish(target, reply, [](Delivery) {});
}

CommandCounters CommandService::counters() const {
    CommandCounters counters = impl_->counters;
    counters.waiting = impl_->waiting;
    return counters;
}

}  // namespace edge
