// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "journal/store/sqlite.hpp"

namespace edge {

/// SQLite does not notice a flipped bit inside a row. So every row ends with a CRC-32 over all its other columns, in
/// their order, each with its type and length, started with the table's name.
class RowChecksum {
  public:
    explicit RowChecksum(std::string_view table) { addBytes('n', table.data(), table.size()); }
    void add(std::int64_t value) { addBytes('i', &value, sizeof value); }
    void add(double value) { addBytes('r', &value, sizeof value); }
    void add(std::string_view value) { addBytes('b', value.data(), value.size()); }
    [[nodiscard]] std::int64_t value() const { return crc_; }

  private:
    void addBytes(char tag, const void* data, std::size_t size);
    std::uint32_t crc_ = 0;
};

/// A boot id as the files keep it: sixteen bytes where it is 32 lower-case hex digits, as the kernel's are; as it is
/// otherwise.
[[nodiscard]] std::string encodeBoot(std::string_view bootId);

/// Binds the values of a row in the order of its columns, then their checksum.
class RowWriter {
  public:
    RowWriter(Statement& statement, std::string_view table) : statement_(statement), checksum_(table) {}
    void integer(std::int64_t value);
    void integer(int value) { integer(std::int64_t{value}); }
    void integer(std::uint64_t value) { integer(static_cast<std::int64_t>(value)); }
    void flag(bool value) { integer(std::int64_t{value ? 1 : 0}); }
    /// Finite: SQLite keeps NaN as NULL.
    void real(double value);
    void text(std::string_view value);
    void blob(std::string_view value);
    /// In whole milliseconds.
    void time(WallTime value);
    void boot(std::string_view value);
    Result<void> insert();

  private:
    Statement& statement_;
    RowChecksum checksum_;
};

/// Takes the values of a row in the order of its columns; then isIntact().
class RowReader {
  public:
    RowReader(const Statement& statement, std::string_view table) : statement_(statement), checksum_(table) {}
    void integer(std::int64_t& value);
    void integer(int& value);
    void integer(std::uint64_t& value);
    void flag(bool& value);
    void real(double& value);
    void text(std::string& value);
    void blob(std::string& value) { text(value); }
    void time(WallTime& value);
    void boot(std::string& value);
    /// Whether the next column is the checksum of all that was taken.
    [[nodiscard]] bool isIntact();

  private:
    const Statement& statement_;
    RowChecksum checksum_;
    int column_ = 0;
};

}  // namespace edge
