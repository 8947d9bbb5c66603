// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "journal/records.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// Which rows to read.
struct JournalFilter {
    std::string kind;                 ///< "command", "reading", "capture", "event"; "" = all
    std::optional<WallTime> since{};  ///< not before this …
    std::optional<WallTime> until{};  ///< … and before this
    std::string sensor{};             ///< of readings, which `kind` says then; "" = all
};

/// Reads a journal from another process, in the order of recording. Works next to a running agent and without one, for
/// every user who may read the file, and writes nothing at all. Holds no lock between two calls, so that the agent can
/// checkpoint its WAL. Thread: one.
class JournalReader {
  public:
    /// Errors: Errc::kNotFound = no file, kFault = not a journal or of a newer version, kPermission.
    static Result<JournalReader> open(const std::string& path, JournalFilter filter);

    /// What Journal::saveState() keeps under `key`; "" where there is nothing, or it is damaged. Errors as of open().
    static Result<std::string> state(const std::string& path, std::string_view key);

    /// Starts with the last `count` rows, at least one.
    Result<void> skipToLast(std::uint64_t count);

    /// The next rows, at most `limit`; fewer only where there are no more now.
    Result<std::vector<JournalRow>> next(std::size_t limit);

    /// Whether anything was written since the last call; also opens a file that has replaced the old one (from its
    /// start), or a new WAL.
    Result<bool> hasChanged();

    /// Rows left out because their checksum is wrong.
    [[nodiscard]] std::uint64_t damaged() const { return damaged_; }

    static constexpr std::array<const char*, 4> kKinds{"command", "reading", "capture", "event"};

  private:
    JournalReader(std::string path, JournalFilter filter, Database db);
    static Result<Database> connect(const std::string& path, bool& isImmutable);
    Result<Statement> selectIds(const std::string& order);
    Result<void> readBatch(std::size_t limit, std::vector<JournalRow>& rows, std::size_t& seen);
    [[nodiscard]] bool isReplaced() const;

    std::string path_;
    JournalFilter filter_;
    Database db_;
    bool isImmutable_ = false;
    std::uint64_t fileNumber_ = 0;
    std::int64_t dataVersion_ = 0;
    std::int64_t position_ = 0;  ///< the last row seen; rows are committed in the order of their ids
    std::uint64_t damaged_ = 0;
    bool isOutOfOrder_ = false;
};

}  // namespace edge
