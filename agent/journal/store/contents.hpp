// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "journal/records.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// How many transactions are kept. The file may have some more.
inline constexpr std::size_t kTransactionsKept = 256;
using Transactions = std::deque<Stored<TransactionRecord>>;

/// What a journal must never lose while any of its files can be read: small, and held in memory beside the file, so
/// that a new file can be given it.
struct JournalEssence {
    std::map<std::string, std::string> state;
    Transactions transactions;  ///< oldest first, at most kTransactionsKept
    /// Undelivered ones of a file that was set aside, until they are in the new one.
    std::vector<Stored<ReadingRecord>> rescuedReadings;

    [[nodiscard]] bool isEmpty() const { return state.empty() && transactions.empty() && rescuedReadings.empty(); }
    void put(const Stored<TransactionRecord>& transaction);
};

/// What loading found besides.
struct LoadReport {
    std::int64_t nextId = 1;        ///< no row has this id or a greater one, nor ever had
    std::uint64_t corruptRows = 0;  ///< of state and transactions, left out of the essence
};

/// Reads state and transactions into `essence`, whose own entries stand where both have one. Stops at the first error;
/// what was read by then is in there.
Result<LoadReport> loadEssence(Database& db, JournalEssence& essence);

/// Makes the file hold exactly this state and these transactions, and the rescued readings besides, in one commit.
Result<void> writeEssence(Database& db, const JournalEssence& essence);

/// A vector or deque of Stored<…Record>.
template <typename Rows>
Result<void> writeRows(Database& db, const Rows& rows);
Result<void> writeState(Database& db, const std::string& key, const std::string& value);
/// Where the ids of the next start begin: everything below may have been used.
Result<void> writeNextId(Database& db, std::int64_t nextId);

/// What a look for undelivered readings found.
struct ReadOutcome {
    struct Damaged {
        std::int64_t id;
        bool countsAsUndelivered;  ///< by what its column says, right or wrong
    };
    std::vector<Stored<ReadingRecord>> readings;  ///< intact ones, oldest first
    std::vector<Damaged> damaged;                 ///< rows whose checksum is wrong
    std::int64_t lastId = 0;                      ///< how far the look went
};

/// Looks at the readings after `afterId` until it has `limit` undelivered ones. At all of them: a flipped bit can make
/// one look delivered. An error leaves in `outcome` what was found by then.
Result<void> readUndelivered(Database& db, std::int64_t afterId, std::size_t limit, ReadOutcome& outcome);
Result<std::uint64_t> countUndelivered(Database& db);

}  // namespace edge
