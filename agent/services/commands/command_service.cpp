// SPDX-License-Identifier: MIT
#include "services/commands/command_service.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "config/settings.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"
#include "services/home_assistant/discovery.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr const char* kPendingKey = "owed_replies";
constexpr seconds kLogPause{1};
constexpr std::size_t kStopsPastQueue = 100;

/// "<base>/gpio/lamp/set" → "gpio/lamp".
std::optional<std::string> switchTopic(const std::string& topic, const std::string& base) {
    const std::string prefix = base + "/";
    constexpr std::string_view kSuffix = "/set";
    if (base.empty() || !topic.starts_with(prefix) || !topic.ends_with(kSuffix)) return std::nullopt;
    return topic.substr(prefix.size(), topic.size() - prefix.size() - kSuffix.size());
}

bool isStop(std::string_view payload) {
    constexpr std::size_t kLongestStop = 1024;
    if (payload.size() > kLongestStop) return false;
    const ParsedCommand parsed = parseCommand(payload);
    return !parsed.error && parsed.command.name == "stop";
}

}  // namespace

std::vector<std::string> subscribedTopics(const Config& config) {
    std::vector<std::string> topics;
    if (!config.topics.command.empty()) topics.push_back(config.topics.command);
    if (!config.topics.base.empty()) {
        topics.push_back(config.topics.base + "/command");
        // Also outputs that cannot be set: a client that tries gets an error.
        for (const auto& output : config.gpio.outputs)
            topics.push_back(config.topics.base + "/gpio/" + output.name + "/set");
        for (const std::string& topic : switchTopics(config))
            topics.push_back(config.topics.base + "/" + topic + "/set");
    }
    if (auto birth = Discovery::subscription(config)) topics.push_back(std::move(*birth));
    return topics;
}

ReplyTarget replyTarget(const Config& config, const InboundMessage& message) {
    const auto isAllowed = [&](const std::string& topic) {
        if (topic.empty() || topic.front() == '$' || topic.ends_with("/set") || !isPlainText(topic)) return false;
        const std::vector<std::string> own = subscribedTopics(config);
        return topic.find_first_of("+#") == std::string::npos && std::ranges::find(own, topic) == own.end();
    };
    if (message.responseTopic && isAllowed(*message.responseTopic)) {
        return {*message.responseTopic, message.correlationData};
    }
    return {config.topics.base.empty() ? "" : config.topics.base + "/response"};
}

std::size_t maxReplyData(const Publisher& publisher, const Config& config) {
    constexpr std::size_t kMost = std::size_t{256} << 10;
    constexpr std::size_t kAround = 2048;
    const std::size_t limit = publisher.maxPayload(config.topics.base + "/response");
    return std::min(limit - std::min(limit, kAround), kMost);
}

/// One command from its arrival to the delivery of its reply.
struct CommandService::Entry {
    InboundMessage message;  ///< its topic is the source; its payload goes into the journal
    std::size_t bytes = 0;   ///< what it counts for in waitingBytes_
    WallTime time{};
    Command command;
    std::string key;     ///< for the deduplicator; "" = repeats cannot be recognised
    ReplyTarget target;  ///< its topic is "" for a button
    std::string reply;
};

// ---- arrival

void CommandService::handle(InboundMessage message) {
    // An empty retained message is how a retained one is deleted; brokers do not deliver it, but some bridges do.
    if (message.retained && (message.payload.empty() || !seenRetained_.isNew(message))) {
        ++counters_.received;
        return;
    }
    const EntryPtr entry = admit(std::move(message));
    if (entry == nullptr) return;
    entry->target = replyTarget(config_, entry->message);
    const auto topic = switchTopic(entry->message.topic, config_.topics.base);
    if (topic && entry->message.topic != config_.topics.command && !entry->message.retained)
        return setSwitch(entry, *topic);
    carryOut(entry);
}

void CommandService::trigger(const std::string& name, const std::string& source) {
    if (const EntryPtr entry = admit({source, name})) carryOut(entry);
}

/// nullptr if too many wait already. `stop` goes past the queue, so that a flooded agent can still be silenced. In a
/// flood of `stop` the first ones are answered one by one; the others take effect and are counted.
CommandService::EntryPtr CommandService::admit(InboundMessage message) {
    ++counters_.received;
    const std::size_t bytes = bytesOf(message) + sizeof(Entry);
    const bool isFull = counters_.waiting >= kMaxWaiting || waitingBytes_ + bytes > kMaxWaitingBytes;
    if (isFull && !message.retained) {
        const bool isUrgent = isStop(message.payload);
        if (!isUrgent || counters_.waiting >= kMaxWaiting + kStopsPastQueue) {
            if (isUrgent) handlers_.stopPublishing({.name = "stop", .source = "flood"}, [](const Outcome&) {});
            rateLimit();
            return nullptr;
        }
    }
    auto entry = std::make_shared<Entry>();
    entry->message = std::move(message);
    entry->bytes = bytes;
    entry->time = loop_.clock().wallNow();
    ++counters_.waiting;
    waitingBytes_ += bytes;
    return entry;
}

