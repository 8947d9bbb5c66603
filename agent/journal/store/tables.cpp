// SPDX-License-Identifier: MIT
#include "journal/store/tables.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>

#include <fmt/core.h>

#include "journal/store/row_archive.hpp"

namespace edge {
namespace {

// One list of fields for both directions: what is written is what is read, in the order of kColumns.

template <typename T, typename Record>
inline constexpr bool kIs = std::is_same_v<std::remove_const_t<T>, Record>;

template <typename Archive, typename T>
void exchange(Archive& archive, T& record) {
    if constexpr (kIs<T, Stamp>) {
        archive.integer(record.id);
        archive.boot(record.bootId);
        archive.integer(record.monoMs);
        archive.time(record.time);
        archive.flag(record.clockSynchronised);
    } else if constexpr (kIs<T, CommandRecord>) {
        archive.text(record.source);
        archive.blob(record.payload);
        archive.text(record.command);
        archive.text(record.status);
        archive.text(record.code);
        archive.text(record.transaction);
    } else if constexpr (kIs<T, ReadingRecord>) {
        archive.text(record.sensor);
        archive.integer(record.seq);
        archive.real(record.value);
        archive.flag(record.delivered);
    } else if constexpr (kIs<T, CaptureRecord>) {
        archive.text(record.imageId);
        archive.text(record.trigger);
        archive.text(record.transaction);
        archive.integer(record.width);
        archive.integer(record.height);
        archive.integer(record.bytes);
        std::string sha256;  // of the picture: older releases wrote one, and the row's checksum covers it
        archive.text(sha256);
        archive.text(record.status);
    } else if constexpr (kIs<T, EventRecord>) {
        archive.text(record.kind);
        archive.text(record.text);
    } else {
        static_assert(kIs<T, TransactionRecord>);
        archive.text(record.key);
        archive.text(record.payloadHash);
        archive.text(record.reply);
    }
}

}  // namespace

template <typename T>
std::string insertSql() {
    const std::string_view columns = Table<T>::kColumns;
    std::string parameters = "?";
    for (auto rest = std::count(columns.begin(), columns.end(), ','); rest > 0; --rest) parameters += ",?";
    return fmt::format("INSERT OR REPLACE INTO {} ({}) VALUES ({})", Table<T>::kName, columns, parameters);
}

template <typename T>
Result<void> writeRow(Statement& insert, const Stored<T>& row) {
    RowWriter writer(insert, Table<T>::kName);
    exchange(writer, row.stamp);
    exchange(writer, row.record);
    return writer.insert();
}

template <typename T>
std::string selectSql() {
    return fmt::format("SELECT {} FROM {}", Table<T>::kColumns, Table<T>::kName);
}

template <typename T>
bool readRow(const Statement& select, Stored<T>& row) {
    RowReader reader(select, Table<T>::kName);
    exchange(reader, row.stamp);
    exchange(reader, row.record);
    row.record.time = row.stamp.time;
    if constexpr (kIs<T, ReadingRecord>) {
        row.record.id = row.stamp.id;
        row.record.bootId = row.stamp.bootId;
        row.record.clockSynchronised = row.stamp.clockSynchronised;
    }
    return reader.isIntact();
}

template std::string insertSql<CommandRecord>();
template std::string insertSql<ReadingRecord>();
template std::string insertSql<CaptureRecord>();
template std::string insertSql<EventRecord>();
template std::string insertSql<TransactionRecord>();
template std::string selectSql<CommandRecord>();
template std::string selectSql<ReadingRecord>();
template std::string selectSql<CaptureRecord>();
template std::string selectSql<EventRecord>();
template std::string selectSql<TransactionRecord>();
template Result<void> writeRow(Statement&, const Stored<CommandRecord>&);
template Result<void> writeRow(Statement&, const Stored<ReadingRecord>&);
template Result<void> writeRow(Statement&, const Stored<CaptureRecord>&);
template Result<void> writeRow(Statement&, const Stored<EventRecord>&);
template Result<void> writeRow(Statement&, const Stored<TransactionRecord>&);
template bool readRow(const Statement&, Stored<CommandRecord>&);
template bool readRow(const Statement&, Stored<ReadingRecord>&);
template bool readRow(const Statement&, Stored<CaptureRecord>&);
template bool readRow(const Statement&, Stored<EventRecord>&);
template bool readRow(const Statement&, Stored<TransactionRecord>&);

}  // namespace edge
