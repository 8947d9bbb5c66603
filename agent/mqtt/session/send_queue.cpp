// SPDX-License-Identifier: MIT
#include "mqtt/session/send_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace edge {

namespace {

bool isReliable(const Outgoing& outgoing) {
    return outgoing.publication->qos != Qos::kAtMostOnce;
}

}  // namespace

void SendQueue::setReceiveMaximum(std::uint16_t receiveMaximum) {
    window_ = std::clamp<std::size_t>(receiveMaximum, 1, kWindow);
    // One place stays for what is small and urgent, where there is more than one.
    largeWindow_ = std::min(kLargeWindow, std::max<std::size_t>(window_ - 1, 1));
}

SendQueue::Added SendQueue::add(Outgoing outgoing) {
    Queue& to = queue(outgoing.priority);
    const bool isFull = outgoing.priority != Priority::kReply && to.entries.size() >= kMaxWaiting;
    if (isFull || (!to.entries.empty() && to.bytes + outgoing.bytes() > kMaxWaitingBytes)) return Added::kFull;
    to.bytes += outgoing.bytes();
    to.entries.push_back(std::move(outgoing));
    return Added::kWaits;
}

std::optional<Outgoing> SendQueue::dropOldestReply() {
    Queue& replies = queue(Priority::kReply);
    if (replies.entries.empty()) return std::nullopt;
    Outgoing oldest = std::move(replies.entries.front());
    replies.entries.pop_front();
    replies.bytes -= oldest.bytes();
    return oldest;
}

bool SendQueue::fits(const Outgoing& outgoing) const {
    if (inFlight_.size() >= kWindow) return false;
    if (isReliable(outgoing) && reliableInFlight_ >= window_) return false;
    if (!outgoing.isLarge() || largeInFlight_ == 0) return true;
    return largeInFlight_ < largeWindow_ && largeBytes_ + outgoing.bytes() <= kLargeBytes;
}

std::optional<SendQueue::Next> SendQueue::next(SteadyTime now) {
    std::array order{Priority::kReply, Priority::kLive, Priority::kImage, Priority::kBacklog};
    if (isTurnOfLive_) std::swap(order[0], order[1]);
    for (const Priority priority : order) {
        Queue& from = queue(priority);
        if (from.entries.empty()) continue;
        if (!fits(from.entries.front())) return std::nullopt;
        isTurnOfLive_ = priority == Priority::kReply;
        Outgoing outgoing = std::move(from.entries.front());
        from.entries.pop_front();
        from.bytes -= outgoing.bytes();
        outgoing.sentAt = now;
        if (isReliable(outgoing)) ++reliableInFlight_;
        if (outgoing.isLarge()) {
            ++largeInFlight_;
            largeBytes_ += outgoing.bytes();
        }
        const auto it = inFlight_.emplace(++lastId_, std::move(outgoing)).first;
        return Next{it->first, it->second};
    }
    return std::nullopt;
}

std::optional<Outgoing> SendQueue::finished(std::uint64_t id) {
    const auto it = inFlight_.find(id);
    if (it == inFlight_.end()) return std::nullopt;
    Outgoing outgoing = std::move(it->second);
    inFlight_.erase(it);
    if (isReliable(outgoing)) --reliableInFlight_;
    if (outgoing.isLarge()) {
        --largeInFlight_;
        largeBytes_ -= outgoing.bytes();
    }
    return outgoing;
}

std::vector<Outgoing> SendQueue::takeInFlight() {
    std::vector<Outgoing> taken;
    for (auto& entry : inFlight_) taken.push_back(std::move(entry.second));
    inFlight_.clear();
    reliableInFlight_ = largeInFlight_ = largeBytes_ = 0;
    return taken;
}

std::vector<Outgoing> SendQueue::takeWaiting(Which which) {
    std::vector<Outgoing> taken;
    for (Queue& from : queues_) {
        std::deque<Outgoing> kept;
        from.bytes = 0;
        for (Outgoing& outgoing : from.entries) {
            if (which == Which::kNotKept && outgoing.isKept()) {
                from.bytes += outgoing.bytes();
                kept.push_back(std::move(outgoing));
            } else {
                taken.push_back(std::move(outgoing));
            }
        }
        from.entries = std::move(kept);
    }
    return taken;
}

void SendQueue::putBack(std::vector<Outgoing> oldestFirst) {
    for (auto it = oldestFirst.rbegin(); it != oldestFirst.rend(); ++it) {
        Queue& to = queue(it->priority);
        to.bytes += it->bytes();
        to.entries.push_front(std::move(*it));
    }
}

std::size_t SendQueue::waiting() const {
    std::size_t count = 0;
    for (const Queue& entry : queues_) count += entry.entries.size();
    return count;
}

std::size_t SendQueue::bytes() const {
    std::size_t sum = 0;
    for (const Queue& entry : queues_) sum += entry.bytes;
    for (const auto& entry : inFlight_) sum += entry.second.bytes();
    return sum;
}

}  // namespace edge
