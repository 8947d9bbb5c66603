// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "journal/records.hpp"
#include "journal/store/store.hpp"

namespace edge {

/// What was recorded and is not in the file yet, readings excepted (see Backlog). Rows stay here until their commit has
/// succeeded. Bounded: commands, captures and events together to kMaxRows and kMaxBytes, the oldest is dropped first;
/// the persistent state is small. Thread: the loop's.
class WriteBuffer {
  public:
    static constexpr std::size_t kMaxRows = 1000;
    static constexpr std::size_t kMaxBytes = 1 << 20;  ///< one commit has as much: the WAL grows by it

    void add(JournalRow row);
    void add(const Stored<TransactionRecord>& transaction) { state_.put(transaction); }
    void setState(const std::string& key, std::string value) { state_.values[key] = std::move(value); }

    void copyTo(WriteBatch& batch) const;
    /// This batch, which copyTo() filled, is in the file.
    void removeWritten(const WriteBatch& batch);
    void addToIds(std::int64_t offset);

    [[nodiscard]] bool isEmpty() const { return rows_.empty() && state_.values.empty() && state_.transactions.empty(); }
    /// Rows that did not fit.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    void removeOldest();

    std::deque<JournalRow> rows_;  ///< oldest first
    PersistentState state_;        ///< what changed of it
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace edge
