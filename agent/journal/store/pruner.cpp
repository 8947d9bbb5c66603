// SPDX-License-Identifier: MIT
#include "journal/store/pruner.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/core.h>

#include "journal/store/row_archive.hpp"
#include "journal/store/tables.hpp"

namespace edge {
namespace {

constexpr int kStepRows = 256;
constexpr std::int64_t kStepBytes = 16 << 10;  // at least: fewer rows may not free a page
constexpr std::int64_t kAllBytes = std::numeric_limits<std::int64_t>::max();
constexpr int kMaxSteps = 64;
constexpr std::int64_t kPageBytes = 1024;
constexpr std::int64_t kFewPages = 256;

struct Kind {
    const char* table;
    const char* rowBytes;
    const char* undelivered;  ///< SQL: 1 for a row that still waits to be delivered
    int sharePercent;
};
/// Shares of what is there to share. Readings are what people miss; a flood of commands must not push them out.
constexpr std::array<Kind, 4> kKinds{{
    {Table<CommandRecord>::kName, Table<CommandRecord>::kRowBytes, "0", 25},
    {Table<ReadingRecord>::kName, Table<ReadingRecord>::kRowBytes, "delivered = 0", 50},
    {Table<CaptureRecord>::kName, Table<CaptureRecord>::kRowBytes, "0", 15},
    {Table<EventRecord>::kName, Table<EventRecord>::kRowBytes, "0", 10},
}};

/// Deletes the rows that `select` (id, undelivered, bytes) gives, until they make `wantedBytes`. Returns their bytes.
Result<std::int64_t> removeRows(Database& db, const char* table, Statement& select, std::int64_t wantedBytes,
                                Pruned& pruned, int& count) {
    std::vector<std::int64_t> ids;
    std::int64_t bytes = 0;
    auto row = select.step();
    for (; row && *row && bytes < wantedBytes; row = select.step()) {
        ids.push_back(select.integer(0));
        if (select.integer(1) != 0) pruned.undelivered.push_back(ids.back());
        bytes += select.integer(2);
    }
    if (!row) return tl::unexpected<Error>(row.error());
    select.reset();
    auto remove = db.prepare(fmt::format("DELETE FROM {} WHERE id = ?", table));
    if (!remove) return tl::unexpected<Error>(remove.error());
    for (const std::int64_t id : ids) {
        if (auto done = remove->bind(id).run(); !done) return tl::unexpected<Error>(done.error());
    }
    count = static_cast<int>(ids.size());
    pruned.rows += ids.size();
    return bytes;
}

Result<std::int64_t> usedBytes(Database& db) {
    auto pages = db.integer("PRAGMA page_count");
    if (!pages) return pages;
    auto free = db.integer("PRAGMA freelist_count");
    if (!free) return free;
    return (*pages - *free) * kPageBytes;
}

Result<void> pruneKindsToSize(Database& db, std::int64_t targetBytes, Pruned& pruned) {
    std::array<std::int64_t, kKinds.size()> bytes{};
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        const auto sum = db.integer(fmt::format("SELECT total({}) FROM {}", kKinds[i].rowBytes, kKinds[i].table));
        if (!sum) return tl::unexpected<Error>(sum.error());
        bytes[i] = *sum;
    }
    for (int step = 0; step < kMaxSteps; ++step) {
        const auto used = usedBytes(db);
        if (!used) return tl::unexpected<Error>(used.error());
        if (*used <= targetBytes) return {};
        std::size_t most = 0;
        for (std::size_t i = 1; i < kKinds.size(); ++i) {
            if (bytes[i] * kKinds[most].sharePercent > bytes[most] * kKinds[i].sharePercent) most = i;
        }
        const Kind& kind = kKinds[most];
        auto select = db.prepare(fmt::format("SELECT id, {}, {} FROM {} ORDER BY id LIMIT {}", kind.undelivered,
                                             kind.rowBytes, kind.table, kStepRows));
        if (!select) return tl::unexpected<Error>(select.error());
        int count = 0;
        const auto removed =
            removeRows(db, kind.table, *select, std::max(*used - targetBytes, kStepBytes), pruned, count);
        if (!removed) return tl::unexpected<Error>(removed.error());
        if (count == 0) return {};  // nothing is left that may be removed
        bytes[most] = std::max<std::int64_t>(bytes[most] - *removed, 0);
    }
    pruned.isUnfinished = true;
    return {};
}

}  // namespace

std::int64_t tableBudget(std::int64_t maxSizeBytes) {
    constexpr std::int64_t kWalBytes = 1 << 20;
    constexpr std::int64_t kBatchBytes = 640 << 10;
    return std::max(maxSizeBytes - kWalBytes - kBatchBytes, maxSizeBytes / 2);
}

Result<Pruned> pruneByAge(Database& db, const AgeLimit& limit) {
    const auto beforeMs = std::chrono::floor<milliseconds>(limit.before.time_since_epoch()).count();
    Pruned pruned;
    const auto done = db.transaction([&]() -> Result<void> {
        for (const Kind& kind : kKinds) {
            auto select =
                db.prepare(fmt::format("SELECT id, {}, {} FROM {} WHERE clock_ok = 1 AND wall_ms < ? AND (boot <> ? OR "
                                       "mono_ms < ?) ORDER BY id LIMIT {}",
                                       kind.undelivered, kind.rowBytes, kind.table, kStepRows));
            if (!select) return tl::unexpected<Error>(select.error());
            select->bind(std::int64_t{beforeMs}).bindBlob(encodeBoot(limit.bootId)).bind(limit.monoBeforeMs);
            int count = 0;
            const auto removed = removeRows(db, kind.table, *select, kAllBytes, pruned, count);
            if (!removed) return tl::unexpected<Error>(removed.error());
            if (count == kStepRows) pruned.isUnfinished = true;
        }
        return {};
    });
    if (!done) return tl::unexpected<Error>(done.error());
    return pruned;
}

Result<Pruned> pruneBySize(Database& db, std::int64_t budgetBytes) {
    Pruned pruned;
    const auto used = usedBytes(db);
    if (!used) return tl::unexpected<Error>(used.error());
    if (*used <= budgetBytes) return pruned;
    const auto done = db.transaction([&] { return pruneKindsToSize(db, budgetBytes - budgetBytes / 20, pruned); });
    if (!done) return tl::unexpected<Error>(done.error());
    return pruned;
}

Result<bool> shrinkFile(Database& db) {
    auto pages = db.integer("PRAGMA page_count");
    if (!pages) return tl::unexpected<Error>(pages.error());
    auto free = db.integer("PRAGMA freelist_count");
    if (!free) return tl::unexpected<Error>(free.error());
    if (*free < kFewPages || *free < *pages / 4) return false;
    if (auto done = db.execute("PRAGMA incremental_vacuum(512)"); !done) return tl::unexpected<Error>(done.error());
    return true;
}

}  // namespace edge
