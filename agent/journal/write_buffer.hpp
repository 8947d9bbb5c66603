// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "journal/records.hpp"
#include "journal/store/store.hpp"

namespace edge {

/// What was recorded and is not in the file yet, readings excepted (see Backlog). Rows stay here until their commit has
/// succeeded. Bounded: commands, captures and events together to kMaxRows and kMaxBytes, the oldest is dropped first;
/// the persistent state is small. Thread: the loop's.
class WriteBuffer {
  public:
    static constexpr std::size_t kMaxRows = 1000;
    static constexpr std::size_t kMaxBytes = 4 << 20;

    using Row = std::variant<Stored<CommandRecord>, Stored<CaptureRecord>, Stored<EventRecord>>;

    void add(Row row);
    void add(const Stored<TransactionRecord>& transaction) { state_.put(transaction); }
    void setState(const std::string& key, std::string value) { state_.values[key] = std::move(value); }

    /// Copies the oldest rows, about `maxBytes` of them, and all of the state into `batch`. Returns the highest id
    /// among the rows that were copied where some were left, and nullopt where none was.
    [[nodiscard]] std::optional<std::int64_t> copyTo(WriteBatch& batch, std::size_t maxBytes) const;
    /// This batch, which copyTo() filled, is in the file.
    void removeWritten(const WriteBatch& batch);

    /// Stamp::monoMs of the row that has waited longest.
    [[nodiscard]] std::optional<std::int64_t> oldestMs() const;
    [[nodiscard]] bool isEmpty() const { return rows_.empty() && state_.values.empty() && state_.transactions.empty(); }
    /// Rows that did not fit.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  private:
    void removeOldest();

    std::deque<Row> rows_;   ///< oldest first
    PersistentState state_;  ///< what changed of it
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace edge
