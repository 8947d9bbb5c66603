// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "journal/records.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// For each kind of record: its table, and the columns in the order in which they are written, read and summed up.
template <typename T>
struct Table;

template <>
struct Table<CommandRecord> {
    static constexpr const char* kName = "commands";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, source, payload, command, status, code, transaction_id, crc";
};

template <>
struct Table<ReadingRecord> {
    static constexpr const char* kName = "readings";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, sensor, seq, value, delivered, measure, crc";
};

template <>
struct Table<CaptureRecord> {
    static constexpr const char* kName = "captures";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, image_id, trigger_source, transaction_id, width, height, bytes, sha256, "
        "status, crc";
};

template <>
struct Table<EventRecord> {
    static constexpr const char* kName = "events";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, kind, text, crc";
};

template <>
struct Table<TransactionRecord> {
    static constexpr const char* kName = "transactions";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, key, payload_hash, reply, crc";
};

/// SQLite does not notice a flipped bit inside a row, and PRAGMA quick_check does not either. So every row ends with a
/// CRC-32 over all its other columns, in their order, each with its type and length, started with the table's name.
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

/// A boot id as the file has it: sixteen bytes for 32 lower-case hex digits, as the kernel's are; unchanged otherwise.
[[nodiscard]] std::string encodeBoot(std::string_view bootId);

/// Marks a text as a boot id, or as any bytes: they are stored as blobs.
template <typename Text>
struct Boot {
    Text& text;
};
template <typename Text>
struct Blob {
    Text& text;
};
/// Marks what a reading measures, which schema 1 did not have: "" is a temperature, as every reading was then, and is
/// not in the checksum.
template <typename Record>
struct Measure {
    Record& reading;
};
template <typename Record>
Measure(Record&) -> Measure<Record>;
template <typename Text>
Boot(Text&) -> Boot<Text>;
template <typename Text>
Blob(Text&) -> Blob<Text>;

/// Binds the values of a row in the order of its columns, then their checksum.
class RowWriter {
  public:
    RowWriter(Statement& statement, std::string_view table) : statement_(statement), checksum_(table) {}
    template <typename... Fields>
    void operator()(const Fields&... fields) {
        (add(fields), ...);
    }
    Result<void> insert();

  private:
    template <std::integral Integer>
    void add(Integer value) {
        addInteger(static_cast<std::int64_t>(value));
    }
    void add(double value);  ///< finite: SQLite stores NaN as NULL
    void add(WallTime value);
    void add(const std::string& value);
    template <typename Text>
    void add(Boot<Text> boot) {
        addBlob(encodeBoot(boot.text));
    }
    template <typename Text>
    void add(Blob<Text> blob) {
        addBlob(blob.text);
    }
    template <typename Record>
    void add(Measure<Record> measure) {
        addMeasure(measure.reading);
    }
    void addInteger(std::int64_t value);
    void addMeasure(const ReadingRecord& reading);
    void addBlob(std::string_view value);

    Statement& statement_;
    RowChecksum checksum_;
};

/// Takes the values of a row in the order of its columns; then isIntact().
class RowReader {
  public:
    RowReader(const Statement& statement, std::string_view table) : statement_(statement), checksum_(table) {}
    template <typename... Fields>
    void operator()(Fields&&... fields) {
        (take(fields), ...);
    }
    /// Whether the next column is the checksum of all that was taken.
    [[nodiscard]] bool isIntact() { return statement_.integer(column_++) == checksum_.value(); }

  private:
    /// A damaged row can hold any number: what does not fit is cut, and the checksum is wrong.
    template <std::integral Integer>
    void take(Integer& value) {
        value = static_cast<Integer>(takeInteger());
    }
    void take(double& value);
    void take(WallTime& value);
    void take(std::string& value);
    void take(Boot<std::string> boot);
    void take(Blob<std::string> blob) { take(blob.text); }
    void take(Measure<ReadingRecord> measure);
    std::int64_t takeInteger();

    const Statement& statement_;
    RowChecksum checksum_;
    int column_ = 0;
};

/// One list of fields for both directions: what is written is what is read, in the order of Table<T>::kColumns.
template <typename Codec, typename Row>
void codeRow(Codec& code, Row& row) {
    using Record = decltype(row.record);
    auto& [stamp, record] = row;
    std::string unused;  // a column that older releases filled; the row's checksum covers it
    code(stamp.id, Boot{stamp.bootId}, stamp.monoMs, stamp.time, stamp.clockSynchronised);
    if constexpr (std::is_same_v<Record, CommandRecord>) {
        code(record.source, Blob{record.payload}, record.command, record.status, record.code, record.transaction);
    } else if constexpr (std::is_same_v<Record, ReadingRecord>) {
        code(record.sensor, record.seq, record.value, record.delivered, Measure{record});
    } else if constexpr (std::is_same_v<Record, CaptureRecord>) {
        code(record.imageId, record.trigger, record.transaction, record.width, record.height, record.bytes, unused,
             record.status);
    } else if constexpr (std::is_same_v<Record, EventRecord>) {
        code(record.kind, record.text);
    } else {
        static_assert(std::is_same_v<Record, TransactionRecord>);
        code(record.key, unused, record.reply);
    }
}

/// Inserts or replaces: a batch whose commit ended in an unknown state can be written again.
template <typename T>
Result<void> writeRow(Database& db, const Stored<T>& row) {
    const std::string columns = Table<T>::kColumns;
    std::string parameters = "?";
    for (auto rest = std::count(columns.begin(), columns.end(), ','); rest > 0; --rest) parameters += ",?";
    auto insert = TRY(db.prepare("INSERT OR REPLACE INTO " + std::string(Table<T>::kName) + " (" + columns +
                                 ") VALUES (" + parameters + ")"));
    RowWriter writer(insert, Table<T>::kName);
    codeRow(writer, row);
    return writer.insert();
}

/// "SELECT … FROM …" for readRow(); a WHERE can follow.
template <typename T>
std::string selectSql() {
    return std::string("SELECT ") + Table<T>::kColumns + " FROM " + Table<T>::kName;
}

/// Takes the row on which `select` stands. False: its checksum is wrong, and `row` must not be used.
template <typename T>
[[nodiscard]] bool readRow(const Statement& select, Stored<T>& row) {
    RowReader reader(select, Table<T>::kName);
    codeRow(reader, row);
    row.record.time = row.stamp.time;
    if constexpr (std::is_same_v<T, ReadingRecord>) {
        row.record.bootId = row.stamp.bootId;
        row.record.clockSynchronised = row.stamp.clockSynchronised;
    }
    return reader.isIntact();
}

}  // namespace edge
