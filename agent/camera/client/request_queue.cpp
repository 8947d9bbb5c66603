// SPDX-License-Identifier: MIT
#include "camera/client/request_queue.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace edge {

void RequestQueue::add(Capture capture, milliseconds timeout, PictureSource::PictureHandler done) {
    const std::uint64_t id = nextId_++;
    capture.id = id;
    const SteadyTime deadline = loop_.clock().now() + timeout;
    entries_.push_back(
        {capture, deadline, std::move(done), false, false, loop_.at(deadline, [this, id] { timeOut(id); })});
}

RequestQueue::Entry* RequestQueue::nextToSend() {
    const auto it = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return !entry.isSent; });
    const bool isInWindow = it != entries_.end() && it->capture.id < entries_.front().capture.id + kMaxPending;
    return isInWindow ? &*it : nullptr;
}

bool RequestQueue::hasSent() const {
    return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.isSent; });
}

const RequestQueue::Entry* RequestQueue::find(std::uint64_t id) const {
    const auto it = std::find_if(entries_.begin(), entries_.end(), [id](const Entry& e) { return e.capture.id == id; });
    return it == entries_.end() ? nullptr : &*it;
}

void RequestQueue::finish(std::uint64_t id, Result<Picture> result) {
    const auto it = std::find_if(entries_.begin(), entries_.end(), [id](const Entry& e) { return e.capture.id == id; });
    if (it == entries_.end()) return;
    const auto done = std::move(it->done);
    entries_.erase(it);
    done(std::move(result));
}

void RequestQueue::fail(const Error& error, SteadyTime until) {
    failIf([until](const Entry& entry) { return entry.deadline <= until; }, error);
}

void RequestQueue::unsend() {
    for (Entry& entry : entries_) entry.isSent = false;
}

void RequestQueue::lose(const Error& error) {
    failIf([](const Entry& entry) { return entry.isSent && entry.wasLost; }, error);
    for (Entry& entry : entries_) entry.wasLost = std::exchange(entry.isSent, false) || entry.wasLost;
}

void RequestQueue::failIf(const std::function<bool(const Entry&)>& matches, const Error& error) {
    std::vector<std::uint64_t> ids;  // a handler may ask for the next picture at once
    for (const Entry& entry : entries_) {
        if (matches(entry)) ids.push_back(entry.capture.id);
    }
    for (const std::uint64_t id : ids) finish(id, tl::unexpected(error));
}

void RequestQueue::timeOut(std::uint64_t id) {
    const Entry* entry = find(id);
    if (entry == nullptr) return;
    const bool wasSent = entry->isSent;
    finish(id, edge::fail(Errc::kTimeout, wasSent ? "the camera program did not answer in time"
                                                  : "the camera program was not ready in time"));
    timedOut_(id, wasSent);
}

}  // namespace edge