// ---- validate, deduplicate, carry out

void CommandService::carryOut(const EntryPtr& entry) {
    ParsedCommand parsed = parseCommand(entry->message.payload);
    Command& command = entry->command = std::move(parsed.command);
    command.source = entry->message.topic;
    command.arrived = bootTimeNow();
    if (entry->message.retained) {
        return refuse(entry, Outcome::failure(ReplyCode::kRetainedIgnored,
                                              fmt::format("retained commands are not carried out; publish it without "
                                                          "the retain flag, and clear the old one with an empty "
                                                          "retained message on {}",
                                                          entry->message.topic)));
    }
    if (parsed.error) return refuse(entry, *parsed.error);

    const SteadyTime now = loop_.clock().now();
    entry->key = CommandDeduplicator::makeKey(command.transaction, entry->message);
    if (const auto* known = deduplicator_.find(entry->key, now)) {
        ++counters_.repeated;
        entry->reply = known->reply;
        if (entry->reply.empty()) {
            repeats_.emplace(entry->key, entry);
            return;
        }
        return publish(entry);
    }
    if (const auto error = checkExpiry(command)) return refuse(entry, *error);

    ++counters_.carriedOut;
    if (isShutDown_) return finish(entry, Outcome::stopping());
    deduplicator_.remember(entry->key, now, "");
    if (command.options.count.value_or(1) > 1) beginSeries(entry);
    (handlers_.*parsed.function)(command, [this, entry](const Outcome& outcome) { finish(entry, outcome); });
}

/// A clock that is not set yet is behind: what is too late by it is too late by any. Nothing else is certain.
std::optional<Outcome> CommandService::checkExpiry(const Command& command) const {
    if (!command.expiresAt) return std::nullopt;
    const WallTime now = loop_.clock().wallNow();
    if (now >= *command.expiresAt) {
        return Outcome::failure(ReplyCode::kExpired,
                                fmt::format("the command expired at {}; it is {} here",
                                            formatRfc3339(*command.expiresAt), formatRfc3339(now)));
    }
    if (loop_.clock().wallState() == ClockState::kSynchronised) return std::nullopt;
    return Outcome::failure(ReplyCode::kClockUnsynchronised,
                            "the clock of this machine is not synchronised yet, so \"expires_at\" cannot be checked; "
                            "wait for NTP, or send the command without it");
}

void CommandService::setSwitch(const EntryPtr& entry, const std::string& topic) {
    entry->command.name = "set";
    const auto command = parseOutputCommand(entry->message.payload);
    if (!command)
        return refuse(entry, Outcome::failure(ReplyCode::kInvalidPayload, "this topic takes ON, OFF or TOGGLE"));
    ++counters_.carriedOut;
    finish(entry, isShutDown_ ? Outcome::stopping() : handlers_.setSwitch(topic, *command));
}

void CommandService::refuse(const EntryPtr& entry, const Outcome& outcome) {
    ++counters_.refused;
    if (const SteadyTime now = loop_.clock().now(); now < nextRefusalLog_) {
        ++unloggedRefusals_;
    } else {
        const std::uint64_t before = std::exchange(unloggedRefusals_, 0);
        log::warning("{}: command refused: {}{}", entry->message.topic, outcome.error,
                     before > 0 ? fmt::format(" ({} more before)", before) : "");
        nextRefusalLog_ = now + kLogPause;
    }
    finish(entry, outcome);
}

// ---- the journal, then the reply

void CommandService::finish(const EntryPtr& entry, const Outcome& outcome) {
    entry->reply = formatReply(outcome, entry->command.name, entry->command.transaction);
    if (entry->reply.size() > kMaxRememberedReply) {
        deduplicator_.forget(entry->key);
        entry->bytes += entry->reply.size();
        waitingBytes_ += entry->reply.size();
    }
    if (std::erase(series_, entry) > 0) savePendingReplies();
    recordTransaction(*entry);
    journal_.record(
        CommandRecord{entry->time, entry->message.topic, std::move(entry->message.payload), entry->command.name,
                      outcome.ok ? "ok" : "error", std::string(outcome.code), entry->command.transaction},
        scope_.wrap([this, entry] { answer(entry); }));
}

/// What a repeat is answered after a restart.
void CommandService::recordTransaction(const Entry& entry) {
    if (deduplicator_.find(entry.key, loop_.clock().now()) == nullptr) return;
    journal_.record(TransactionRecord{entry.time, entry.key, entry.reply}, {});
}

