// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/loop/executor.hpp"
#include "journal/records.hpp"
#include "journal/store/contents.hpp"
#include "journal/store/store.hpp"

namespace edge {

/// Everything but readings that waits to be written. Bounded: commands, captures and events together to kMaxRows and
/// kMaxBytes, the oldest goes first; state and transactions are few by nature (one per key; the last 256).
/// Thread: the loop's.
class PendingRows {
  public:
    static constexpr std::size_t kMaxRows = 1000;
    static constexpr std::size_t kMaxBytes = 4 << 20;

    using Row = std::variant<Stored<CommandRecord>, Stored<CaptureRecord>, Stored<EventRecord>>;

    /// `done` is for take(); it may be empty.
    void add(Row row, Task done);
    void add(const Stored<TransactionRecord>& transaction, Task done);
    void setState(const std::string& key, std::string value, Task done);

    /// Moves the oldest rows, about `maxBytes` of them, and all state and transactions into `batch`; their tasks follow
    /// those in `tasks`.
    void take(std::size_t maxBytes, WriteBatch& batch, std::vector<Task>& tasks);
    /// What take() gave could not be written and waits again, before what came since; where both set the same thing,
    /// the later one stands. Its tasks are the caller's.
    void putBack(WriteBatch& batch);
    /// The tasks of all that waits, which goes on waiting.
    [[nodiscard]] std::vector<Task> takeTasks();
    /// Adds `offset` to every id that is negative.
    void shiftIds(std::int64_t offset);

    /// Stamp::monoMs of the row that has waited longest.
    [[nodiscard]] std::optional<std::int64_t> oldest() const;
    [[nodiscard]] bool isEmpty() const { return rows_.empty() && essence_.isEmpty(); }
    /// Rows that memory had no room for.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    struct Waiting {
        Row row;
        Task done;
        std::size_t bytes;
    };
    void dropBeyondLimits();

    std::deque<Waiting> rows_;  ///< oldest first
    JournalEssence essence_;
    std::vector<Task> tasks_;  ///< of the essence, and of rows that were dropped
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace edge
