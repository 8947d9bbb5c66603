// SPDX-License-Identifier: MIT
#include "journal/write_buffer.hpp"

namespace edge {
namespace {

std::size_t sizeOf(const JournalRow& row) {
    constexpr std::size_t kOverhead = 200;
    if (const auto* command = std::get_if<Stored<CommandRecord>>(&row))
        return kOverhead + command->record.payload.size();
    if (const auto* event = std::get_if<Stored<EventRecord>>(&row)) return kOverhead + event->record.text.size();
    return kOverhead;
}

}  // namespace

void WriteBuffer::add(JournalRow row) {
    bytes_ += sizeOf(row);
    rows_.push_back(std::move(row));
    while (rows_.size() > kMaxRows || (bytes_ > kMaxBytes && rows_.size() > 1)) {
        removeOldest();
        ++dropped_;
    }
}

void WriteBuffer::removeOldest() {
    bytes_ -= sizeOf(rows_.front());
    rows_.pop_front();
}

void WriteBuffer::copyTo(WriteBatch& batch) const {
    batch.rows.assign(rows_.begin(), rows_.end());
    batch.state = state_;
}

void WriteBuffer::removeWritten(const WriteBatch& batch) {
    while (!rows_.empty() && !batch.rows.empty() && stampOf(rows_.front()).id <= stampOf(batch.rows.back()).id)
        removeOldest();
    // What changed again since then still waits.
    for (const auto& [key, value] : batch.state.values) {
        if (const auto own = state_.values.find(key); own != state_.values.end() && own->second == value)
            state_.values.erase(own);
    }
    if (batch.state.transactions.empty()) return;
    const std::int64_t last = batch.state.transactions.back().stamp.id;
    std::erase_if(state_.transactions, [&](const auto& row) { return row.stamp.id <= last; });
}

void WriteBuffer::addToIds(std::int64_t offset) {
    for (JournalRow& row : rows_) std::visit([offset](auto& stored) { stored.stamp.id += offset; }, row);
    for (auto& row : state_.transactions) row.stamp.id += offset;
}

}  // namespace edge
