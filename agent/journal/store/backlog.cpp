// SPDX-License-Identifier: MIT
#include "journal/store/backlog.hpp"

#include <algorithm>

namespace edge {

void ReadingBacklog::add(Stored<ReadingRecord> reading) {
    if (keep_ == KeepReadings::kNone) {
        if (!reading.record.delivered) ++dropped_;
        return;
    }
    if (keep_ == KeepReadings::kUndelivered && reading.record.delivered) return;
    remember(std::move(reading));
    dropBeyondLimit();
}

void ReadingBacklog::remember(Stored<ReadingRecord> reading) {
    if (!reading.record.delivered) ++undeliveredInMemory_;
    const std::int64_t id = reading.stamp.id;
    memory_.emplace(id, std::move(reading));
}

void ReadingBacklog::erase(std::map<std::int64_t, Stored<ReadingRecord>>::iterator reading) {
    if (!reading->second.record.delivered) --undeliveredInMemory_;
    memory_.erase(reading);
}

void ReadingBacklog::dropBeyondLimit() {
    for (auto oldest = memory_.begin(); memory_.size() > kMaxInMemory && oldest != memory_.end();) {
        const auto next = std::next(oldest);
        if (!lent_.contains(oldest->first)) {
            if (!oldest->second.record.delivered) ++dropped_;
            erase(oldest);
        }
        oldest = next;
    }
}

void ReadingBacklog::takeForWriting(WriteBatch& batch) {
    for (auto& [id, reading] : memory_) {
        if (!reading.record.delivered) {
            writing_.insert(id);
            fileMayHoldMore_ = true;
        }
        batch.readings.push_back(std::move(reading));
    }
    memory_.clear();
    undeliveredInMemory_ = 0;
}

void ReadingBacklog::takeSettled(WriteBatch& batch) {
    const auto count = std::min(settled_.size(), kMaxDeletes);
    batch.delivered.assign(settled_.begin(), std::next(settled_.begin(), static_cast<std::ptrdiff_t>(count)));
}

void ReadingBacklog::onWritten(const WriteBatch& batch, const Pruned& pruned) {
    inFile_ += writing_.size();
    writing_.clear();
    for (const std::int64_t id : batch.delivered) settled_.erase(id);
    for (const std::int64_t id : pruned.undelivered) {
        if (!settled_.contains(id)) forgetRow(id, Loss::kCounted);
    }
}

void ReadingBacklog::onNotWritten(WriteBatch& batch) {
    writing_.clear();
    for (auto& reading : batch.readings) {
        const std::int64_t id = reading.stamp.id;
        returned_.erase(id);
        if (settled_.contains(id)) {
            // Delivered while it was being written. Whether the row is there is not known: its removal stays wanted.
            if (keep_ != KeepReadings::kAll) continue;
            settled_.erase(id);
            reading.record.delivered = true;
        }
        remember(std::move(reading));
    }
    batch.readings.clear();
    dropBeyondLimit();
}

void ReadingBacklog::onOpened(std::uint64_t undelivered) {
    inFile_ = undelivered - std::min<std::uint64_t>(undelivered, settled_.size());
    fileMayHoldMore_ = undelivered > 0 || !writing_.empty();
}

void ReadingBacklog::leaveFile() {
    std::erase_if(lent_, [this](std::int64_t id) { return !memory_.contains(id); });
    gone_.clear();
    returned_.clear();
    settled_.clear();
    inFile_ = 0;
    fileMayHoldMore_ = false;
    readPosition_ = 0;
}

void ReadingBacklog::forgetRow(std::int64_t id, Loss loss) {
    if (inFile_ > 0) --inFile_;
    if (lent_.contains(id)) {
        gone_.insert(id);  // it may still be delivered
        return;
    }
    returned_.erase(id);
    if (loss == Loss::kCounted) ++dropped_;
}

namespace {

ReadingRecord withItsMoment(const Stored<ReadingRecord>& reading) {
    ReadingRecord record = reading.record;
    record.monoMs = reading.stamp.monoMs;
    return record;
}

}  // namespace

std::vector<ReadingRecord> ReadingBacklog::lendReturned(std::size_t count) {
    std::vector<ReadingRecord> lent;
    while (lent.size() < count && !returned_.empty()) {
        const auto oldest = returned_.begin();
        lent_.insert(oldest->first);
        lent.push_back(std::move(oldest->second));
        returned_.erase(oldest);
    }
    return lent;
}

std::vector<ReadingRecord> ReadingBacklog::lendFromMemory(std::size_t count) {
    std::vector<ReadingRecord> lent;
    for (auto reading = memory_.begin(); reading != memory_.end() && lent.size() < count; ++reading) {
        const bool isFree = !reading->second.record.delivered && !lent_.contains(reading->first);
        if (!isFree) continue;
        lent_.insert(reading->first);
        lent.push_back(withItsMoment(reading->second));
    }
    return lent;
}

std::vector<ReadingRecord> ReadingBacklog::lendFromFile(const ReadOutcome& outcome, std::size_t limit) {
    std::vector<ReadingRecord> lent;
    for (const Stored<ReadingRecord>& reading : outcome.readings) {
        const std::int64_t id = reading.stamp.id;
        // A row can have been lent from memory, before it was written, or be done with and not yet removed.
        const bool isFree = !lent_.contains(id) && !settled_.contains(id) && !returned_.contains(id);
        if (!isFree) continue;
        lent_.insert(id);
        lent.push_back(withItsMoment(reading));
    }
    for (const ReadOutcome::Damaged& row : outcome.damaged) {
        if (row.countsAsUndelivered && !settled_.contains(row.id)) forgetRow(row.id, Loss::kUncounted);
    }
    readPosition_ = std::max(readPosition_, outcome.lastId);
    if (outcome.readings.size() < limit && writing_.empty()) fileMayHoldMore_ = false;
    return lent;
}

void ReadingBacklog::settleDelivered(const ReadingRecord& reading) {
    const std::int64_t id = currentId(reading.id);
    if (lent_.erase(id) == 0 || gone_.erase(id) > 0) return;
    if (const auto inMemory = memory_.find(id); inMemory != memory_.end()) {
        if (keep_ == KeepReadings::kAll) {
            inMemory->second.record.delivered = true;
            --undeliveredInMemory_;
        } else {
            erase(inMemory);
        }
        return;
    }
    settled_.insert(id);
    if (writing_.erase(id) == 0 && inFile_ > 0) --inFile_;
}

void ReadingBacklog::settleReturned(const ReadingRecord& reading) {
    const std::int64_t id = currentId(reading.id);
    if (lent_.erase(id) == 0) return;
    if (gone_.erase(id) > 0) {
        ++dropped_;  // its row was the oldest when there was no room
        return;
    }
    if (memory_.contains(id)) return;
    ReadingRecord& back = returned_[id];
    back = reading;
    back.id = id;
}

void ReadingBacklog::shiftIds(std::int64_t offset) {
    offset_ = offset;
    std::map<std::int64_t, Stored<ReadingRecord>> memory;
    for (auto& [id, reading] : memory_) {
        reading.stamp.id = currentId(id);
        reading.record.id = reading.stamp.id;
        memory.emplace(reading.stamp.id, std::move(reading));
    }
    memory_ = std::move(memory);
    std::set<std::int64_t> lent;
    for (const std::int64_t id : lent_) lent.insert(currentId(id));
    lent_ = std::move(lent);
}

std::optional<std::int64_t> ReadingBacklog::oldestInMemory() const {
    if (memory_.empty()) return std::nullopt;
    return memory_.begin()->second.stamp.monoMs;
}

std::uint64_t ReadingBacklog::queued() const {
    return undeliveredInMemory_ + writing_.size() + inFile_;
}

}  // namespace edge
