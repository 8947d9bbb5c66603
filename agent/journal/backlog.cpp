// SPDX-License-Identifier: MIT
#include "journal/backlog.hpp"

#include <algorithm>
#include <utility>

namespace edge {

void Backlog::add(Stored<ReadingRecord> reading) {
    if (keep_ == KeepReadings::kNone) {
        if (!reading.record.delivered) ++dropped_;
        return;
    }
    if (keep_ == KeepReadings::kUndelivered && reading.record.delivered) return;
    if (!reading.record.delivered) ++undeliveredInMemory_;
    const std::int64_t id = reading.stamp.id;
    memory_.emplace(id, std::move(reading));
    dropBeyondLimit();
}

Backlog::Memory::iterator Backlog::remove(Memory::iterator reading) {
    if (!reading->second.record.delivered) --undeliveredInMemory_;
    return memory_.erase(reading);
}

void Backlog::dropBeyondLimit() {
    // The batch has them: they are in the file soon, or dropped after it. A batch that does not return must not fill
    // the memory.
    if (isWriting_ && memory_.size() <= 2 * kMaxInMemory) return;
    for (auto oldest = memory_.begin(); memory_.size() > kMaxInMemory && oldest != memory_.end();) {
        if (inFlight_.contains(oldest->first)) {
            ++oldest;
            continue;
        }
        if (!oldest->second.record.delivered) ++dropped_;
        oldest = remove(oldest);
    }
}

// ---- fetch, ack, nack

ReadingRecord Backlog::putInFlight(const Stored<ReadingRecord>& reading) {
    inFlight_.emplace(reading.stamp.id, false);
    ReadingRecord record = reading.record;
    record.id = reading.stamp.id;
    record.monoMs = reading.stamp.monoMs;
    record.bootId = reading.stamp.bootId;
    return record;
}

std::vector<ReadingRecord> Backlog::fetchFromFile(const ReadOutcome& found, std::int64_t from) {
    std::vector<ReadingRecord> fetched;
    for (const Stored<ReadingRecord>& reading : found.readings) {
        const std::int64_t id = reading.stamp.id;
        if (!inFlight_.contains(id) && !acked_.contains(id)) fetched.push_back(putInFlight(reading));
    }
    if (found.undelivered) inFile_ = *found.undelivered - std::min<std::uint64_t>(*found.undelivered, acked_.size());
    if (cursor_ == from) cursor_ = found.isAtEnd ? std::max(found.lastId, fileEnd_) : found.lastId;
    return fetched;
}

std::vector<ReadingRecord> Backlog::fetchFromMemory(std::size_t count) {
    std::vector<ReadingRecord> fetched;
    for (auto reading = memory_.begin(); reading != memory_.end() && fetched.size() < count; ++reading) {
        if (!reading->second.record.delivered && !inFlight_.contains(reading->first))
            fetched.push_back(putInFlight(reading->second));
    }
    return fetched;
}

void Backlog::ack(std::int64_t id) {
    const auto entry = inFlight_.extract(id);
    if (entry.empty() || entry.mapped()) return;
    const auto reading = memory_.find(id);
    if (reading == memory_.end() || id <= mayBeInFile_) acked_.insert(id);
    if (reading == memory_.end()) {
        if (inFile_ > 0) --inFile_;
    } else if (keep_ == KeepReadings::kAll) {
        reading->second.record.delivered = true;
        --undeliveredInMemory_;
    } else {
        remove(reading);
    }
}

void Backlog::nack(std::int64_t id) {
    const auto entry = inFlight_.extract(id);
    if (entry.empty()) return;
    if (entry.mapped()) {
        ++dropped_;
    } else {
        cursor_ = std::min(cursor_, id - 1);
    }
}

// ---- the file

void Backlog::copyTo(WriteBatch& batch) {
    for (const auto& [id, reading] : memory_) batch.readings.push_back(reading);
    if (!memory_.empty()) mayBeInFile_ = memory_.rbegin()->first;
    batch.delivered = acked_;
    isWriting_ = true;
}

void Backlog::onWritten(const WriteBatch& batch, const Pruned& pruned) {
    for (const auto& reading : batch.readings) {
        const std::int64_t id = reading.stamp.id;
        if (const auto own = memory_.find(id); own != memory_.end()) remove(own);
        fileEnd_ = std::max(fileEnd_, id);
        if (reading.record.delivered || acked_.contains(id)) continue;
        ++inFile_;
        cursor_ = std::min(cursor_, id - 1);  // the file may have been read to its end, and beyond this id, before
    }
    for (const std::int64_t id : batch.delivered) acked_.erase(id);
    for (const std::int64_t id : pruned.undelivered) {
        if (acked_.contains(id)) continue;
        if (inFile_ > 0) --inFile_;
        if (const auto entry = inFlight_.find(id); entry != inFlight_.end()) {
            entry->second = true;  // it may still be delivered
        } else {
            ++dropped_;
        }
    }
    onNotWritten();
}

void Backlog::onNotWritten() {
    isWriting_ = false;
    dropBeyondLimit();
}

void Backlog::onOpened(std::uint64_t undelivered, std::int64_t lastId) {
    inFile_ = undelivered - std::min<std::uint64_t>(undelivered, acked_.size());
    fileEnd_ = std::max(fileEnd_, lastId);  // a batch may have been written since `lastId` was read
}

void Backlog::leaveFile() {
    std::erase_if(inFlight_, [this](const auto& entry) { return !memory_.contains(entry.first); });
    acked_.clear();
    inFile_ = 0;
    cursor_ = fileEnd_ = mayBeInFile_ = 0;
}

void Backlog::addToIds(std::int64_t offset) {
    inFlight_.clear();
    for (auto& [id, reading] : std::exchange(memory_, {})) {
        reading.stamp.id = id + offset;
        memory_.emplace(id + offset, std::move(reading));
    }
}

}  // namespace edge
