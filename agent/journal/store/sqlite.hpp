// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace edge {

/// All of SQLite that the journal uses. An Error has SQLite's message with the file's path; its code says what can be
/// done: kFault = the file is damaged or no database, kTooLarge = the disk is full, kPermission = this user cannot
/// write it, kBusy = another program holds it, kTimeout = the deadline passed, kIo = the storage failed, so that the
/// connection's caches must not be trusted any more.

/// One prepared statement. Values are bound in order, from the first; columns are counted from 0. There is one of each
/// text at a time. Thread: that of its Database, which it must not outlive.
class Statement {
  public:
    Statement& bind(std::int64_t value);
    Statement& bind(double value);
    Statement& bindText(std::string_view value);
    Statement& bindBlob(std::string_view value);

    /// True: there is a row. False: done. A bind that failed is reported here.
    Result<bool> step();
    /// Runs it to its end.
    Result<void> run();

    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    /// Text or blob as it is stored; "" for NULL.
    [[nodiscard]] std::string bytes(int column) const;

  private:
    friend class Database;
    struct Reset {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    Statement& bound(int code);

    std::unique_ptr<sqlite3_stmt, Reset> statement_;  ///< the Database's own
    int nextParameter_ = 1;
    int bindError_ = 0;
};

enum class Access {
    kWriter,     ///< the agent's one connection; moves the WAL into the file when it closes
    kSalvage,    ///< reads a quarantined file and leaves it unchanged
    kReader,     ///< next to a writer or without one; writes nothing, not even the WAL's index
    kImmutable,  ///< as kReader, for a file without a WAL
};

/// One connection. Its SQL has a function checksum(table, column, …): a CRC-32 over the table's name and the values,
/// each with its type and length, NULL left out. Move-only; closed with its owner. Thread: one at a time.
class Database {
  public:
    static Result<Database> open(const std::string& path, Access access);

    Result<void> execute(const std::string& sql);
    Result<Statement> prepare(const std::string& sql);
    /// The first column of the first row; 0 where there is no row.
    Result<std::int64_t> integer(const std::string& sql);

    /// All of `work` or nothing of it: committed to the disk when this returns without an error.
    Result<void> transaction(const std::function<Result<void>()>& work);

    /// PRAGMA quick_check; no error when it takes longer than `limit`.
    Result<void> check(milliseconds limit);
    /// Makes everything that runs from now on fail with kTimeout once `limit` has passed; nullopt: no limit.
    void setDeadline(std::optional<milliseconds> limit);

    /// The WAL and its index stay when the last connection closes: a reader that must not write could not open the file
    /// without them.
    Result<void> keepWal();
    [[nodiscard]] bool isReadOnly() const;
    /// The file was moved or deleted while it was open: what is written now is lost with it.
    [[nodiscard]] bool hasMoved() const;

  private:
    struct Close {
        void operator()(sqlite3* db) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Database(sqlite3* db) : db_(db) {}

    std::unique_ptr<sqlite3, Close> db_;
    /// Every statement that was prepared, by its text, for the next use: preparing one costs as much as running ten.
    std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
    std::unique_ptr<SteadyTime> deadline_;  ///< at a fixed address: SQLite's progress handler looks at it
};

}  // namespace edge
