// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "journal/records.hpp"
#include "journal/store/sqlite.hpp"

namespace edge {

/// For each kind of record: the table, its columns in the order in which they are written, read and summed up, and what
/// one row takes in the file, about, as SQL.
template <typename T>
struct Table;

template <>
struct Table<CommandRecord> {
    static constexpr const char* kName = "commands";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, source, payload, command, status, code, transaction_id, crc";
    static constexpr const char* kRowBytes = "90 + length(source) + length(payload) + length(transaction_id)";
};

template <>
struct Table<ReadingRecord> {
    static constexpr const char* kName = "readings";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, sensor, seq, value, delivered, crc";
    static constexpr const char* kRowBytes = "65 + length(sensor)";
};

template <>
struct Table<CaptureRecord> {
    static constexpr const char* kName = "captures";
    static constexpr const char* kColumns =
        "id, boot, mono_ms, wall_ms, clock_ok, image_id, trigger_source, transaction_id, width, height, bytes, sha256, "
        "status, crc";
    static constexpr const char* kRowBytes = "106 + length(transaction_id) + length(sha256)";
};

template <>
struct Table<EventRecord> {
    static constexpr const char* kName = "events";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, kind, text, crc";
    static constexpr const char* kRowBytes = "60 + length(text)";
};

template <>
struct Table<TransactionRecord> {
    static constexpr const char* kName = "transactions";
    static constexpr const char* kColumns = "id, boot, mono_ms, wall_ms, clock_ok, key, payload_hash, reply, crc";
};

/// "INSERT OR REPLACE …" for writeRow(): a batch whose commit had an unknown end can be written again.
template <typename T>
std::string insertSql();
template <typename T>
Result<void> writeRow(Statement& insert, const Stored<T>& row);

/// "SELECT … FROM …" for readRow(); a WHERE can follow.
template <typename T>
std::string selectSql();
/// Takes the row on which `select` stands. False: its checksum says that it was altered; what `row` holds is no use
/// then.
template <typename T>
[[nodiscard]] bool readRow(const Statement& select, Stored<T>& row);

}  // namespace edge
