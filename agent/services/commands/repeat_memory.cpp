// SPDX-License-Identifier: MIT
#include "services/commands/repeat_memory.hpp"

#include "core/system/sha256.hpp"

namespace edge {

std::string RepeatMemory::makeKey(std::string_view transaction, const InboundMessage& message) {
    constexpr char kSeparator = '\0';
    std::string who;
    if (!transaction.empty()) {
        who = std::string("t") + std::string(transaction);
    } else if (message.responseTopic && message.correlationData) {
        who = "r" + *message.responseTopic + kSeparator + *message.correlationData;
    } else {
        return "";
    }
    return sha256Hex(sha256Hex(who) + message.payload);
}

RepeatMemory::Entry* RepeatMemory::find(const std::string& key, SteadyTime now) {
    const auto it = entries_.find(key);
    if (key.empty() || it == entries_.end() || now - it->second.seen > window_) return nullptr;
    return &it->second;
}

void RepeatMemory::remember(const std::string& key, SteadyTime seen, std::string reply) {
    if (key.empty()) return;
    const auto [it, isNew] = entries_.insert_or_assign(key, Entry{seen, std::move(reply)});
    if (!isNew) std::erase(order_, key);  // an expired command that came again is the newest now
    order_.push_back(key);
    if (order_.size() <= capacity_) return;
    entries_.erase(order_.front());
    order_.pop_front();
}

void RepeatMemory::setReply(const std::string& key, const std::string& reply) {
    if (const auto it = entries_.find(key); it != entries_.end()) it->second.reply = reply;
}

}  // namespace edge
