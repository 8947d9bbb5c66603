// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "core/time/time.hpp"

namespace edge {

/// The journal's rows. Every row also gets an id (ascending, never used twice), the boot id, the monotonic time and
/// whether the clock was synchronised, by the journal itself.

/// A command and how it ended. `payload` is kept as it came, any bytes (at most 64 KiB; longer is cut).
struct CommandRecord {
    WallTime time{};
    std::string source;  ///< the topic it came on, or "gpio:<name>", "boot", "flood"
    std::string payload;
    std::string command;      ///< "" where none could be read
    std::string status;       ///< "ok" or "error"
    std::string code;         ///< the contract's error code; "" when ok
    std::string transaction;  ///< "" = none
};

/// A command that may come again (same key, same payload): what it was answered. The last 256 are kept.
struct TransactionRecord {
    WallTime time{};
    std::string key;  ///< of transaction or response topic and correlation data, hashed by the commands service
    std::string payloadHash;
    std::string reply;  ///< the JSON that was sent; "" while it is being carried out
};

/// A reading that was taken.
struct ReadingRecord {
    WallTime time{};
    bool clockSynchronised = true;
    std::string bootId;
    std::uint64_t seq = 0;  ///< of this sensor in this boot, from 1, without gaps
    std::string sensor;
    double value = 0;  ///< °C
    bool delivered = false;
    std::int64_t id = 0;      ///< the journal's own number for it, given by record(); names it to settle…()
    std::int64_t monoMs = 0;  ///< CLOCK_MONOTONIC when it was taken; 0: it is recorded as it is taken
};

/// A picture that was taken, or could not be. The picture itself is never stored.
struct CaptureRecord {
    WallTime time{};
    std::string imageId;
    std::string trigger;  ///< "command", "gpio:<name>"
    std::string transaction;
    int width = 0;
    int height = 0;
    std::int64_t bytes = 0;
    std::string status;  ///< "ok" or the error code
};

/// Something that happened to the agent itself: start, stop, connection, camera or sensor state.
struct EventRecord {
    WallTime time{};
    std::string kind;  ///< "start", "stop", "online", "offline", "camera", "sensor", "journal", "config"
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

/// Any row, for reading back.
using JournalRow =
    std::variant<Stored<CommandRecord>, Stored<ReadingRecord>, Stored<CaptureRecord>, Stored<EventRecord>>;

}  // namespace edge
