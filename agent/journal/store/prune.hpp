// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// What pruning deleted.
struct Pruned {
    std::uint64_t rows = 0;
    std::vector<std::int64_t> undelivered;  ///< ids of readings that were not delivered
    bool isUnfinished = false;              ///< the step was full: there may be more to do
};

/// What is too old: by its time, and, for rows of this boot, also by the monotonic clock. Rows that were recorded while
/// the clock was wrong only look old.
struct AgeLimit {
    WallTime before{};
    std::string bootId;
    std::int64_t monoBeforeMs = 0;
};

/// When rows are old enough to be deleted. A clock that jumps must not empty the journal: only synchronised time
/// counts, and only as much of it as has really passed since it was first seen synchronised. Thread: the loop's.
class Expiry {
  public:
    static constexpr std::chrono::minutes kPause{10};

    explicit Expiry(const Clock& clock) : clock_(clock) {}

    /// Every kPause: rows from before this time may go. Else nullopt.
    [[nodiscard]] std::optional<WallTime> takeCutoff(milliseconds maxAge);
    /// There was more to delete than one step does.
    void hurry() { next_ = clock_.now(); }

  private:
    const Clock& clock_;
    std::optional<std::pair<SteadyTime, WallTime>> anchor_;
    SteadyTime next_{};
};

/// What the tables may take of `max_size`: the rest is for the WAL, and for one batch until the next pruning.
[[nodiscard]] std::int64_t tableBudget(std::int64_t maxSizeBytes);

/// Deletes the oldest rows that are too old, one step of each kind. Rows that were written while the clock was not
/// synchronised stay: their time says nothing. In a transaction of the caller's.
Result<void> pruneByAge(Database& db, const AgeLimit& limit, Pruned& pruned);

/// Where the tables take more than `budgetBytes`: deletes the oldest rows of the kind that is furthest over its share,
/// until they take 5 % less. So each kind has its share for certain, and what the others leave. In a transaction of the
/// caller's.
Result<void> pruneBySize(Database& db, std::int64_t budgetBytes, Pruned& pruned);

/// Gives free pages back to the file system, a few at a time, once they are many.
Result<void> shrinkFile(Database& db);

}  // namespace edge
