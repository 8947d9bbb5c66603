// SPDX-License-Identifier: MIT
#include "journal/write_buffer.hpp"

#include <algorithm>
#include <utility>

namespace edge {
namespace {

struct SizeOf {
    static constexpr std::size_t kOverhead = 200;
    std::size_t operator()(const Stored<CommandRecord>& row) const { return kOverhead + row.record.payload.size(); }
    std::size_t operator()(const Stored<CaptureRecord>&) const { return kOverhead; }
    std::size_t operator()(const Stored<EventRecord>& row) const { return kOverhead + row.record.text.size(); }
};

struct CopyInto {
    WriteBatch& batch;
    void operator()(const Stored<CommandRecord>& row) const { batch.commands.push_back(row); }
    void operator()(const Stored<CaptureRecord>& row) const { batch.captures.push_back(row); }
    void operator()(const Stored<EventRecord>& row) const { batch.events.push_back(row); }
};

const Stamp& stampOf(const WriteBuffer::Row& row) {
    return std::visit([](const auto& stored) -> const Stamp& { return stored.stamp; }, row);
}

}  // namespace

void WriteBuffer::add(Row row) {
    bytes_ += std::visit(SizeOf{}, row);
    rows_.push_back(std::move(row));
    while (rows_.size() > kMaxRows || (bytes_ > kMaxBytes && rows_.size() > 1)) {
        removeOldest();
        ++dropped_;
    }
}

void WriteBuffer::removeOldest() {
    bytes_ -= std::visit(SizeOf{}, rows_.front());
    rows_.pop_front();
}

std::optional<std::int64_t> WriteBuffer::copyTo(WriteBatch& batch, std::size_t maxBytes) const {
    batch.state = state_;
    std::size_t taken = 0;
    for (auto row = rows_.begin(); row != rows_.end(); ++row) {
        if (taken >= maxBytes) return stampOf(*std::prev(row)).id;
        taken += std::visit(SizeOf{}, *row);
        std::visit(CopyInto{batch}, *row);
    }
    return std::nullopt;
}

void WriteBuffer::removeWritten(const WriteBatch& batch) {
    const auto lastOf = [](const auto& rows) { return rows.empty() ? 0 : rows.back().stamp.id; };
    const std::int64_t last = std::max({lastOf(batch.commands), lastOf(batch.captures), lastOf(batch.events)});
    while (!rows_.empty() && stampOf(rows_.front()).id <= last) removeOldest();
    // What changed again since then still waits.
    for (const auto& [key, value] : batch.state.values) {
        if (const auto own = state_.values.find(key); own != state_.values.end() && own->second == value)
            state_.values.erase(own);
    }
    const std::int64_t lastTransaction = lastOf(batch.state.transactions);
    std::erase_if(state_.transactions, [&](const auto& row) { return row.stamp.id <= lastTransaction; });
}

std::optional<std::int64_t> WriteBuffer::oldestMs() const {
    if (rows_.empty()) return std::nullopt;
    return stampOf(rows_.front()).monoMs;
}

}  // namespace edge
