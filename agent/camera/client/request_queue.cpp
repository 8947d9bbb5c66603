// SPDX-License-Identifier: MIT
#include "camera/client/request_queue.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace edge {

std::uint64_t RequestQueue::add(Capture capture, milliseconds timeout, PictureSource::PictureHandler done) {
    const std::uint64_t id = nextId_++;
    capture.id = id;
    Entry entry;
    entry.capture = capture;
    entry.deadline = loop_.clock().now() + timeout;
    entry.done = std::move(done);
    entry.timer = loop_.at(entry.deadline, [this, id] { timeOut(id); });
    entries_.push_back(std::move(entry));
    return id;
}

RequestQueue::Entry* RequestQueue::nextUnsent() {
    const auto it = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return !entry.isSent; });
    return it == entries_.end() ? nullptr : &*it;
}

std::size_t RequestQueue::sentCount() const {
    return static_cast<std::size_t>(
        std::count_if(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.isSent; }));
}

std::uint64_t RequestQueue::freeSlot() const {
    const auto isTaken = [this](std::uint64_t slot) {
        return std::any_of(entries_.begin(), entries_.end(),
                           [slot](const Entry& entry) { return entry.isSent && entry.capture.slot == slot; });
    };
    std::uint64_t slot = 0;
    while (isTaken(slot)) ++slot;
    return slot;
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

void RequestQueue::failIf(const std::function<bool(const Entry&)>& which, const Error& error) {
    std::vector<std::uint64_t> ids;  // a handler may ask for the next picture at once
    for (const Entry& entry : entries_) {
        if (which(entry)) ids.push_back(entry.capture.id);
    }
    for (const std::uint64_t id : ids) finish(id, tl::unexpected(error));
}

void RequestQueue::unsend() {
    for (Entry& entry : entries_) entry.isSent = false;
}

void RequestQueue::lose(const Error& error) {
    failIf([](const Entry& entry) { return entry.isSent && entry.wasLost; }, error);
    for (Entry& entry : entries_) entry.wasLost = std::exchange(entry.isSent, false) || entry.wasLost;
}

void RequestQueue::timeOut(std::uint64_t id) {
    const Entry* entry = find(id);
    if (entry == nullptr) return;
    const bool wasSent = entry->isSent;
    finish(id, fail(Errc::kTimeout, wasSent ? "the camera program did not answer in time"
                                            : "the camera program was not ready in time"));
    timedOut_(id, wasSent);
}

}  // namespace edge
