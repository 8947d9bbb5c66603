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

/// For each kind of record: its table, and the columns in the order of eachField(). A last one, `crc`, is the checksum
/// of all of them: neither SQLite nor its quick_check notices a flipped bit inside a row.
template <typename T>
struct Table;

template <>
struct Table<CommandRecord> {
    static constexpr const char* kName = "commands";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, source, payload, command, status, code, transaction_id";
};

template <>
struct Table<ReadingRecord> {
    static constexpr const char* kName = "readings";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, sensor, seq, value, delivered, measure";
};

template <>
struct Table<CaptureRecord> {
    static constexpr const char* kName = "captures";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, image_id, trigger_source, transaction_id, width, height, bytes, sha256, "
        "status";
};

template <>
struct Table<EventRecord> {
    static constexpr const char* kName = "events";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, kind, text";
};

template <>
struct Table<TransactionRecord> {
    static constexpr const char* kName = "transactions";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, key, payload_hash, reply";
};

/// SQL: the checksum of these columns or parameters, which are in the order of the columns. The last one of a reading,
/// which schema 1 did not have, is part of it where it is not empty.
template <typename T>
std::string checksumSql(const std::string& values) {
    const std::string start = std::string("checksum('") + Table<T>::kName + "', ";
    if (!std::is_same_v<T, ReadingRecord>) return start + values + ")";
    const std::size_t last = values.rfind(", ") + 2;
    return start + values.substr(0, last) + "nullif(" + values.substr(last) + ", ''))";
}

/// SQL: whether the row of this table is as it was written.
template <typename T>
std::string intactSql() {
    return "crc = " + checksumSql<T>(Table<T>::kColumns);
}

/// Marks a text that is stored as a blob: any bytes, or a boot id, whose 32 hex digits are stored as 16 bytes.
template <typename Text>
struct Blob {
    Text& text;
};
template <typename Text>
struct Boot {
    Text& text;
};
/// Marks what a reading measures: "" is a temperature, as every reading was in schema 1.
template <typename Record>
struct Measure {
    Record& reading;
};
template <typename Text>
Blob(Text&) -> Blob<Text>;
template <typename Text>
Boot(Text&) -> Boot<Text>;
template <typename Record>
Measure(Record&) -> Measure<Record>;

[[nodiscard]] std::string encodeBoot(std::string_view bootId);

void bindField(Statement& statement, double value);  ///< finite: SQLite stores NaN as NULL
void bindField(Statement& statement, WallTime value);
void bindField(Statement& statement, const std::string& value);
void bindField(Statement& statement, Blob<const std::string> value);
void bindField(Statement& statement, Boot<const std::string> value);
void bindField(Statement& statement, Measure<const ReadingRecord> value);
template <std::integral Integer>
void bindField(Statement& statement, Integer value) {
    statement.bind(static_cast<std::int64_t>(value));
}

void readField(const Statement& statement, int column, double& value);
void readField(const Statement& statement, int column, WallTime& value);
void readField(const Statement& statement, int column, std::string& value);
void readField(const Statement& statement, int column, Blob<std::string> value);
void readField(const Statement& statement, int column, Boot<std::string> value);
void readField(const Statement& statement, int column, Measure<ReadingRecord> value);
/// A damaged row can hold any number: what does not fit is cut.
template <std::integral Integer>
void readField(const Statement& statement, int column, Integer& value) {
    value = static_cast<Integer>(statement.integer(column));
}

/// One list of fields for both directions, in the order of Table<T>::kColumns.
template <typename Row, typename Visit>
void eachField(Row& row, Visit visit) {
    using Record = std::remove_cv_t<decltype(row.record)>;
    const auto all = [&visit](auto&&... fields) { (visit(fields), ...); };
    auto& [stamp, record] = row;
    std::string unused;  // a column that older releases filled
    all(stamp.id, Boot{stamp.bootId}, stamp.monoMs, stamp.time, stamp.clockSynchronised);
    if constexpr (std::is_same_v<Record, CommandRecord>) {
        all(record.source, Blob{record.payload}, record.command, record.status, record.code, record.transaction);
    } else if constexpr (std::is_same_v<Record, ReadingRecord>) {
        all(record.sensor, record.seq, record.value, record.delivered, Measure{record});
    } else if constexpr (std::is_same_v<Record, CaptureRecord>) {
        all(record.imageId, record.trigger, record.transaction, record.width, record.height, record.bytes, unused,
            record.status);
    } else if constexpr (std::is_same_v<Record, EventRecord>) {
        all(record.kind, record.text);
    } else {
        static_assert(std::is_same_v<Record, TransactionRecord>);
        all(record.key, unused, record.reply);
    }
}

/// Inserts or replaces: a batch whose commit ended in an unknown state can be written again.
template <typename T>
std::string insertSql() {
    const std::string columns = Table<T>::kColumns;
    std::string values = "?1";
    for (auto i = 2; i <= std::count(columns.begin(), columns.end(), ',') + 1; ++i) values += ", ?" + std::to_string(i);
    return "INSERT OR REPLACE INTO " + std::string(Table<T>::kName) + " (" + columns + ", crc) VALUES (" + values +
           ", " + checksumSql<T>(values) + ")";
}

template <typename T>
Result<void> writeRow(Database& db, const Stored<T>& row) {
    static const std::string sql = insertSql<T>();
    auto insert = TRY(db.prepare(sql));
    eachField(row, [&](const auto& field) { bindField(insert, field); });
    return insert.run();
}

/// "SELECT … FROM …" for readRow(); a WHERE can follow.
template <typename T>
std::string selectSql() {
    return std::string("SELECT ") + Table<T>::kColumns + ", " + intactSql<T>() + " FROM " + Table<T>::kName;
}

/// Takes the row on which `select` stands. False: its checksum is wrong, and `row` must not be used.
template <typename T>
[[nodiscard]] bool readRow(const Statement& select, Stored<T>& row) {
    int column = 0;
    eachField(row, [&](auto& field) { readField(select, column++, field); });
    row.record.time = row.stamp.time;
    if constexpr (std::is_same_v<T, ReadingRecord>) {
        row.record.bootId = row.stamp.bootId;
        row.record.clockSynchronised = row.stamp.clockSynchronised;
    }
    return select.integer(column) == 1;
}

}  // namespace edge
