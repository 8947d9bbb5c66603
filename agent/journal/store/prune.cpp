// SPDX-License-Identifier: MIT
#include "journal/store/prune.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "journal/store/row_codec.hpp"

namespace edge {
namespace {

constexpr std::int64_t kStepRows = 256;
constexpr std::int64_t kFewRows = 4;
constexpr int kMaxSteps = 64;
constexpr std::int64_t kPageBytes = 1024;
constexpr std::int64_t kFewPages = 256;

struct Kind {
    const char* table;
    const char* rowBytes;     ///< SQL: about what a row takes in the file
    const char* undelivered;  ///< SQL: 1 for a reading that was not delivered
    int sharePercent;
};
/// Readings are what people miss; a flood of commands must not push them out.
constexpr std::array<Kind, 4> kKinds{{
    {kTable<CommandRecord>.name, "90 + length(source) + length(payload) + length(transaction_id)", "0", 25},
    {kTable<ReadingRecord>.name, "65 + length(sensor)", "delivered = 0", 50},
    {kTable<CaptureRecord>.name, "106 + length(transaction_id) + length(sha256)", "0", 15},
    {kTable<EventRecord>.name, "60 + length(text)", "0", 10},
}};

/// Deletes the oldest rows that match `where`. The parameters are those of `where`, then the greatest number of rows.
Result<Statement> prepareDelete(Database& db, const Kind& kind, const char* where) {
    return db.prepare(fmt::format(
        "DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE {1} ORDER BY id LIMIT ?) RETURNING id, {2}, {3}",
        kind.table, where, kind.undelivered, kind.rowBytes));
}

struct Deleted {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
};

Result<Deleted> runDelete(Statement& remove, Pruned& pruned) {
    Deleted deleted;
    while (TRY(remove.step())) {
        ++deleted.rows;
        deleted.bytes += remove.integer(2);
        if (remove.integer(1) != 0) pruned.undelivered.push_back(remove.integer(0));
    }
    pruned.rows += static_cast<std::uint64_t>(deleted.rows);
    return deleted;
}

Result<std::int64_t> usedBytes(Database& db) {
    return (TRY(db.integer("PRAGMA page_count")) - TRY(db.integer("PRAGMA freelist_count"))) * kPageBytes;
}

}  // namespace

std::optional<WallTime> Expiry::takeCutoff(milliseconds maxAge) {
    const SteadyTime now = clock_.now();
    if (clock_.wallState() != ClockState::kSynchronised) return std::nullopt;
    if (!anchor_) {
        anchor_ = {now, clock_.wallNow()};
        next_ = now + kPause;  // time to notice, and correct, a clock that was set wrong
    }
    if (now < next_) return std::nullopt;
    next_ = now + kPause;
    const auto passed = std::chrono::duration_cast<WallTime::duration>(now - anchor_->first);
    return std::min(clock_.wallNow(), anchor_->second + passed) - maxAge;
}

std::int64_t tableBudget(std::int64_t maxSizeBytes) {
    constexpr std::int64_t kWalBytes = 1 << 20;
    constexpr std::int64_t kBatchBytes = 1152 << 10;
    return std::max(maxSizeBytes - kWalBytes - kBatchBytes, maxSizeBytes / 2);
}

Result<void> pruneByAge(Database& db, const AgeLimit& limit, Pruned& pruned) {
    const auto beforeMs = std::chrono::floor<milliseconds>(limit.before.time_since_epoch()).count();
    for (const Kind& kind : kKinds) {
        auto remove = TRY(prepareDelete(db, kind, "clock_ok = 1 AND wall_ms < ? AND (boot <> ? OR mono_ms < ?)"));
        remove.bind(std::int64_t{beforeMs}).bindBlob(encodeBoot(limit.bootId)).bind(limit.monoBeforeMs).bind(kStepRows);
        if (TRY(runDelete(remove, pruned)).rows == kStepRows) pruned.isUnfinished = true;
    }
    return {};
}

Result<void> pruneBySize(Database& db, std::int64_t budgetBytes, Pruned& pruned) {
    if (TRY(usedBytes(db)) <= budgetBytes) return {};
    std::array<Deleted, kKinds.size()> left;
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        const Kind& kind = kKinds[i];
        left[i].rows = TRY(db.integer(fmt::format("SELECT count(*) FROM {}", kind.table)));
        left[i].bytes = TRY(db.integer(fmt::format("SELECT total({}) FROM {}", kind.rowBytes, kind.table)));
    }
    for (int step = 0; step < kMaxSteps; ++step) {
        const std::int64_t excess = TRY(usedBytes(db)) - (budgetBytes - budgetBytes / 20);
        if (excess <= 0) return {};
        std::size_t most = 0;
        for (std::size_t i = 1; i < kKinds.size(); ++i) {
            if (left[i].bytes * kKinds[most].sharePercent > left[most].bytes * kKinds[i].sharePercent) most = i;
        }
        if (left[most].bytes <= 0) return {};  // nothing is left that may be deleted
        const std::int64_t rows = std::clamp(excess * left[most].rows / left[most].bytes, kFewRows, kStepRows);
        auto remove = TRY(prepareDelete(db, kKinds[most], "1"));
        const Deleted deleted = TRY(runDelete(remove.bind(rows), pruned));
        left[most].rows -= deleted.rows;
        left[most].bytes -= deleted.bytes;
    }
    pruned.isUnfinished = true;
    return {};
}

Result<void> shrinkFile(Database& db) {
    const std::int64_t free = TRY(db.integer("PRAGMA freelist_count"));
    if (free < kFewPages) return {};  // nearly always, so that it is asked first
    const std::int64_t pages = TRY(db.integer("PRAGMA page_count"));
    if (free < pages / 4) return {};
    return db.execute("PRAGMA incremental_vacuum(512)");
}

}  // namespace edge