void CommandService::answer(const EntryPtr& entry) {
    deduplicator_.setReply(entry->key, entry->reply);
    publish(entry);
    const auto [first, last] = repeats_.equal_range(entry->key);
    for (auto repeat = first; repeat != last; ++repeat) {
        repeat->second->reply = entry->reply;
        publish(repeat->second);
    }
    repeats_.erase(first, last);
}

void CommandService::publish(const EntryPtr& entry) {
    const auto reply = [target = entry->target](std::string payload) {
        return Publication{
            .topic = target.topic, .payload = std::move(payload), .correlationData = target.correlationData};
    };
    DeliveryHandler release = scope_.wrap([this, reply, bytes = entry->bytes, name = entry->command.name,
                                           transaction = entry->command.transaction](Delivery delivery) {
        --counters_.waiting;
        waitingBytes_ -= bytes;
        if (delivery != Delivery::kTooLarge) return;
        const Outcome outcome =
            Outcome::failure(ReplyCode::kTooLarge,
                             "the broker does not take a packet as large as the reply; ask for less, or raise "
                             "its limit");
        publisher_.publish(reply(formatReply(outcome, name, transaction)), Priority::kReply, {});
    });
    if (entry->target.topic.empty()) return release(Delivery::kDelivered);
    publisher_.publish(reply(entry->reply), Priority::kReply, std::move(release));
}

// ---- replies that survive a restart

/// A series takes long. What its reply will be if the power goes now is in the journal before it begins.
void CommandService::beginSeries(const EntryPtr& entry) {
    constexpr const char* kInterrupted =
        "the agent was restarted before this was finished; send the command again, with another transaction";
    entry->reply = formatReply(Outcome::failure(ReplyCode::kCancelled, kInterrupted), entry->command.name,
                               entry->command.transaction);
    recordTransaction(*entry);
    if (entry->target.topic.empty()) return;
    series_.push_back(entry);
    savePendingReplies();
}

void CommandService::savePendingReplies() {
    Json pending = Json::array();
    for (const EntryPtr& entry : series_) {
        Json item{{"topic", entry->target.topic}, {"reply", entry->reply}};
        // Any bytes, so not a JSON string.
        if (const auto& data = entry->target.correlationData)
            item["correlation"] = std::vector<unsigned char>(data->begin(), data->end());
        pending.push_back(std::move(item));
    }
    journal_.saveState(kPendingKey, pending.dump(), {});
}

void CommandService::restore(const JournalSnapshot& snapshot) {
    const Clock& clock = loop_.clock();
    for (const TransactionRecord& record : snapshot.transactions) {
        // A clock that went backwards over the reboot leaves records of the future: they count as new.
        const auto age = std::max(clock.wallNow() - record.time, WallTime::duration::zero());
        deduplicator_.remember(record.key, clock.now() - std::chrono::duration_cast<SteadyTime::duration>(age),
                               record.reply);
    }
    seenRetained_.restore(snapshot);
    const Json pending = Json::parse(savedState(snapshot, kPendingKey), nullptr, /*allow_exceptions=*/false);
    if (!pending.is_array() || pending.empty()) return;
    for (const Json& item : pending) {
        Publication reply{.topic = item.at("topic"), .payload = item.at("reply")};
        const auto correlation = item.value("correlation", std::vector<unsigned char>());
        if (item.contains("correlation")) reply.correlationData.emplace(correlation.begin(), correlation.end());
        publisher_.publish(std::move(reply), Priority::kReply, {});
    }
    savePendingReplies();
}

// ---- flood

/// Answers what is refused in a flood together: once a second while it lasts, and one journal row at its end.
void CommandService::rateLimit() {
    ++counters_.rateLimited;
    ++floodThisSecond_;
    if (std::exchange(floodTotal_, floodTotal_ + 1) == 0) {
        floodTimer_ = loop_.after(seconds{1}, [this] { reportFlood(); });
    }
}

void CommandService::reportFlood() {
    const std::uint64_t count = std::exchange(floodThisSecond_, 0);
    if (count == 0) {
        const std::string total = fmt::format("{} commands", std::exchange(floodTotal_, 0));
        journal_.record(CommandRecord{loop_.clock().wallNow(), "flood", total, "", "error",
                                      std::string(ReplyCode::kRateLimited), ""},
                        {});
        return;
    }
    floodTimer_ = loop_.after(seconds{1}, [this] { reportFlood(); });
    log::warning("rate limit exceeded: {} commands refused in the last second", count);
    if (config_.topics.base.empty()) return;
    const std::string message =
        fmt::format("{} commands were not carried out because {} wait already; send more slowly", count, kMaxWaiting);
    const Outcome outcome = Outcome::failure(ReplyCode::kRateLimited, message, fmt::format(R"({{"count":{}}})", count));
    publisher_.publish({.topic = config_.topics.base + "/response", .payload = formatReply(outcome, "", "")},
                       Priority::kReply, {});
}

}  // namespace edge
