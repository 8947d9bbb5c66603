// SPDX-License-Identifier: MIT
#include "journal/store/prune.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/core.h>

#include "journal/store/row_codec.hpp"

namespace edge {
namespace {

constexpr std::uint64_t kStepRows = 256;
constexpr std::int64_t kStepBytes = 16 << 10;  // at least: fewer rows may not free a page
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
    {Table<CommandRecord>::kName, "90 + length(source) + length(payload) + length(transaction_id)", "0", 25},
    {Table<ReadingRecord>::kName, "65 + length(sensor)", "delivered = 0", 50},
    {Table<CaptureRecord>::kName, "106 + length(transaction_id) + length(sha256)", "0", 15},
    {Table<EventRecord>::kName, "60 + length(text)", "0", 10},
}};

/// Deletes the oldest rows that match `where`: at most kStepRows, and no more than make `maxBytes`. The parameters are
/// those of `where`, then `maxBytes`.
Result<Statement> prepareDelete(Database& db, const Kind& kind, const char* where) {
    return db.prepare(
        fmt::format("DELETE FROM {0} WHERE id IN (SELECT id FROM (SELECT id, sum({1}) OVER (ORDER BY id) - ({1}) AS "
                    "before FROM {0} WHERE {2} ORDER BY id LIMIT {3}) WHERE before < ?) RETURNING id, {4}, {1}",
                    kind.table, kind.rowBytes, where, kStepRows, kind.undelivered));
}

struct Deleted {
    std::uint64_t rows = 0;
    std::int64_t bytes = 0;
};

Result<Deleted> runDelete(Statement& remove, Pruned& pruned) {
    Deleted deleted;
    while (TRY(remove.step())) {
        ++deleted.rows;
        deleted.bytes += remove.integer(2);
        if (remove.integer(1) != 0) pruned.undelivered.push_back(remove.integer(0));
    }
    pruned.rows += deleted.rows;
    return deleted;
}

Result<std::int64_t> usedBytes(Database& db) {
    return (TRY(db.integer("PRAGMA page_count")) - TRY(db.integer("PRAGMA freelist_count"))) * kPageBytes;
}

Result<void> deleteToSize(Database& db, std::int64_t targetBytes, Pruned& pruned) {
    std::array<std::int64_t, kKinds.size()> bytes{};
    for (std::size_t i = 0; i < kKinds.size(); ++i)
        bytes[i] = TRY(db.integer(fmt::format("SELECT total({}) FROM {}", kKinds[i].rowBytes, kKinds[i].table)));
    for (int step = 0; step < kMaxSteps; ++step) {
        const std::int64_t excess = TRY(usedBytes(db)) - targetBytes;
        if (excess <= 0) return {};
        std::size_t most = 0;
        for (std::size_t i = 1; i < kKinds.size(); ++i) {
            if (bytes[i] * kKinds[most].sharePercent > bytes[most] * kKinds[i].sharePercent) most = i;
        }
        auto remove = TRY(prepareDelete(db, kKinds[most], "1"));
        const Deleted deleted = TRY(runDelete(remove.bind(std::max(excess, kStepBytes)), pruned));
        if (deleted.rows == 0) return {};  // nothing is left that may be deleted
        bytes[most] = std::max<std::int64_t>(bytes[most] - deleted.bytes, 0);
    }
    pruned.isUnfinished = true;
    return {};
}

/// One transaction. Adds to `total` only what is committed.
template <typename Work>
Result<void> prune(Database& db, Pruned& total, Work work) {
    Pruned pruned;
    TRY(db.transaction([&] { return work(pruned); }));
    total.rows += pruned.rows;
    total.undelivered.insert(total.undelivered.end(), pruned.undelivered.begin(), pruned.undelivered.end());
    total.isUnfinished = total.isUnfinished || pruned.isUnfinished;
    return {};
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
    constexpr std::int64_t kBatchBytes = 640 << 10;
    return std::max(maxSizeBytes - kWalBytes - kBatchBytes, maxSizeBytes / 2);
}

Result<void> pruneByAge(Database& db, const AgeLimit& limit, Pruned& total) {
    const auto beforeMs = std::chrono::floor<milliseconds>(limit.before.time_since_epoch()).count();
    return prune(db, total, [&](Pruned& pruned) -> Result<void> {
        for (const Kind& kind : kKinds) {
            auto remove = TRY(prepareDelete(db, kind, "clock_ok = 1 AND wall_ms < ? AND (boot <> ? OR mono_ms < ?)"));
            remove.bind(std::int64_t{beforeMs}).bindBlob(encodeBoot(limit.bootId)).bind(limit.monoBeforeMs);
            remove.bind(std::numeric_limits<std::int64_t>::max());
            if (TRY(runDelete(remove, pruned)).rows == kStepRows) pruned.isUnfinished = true;
        }
        return {};
    });
}

Result<void> pruneBySize(Database& db, std::int64_t budgetBytes, Pruned& total) {
    if (TRY(usedBytes(db)) <= budgetBytes) return {};
    return prune(db, total, [&](Pruned& pruned) { return deleteToSize(db, budgetBytes - budgetBytes / 20, pruned); });
}

Result<bool> shrinkFile(Database& db) {
    const std::int64_t pages = TRY(db.integer("PRAGMA page_count"));
    const std::int64_t free = TRY(db.integer("PRAGMA freelist_count"));
    if (free < kFewPages || free < pages / 4) return false;
    TRY(db.execute("PRAGMA incremental_vacuum(512)"));
    return true;
}

}  // namespace edge
