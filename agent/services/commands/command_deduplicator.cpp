// SPDX-License-Identifier: MIT
#include "services/commands/command_deduplicator.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr const char* kRetainedKey = "retained_seen";

}  // namespace

std::string CommandDeduplicator::makeKey(std::string_view transaction, const InboundMessage& message) {
    constexpr char kSeparator = '\0';
    std::string sender;
    if (!transaction.empty()) {
        sender = std::string("t") + std::string(transaction);
    } else if (message.responseTopic && message.correlationData) {
        sender = "r" + *message.responseTopic + kSeparator + *message.correlationData;
    } else {
        return "";
    }
    return sha256Hex(sha256Hex(sender) + message.payload);
}

const CommandDeduplicator::Entry* CommandDeduplicator::find(const std::string& key, SteadyTime now) const {
    const auto found = std::ranges::find(entries_, key, &Entry::key);
    return found == entries_.end() || now - found->seen > window_ ? nullptr : &*found;
}

void CommandDeduplicator::remember(const std::string& key, SteadyTime seen, std::string reply) {
    if (key.empty()) return;
    forget(key);
    entries_.push_back({key, seen, std::move(reply)});
    if (entries_.size() > capacity_) entries_.pop_front();
}

void CommandDeduplicator::forget(const std::string& key) {
    std::erase_if(entries_, [&](const Entry& entry) { return entry.key == key; });
}

void CommandDeduplicator::setReply(const std::string& key, const std::string& reply) {
    for (Entry& entry : entries_) {
        if (entry.key == key) entry.reply = reply;
    }
}

void SeenRetainedCommands::restore(const JournalSnapshot& snapshot) {
    const auto saved = snapshot.state.find(kRetainedKey);
    if (saved == snapshot.state.end()) return;
    for (const auto& hash : nlohmann::json::parse(saved->second, nullptr, /*allow_exceptions=*/false)) {
        if (hash.is_string() && hashes_.size() < kCapacity) hashes_.push_back(hash.get<std::string>());
    }
}

bool SeenRetainedCommands::isNew(const InboundMessage& message) {
    const std::string hash = sha256Hex(message.topic + '\0' + message.payload);
    if (std::ranges::find(hashes_, hash) != hashes_.end()) return false;
    hashes_.push_back(hash);
    if (hashes_.size() > kCapacity) hashes_.pop_front();
    journal_.saveState(kRetainedKey, nlohmann::json(hashes_).dump(), {});
    return true;
}

}  // namespace edge
