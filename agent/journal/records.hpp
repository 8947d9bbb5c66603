// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <variant>

#include "core/time/time.hpp"

namespace edge {

/// The journal's rows. The journal adds a Stamp to each.

/// A command and its outcome. `payload` is kept as it came, any bytes (at most 64 KiB; the rest is cut off).
struct CommandRecord {
    WallTime time{};
    std::string source;  ///< the topic it came on, or "gpio:<name>", "boot", "flood"
    std::string payload;
    std::string command;      ///< "" where none could be read
    std::string status;       ///< "ok" or "error"
    std::string code;         ///< the contract's error code; "" when ok
    std::string transaction;  ///< "" = none
};

/// The reply to a command, for a repeat of it. The last 256 are kept.
struct TransactionRecord {
    WallTime time{};
    std::string key;    ///< hash of the command's identity and payload, made by the commands service
    std::string reply;  ///< the JSON that was sent; "" while the command is carried out
};

/// A reading of a sensor.
struct ReadingRecord {
    WallTime time{};
    bool clockSynchronised = true;
    std::string bootId;
    std::uint64_t seq = 0;  ///< of this sensor in this boot, from 1, without gaps
    std::string sensor;
    double value = 0;
    std::string unit = "°C";
    std::string quantity;  ///< by its name in the contract; "" where the configuration does not name it
    int decimals = 3;      ///< how many the value is written with
    bool delivered = false;
    std::int64_t id = 0;      ///< set by Journal::fetch(), for ack() and nack()
    std::int64_t monoMs = 0;  ///< CLOCK_MONOTONIC when it was taken; 0: it is recorded as it is taken
};

/// A picture that was taken, or could not be. The picture itself is never stored.
struct CaptureRecord {
    WallTime time{};
    std::string imageId;
    std::string trigger;  ///< "command", "gpio:<name>", "schedule:<name>", "motion"
    std::string transaction;
    int width = 0;
    int height = 0;
    std::int64_t bytes = 0;
    std::string status;  ///< "ok" or the error code
};

/// Something that happened to the agent itself: start, stop, connection, camera or sensor state.
struct EventRecord {
    WallTime time{};
    std::string kind;  ///< "start", "stop", "online", "offline", "camera", "sensor", "journal", "config", "schedule"
    std::string text;
};

/// What the journal itself adds to a record.
struct Stamp {
    std::int64_t id = 0;  ///< ascending in the order of recording, over all kinds; never used twice in one file
    std::string bootId;
    std::int64_t monoMs = 0;  ///< CLOCK_MONOTONIC at recording: orders the rows of one boot, whatever the clock did
    WallTime time{};          ///< kept in whole milliseconds
    bool clockSynchronised = true;
};

/// A record on its way into the file, or out of it.
template <typename T>
struct Stored {
    Stamp stamp;
    T record;
};

/// Any row.
using JournalRow =
    std::variant<Stored<CommandRecord>, Stored<ReadingRecord>, Stored<CaptureRecord>, Stored<EventRecord>>;

inline const Stamp& stampOf(const JournalRow& row) {
    return std::visit([](const auto& stored) -> const Stamp& { return stored.stamp; }, row);
}

/// What the agent needs after a restart. Small; never pruned.
struct PersistentState {
    static constexpr std::size_t kMaxTransactions = 256;

    std::map<std::string, std::string> values;
    std::deque<Stored<TransactionRecord>> transactions;  ///< oldest first, at most kMaxTransactions

    void put(const Stored<TransactionRecord>& transaction) {
        std::erase_if(transactions, [&](const auto& known) { return known.record.key == transaction.record.key; });
        transactions.push_back(transaction);
        if (transactions.size() > kMaxTransactions) transactions.pop_front();
    }
};

}  // namespace edge
