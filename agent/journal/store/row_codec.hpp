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
struct Table {
    const char* name;
    const char* columns;
};
template <typename T>
inline constexpr Table kTable{};
template <>
inline constexpr Table kTable<CommandRecord>{
    "commands", "id, boot, mono_ms, wall_ms, clock_ok, source, payload, command, status, code, transaction_id"};
template <>
inline constexpr Table kTable<ReadingRecord>{
    "readings", "id, boot, mono_ms, wall_ms, clock_ok, sensor, seq, value, delivered, measure"};
template <>
inline constexpr Table kTable<CaptureRecord>{
    "captures",
    "id, boot, mono_ms, wall_ms, clock_ok, image_id, trigger_source, transaction_id, width, height, bytes, sha256, "
    "status"};
template <>
inline constexpr Table kTable<EventRecord>{"events", "id, boot, mono_ms, wall_ms, clock_ok, kind, text"};
template <>
inline constexpr Table kTable<TransactionRecord>{"transactions",
                                                 "id, boot, mono_ms, wall_ms, clock_ok, key, payload_hash, reply"};

/// SQL: the checksum of these columns or parameters, which are in the order of the columns. The last one of a reading,
/// which schema 1 did not have, is part of it where it is not empty.
template <typename T>
std::string checksumSql(const std::string& values) {
    const std::string start = std::string("checksum('") + kTable<T>.name + "', ";
    if (!std::is_same_v<T, ReadingRecord>) return start + values + ")";
    const std::size_t last = values.rfind(", ") + 2;
    return start + values.substr(0, last) + "nullif(" + values.substr(last) + ", ''))";
}

/// SQL: whether the row of this table is as it was written.
template <typename T>
std::string intactSql() {
    return "crc = " + checksumSql<T>(kTable<T>.columns);
}

[[nodiscard]] std::string encodeBoot(std::string_view bootId);
[[nodiscard]] std::string decodeBoot(std::string bytes);
[[nodiscard]] std::string encodeMeasure(const ReadingRecord& reading);
void decodeMeasure(std::string_view text, ReadingRecord& reading);
[[nodiscard]] WallTime timeOf(std::int64_t ms);

/// Marks a text that is stored as a blob: any bytes.
template <typename Text>
struct Blob {
    Text& text;

    void bindTo(Statement& statement) const { statement.bindBlob(text); }
    void readFrom(const Statement& statement, int column) const { text = statement.bytes(column); }
};
/// Marks a boot id: its 32 hex digits are stored as 16 bytes.
template <typename Text>
struct Boot {
    Text& text;

    void bindTo(Statement& statement) const { statement.bindBlob(encodeBoot(text)); }
    void readFrom(const Statement& statement, int column) const { text = decodeBoot(statement.bytes(column)); }
};
/// Marks what a reading measures: "" is a temperature, as every reading was in schema 1.
template <typename Record>
struct Measure {
    Record& reading;

    void bindTo(Statement& statement) const { statement.bindText(encodeMeasure(reading)); }
    void readFrom(const Statement& statement, int column) const { decodeMeasure(statement.bytes(column), reading); }
};
template <typename Text>
Blob(Text&) -> Blob<Text>;
template <typename Text>
Boot(Text&) -> Boot<Text>;
template <typename Record>
Measure(Record&) -> Measure<Record>;

/// A number must be finite: SQLite stores NaN as NULL.
template <typename Value>
void bindField(Statement& statement, const Value& value) {
    if constexpr (std::integral<Value>) {
        statement.bind(static_cast<std::int64_t>(value));
    } else if constexpr (std::floating_point<Value>) {
        statement.bind(value + 0.0);  // SQLite stores -0.0 as 0, which has another checksum
    } else if constexpr (std::same_as<Value, WallTime>) {
        statement.bind(std::int64_t{std::chrono::floor<milliseconds>(value.time_since_epoch()).count()});
    } else if constexpr (std::same_as<Value, std::string>) {
        statement.bindText(value);
    } else {
        value.bindTo(statement);
    }
}

/// A damaged row can hold any number: what does not fit is cut.
template <typename Value>
void readField(const Statement& statement, int column, Value& value) {
    if constexpr (std::integral<Value>) {
        value = static_cast<Value>(statement.integer(column));
    } else if constexpr (std::floating_point<Value>) {
        value = statement.real(column);
    } else if constexpr (std::same_as<Value, WallTime>) {
        value = timeOf(statement.integer(column));
    } else if constexpr (std::same_as<Value, std::string>) {
        value = statement.bytes(column);
    } else {
        value.readFrom(statement, column);
    }
}

/// One list of fields for both directions, in the order of kTable<T>.columns.
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
    const std::string columns = kTable<T>.columns;
    std::string values = "?1";
    for (auto i = 2; i <= std::ranges::count(columns, ',') + 1; ++i) values += ", ?" + std::to_string(i);
    return "INSERT OR REPLACE INTO " + std::string(kTable<T>.name) + " (" + columns + ", crc) VALUES (" + values +
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
    return std::string("SELECT ") + kTable<T>.columns + ", " + intactSql<T>() + " FROM " + kTable<T>.name;
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
