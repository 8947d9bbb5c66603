// SPDX-License-Identifier: MIT
#include "journal/store/pending.hpp"

#include <algorithm>
#include <iterator>

namespace edge {
namespace {

struct SizeOf {
    static constexpr std::size_t kOverhead = 200;
    std::size_t operator()(const Stored<CommandRecord>& row) const { return kOverhead + row.record.payload.size(); }
    std::size_t operator()(const Stored<CaptureRecord>&) const { return kOverhead; }
    std::size_t operator()(const Stored<EventRecord>& row) const { return kOverhead + row.record.text.size(); }
};

struct MoveInto {
    WriteBatch& batch;
    void operator()(Stored<CommandRecord>&& row) const { batch.commands.push_back(std::move(row)); }
    void operator()(Stored<CaptureRecord>&& row) const { batch.captures.push_back(std::move(row)); }
    void operator()(Stored<EventRecord>&& row) const { batch.events.push_back(std::move(row)); }
};

std::int64_t idOf(const PendingRows::Row& row) {
    return std::visit([](const auto& stored) { return stored.stamp.id; }, row);
}

template <typename T>
void moveRows(std::vector<Stored<T>>& from, std::vector<PendingRows::Row>& to) {
    for (auto& row : from) to.emplace_back(std::move(row));
    from.clear();
}

}  // namespace

void PendingRows::add(Row row, Task done) {
    const std::size_t size = std::visit(SizeOf{}, row);
    bytes_ += size;
    rows_.push_back({std::move(row), std::move(done), size});
    dropBeyondLimits();
}

void PendingRows::add(const Stored<TransactionRecord>& transaction, Task done) {
    essence_.put(transaction);
    if (done) tasks_.push_back(std::move(done));
}

void PendingRows::setState(const std::string& key, std::string value, Task done) {
    essence_.state[key] = std::move(value);
    if (done) tasks_.push_back(std::move(done));
}

void PendingRows::dropBeyondLimits() {
    while (rows_.size() > kMaxRows || (bytes_ > kMaxBytes && rows_.size() > 1)) {
        Waiting& oldest = rows_.front();
        bytes_ -= oldest.bytes;
        if (oldest.done) tasks_.push_back(std::move(oldest.done));
        rows_.pop_front();
        ++dropped_;
    }
}

void PendingRows::take(std::size_t maxBytes, WriteBatch& batch, std::vector<Task>& tasks) {
    std::move(tasks_.begin(), tasks_.end(), std::back_inserter(tasks));
    tasks_.clear();
    std::size_t taken = 0;
    while (!rows_.empty() && taken < maxBytes) {
        Waiting& oldest = rows_.front();
        taken += oldest.bytes;
        bytes_ -= oldest.bytes;
        if (oldest.done) tasks.push_back(std::move(oldest.done));
        std::visit(MoveInto{batch}, std::move(oldest.row));
        rows_.pop_front();
    }
    batch.state = std::move(essence_.state);
    batch.transactions = std::move(essence_.transactions);
    essence_ = {};
}

void PendingRows::putBack(WriteBatch& batch) {
    std::vector<Row> rows;
    moveRows(batch.commands, rows);
    moveRows(batch.captures, rows);
    moveRows(batch.events, rows);
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return idOf(a) > idOf(b); });
    for (Row& row : rows) {
        const std::size_t size = std::visit(SizeOf{}, row);
        bytes_ += size;
        rows_.push_front({std::move(row), nullptr, size});
    }
    dropBeyondLimits();

    essence_.state.merge(batch.state);  // keys that are set anew stay as they are
    std::swap(essence_.transactions, batch.transactions);
    for (const auto& later : batch.transactions) essence_.put(later);
}

std::optional<std::int64_t> PendingRows::oldest() const {
    if (rows_.empty()) return std::nullopt;
    return std::visit([](const auto& stored) { return stored.stamp.monoMs; }, rows_.front().row);
}

std::vector<Task> PendingRows::takeTasks() {
    std::vector<Task> tasks = std::exchange(tasks_, {});
    for (Waiting& waiting : rows_) {
        if (waiting.done) tasks.push_back(std::exchange(waiting.done, nullptr));
    }
    return tasks;
}

void PendingRows::shiftIds(std::int64_t offset) {
    const auto shift = [offset](Stamp& stamp) {
        if (stamp.id < 0) stamp.id += offset;
    };
    for (Waiting& waiting : rows_) {
        std::visit([&](auto& stored) { shift(stored.stamp); }, waiting.row);
    }
    for (auto& transaction : essence_.transactions) shift(transaction.stamp);
}

}  // namespace edge
