// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "services/commands/reply.hpp"

namespace edge {

/// What a command's options can say; which of them a command knows is in its row of the table (command_table.hpp).
struct CommandOptions {
    std::optional<milliseconds> interval;  ///< 100 ms … 24 h
    std::optional<int> width;              ///< pixels, even, 64 … 9152
    std::optional<int> height;             ///< pixels, even, 64 … 6944
    std::optional<int> quality;            ///< 1 … 100
    std::optional<int> count;              ///< 1 … 1000
    std::optional<milliseconds> every;     ///< 0 … 24 h, only with count > 1
    std::optional<milliseconds> timeout;   ///< 100 ms … 10 min, per picture

    bool operator==(const CommandOptions&) const = default;
};

/// A well-formed command.
struct Command {
    std::string word;  ///< one of the table, lower case
    CommandOptions options;
    std::string transaction;  ///< "" = none; at most 128 bytes
    std::optional<WallTime> expiresAt;
};

/// A payload that is no command, and what of it could be read all the same.
struct CommandError {
    ReplyCode code = ReplyCode::kInvalidPayload;
    std::string message;
    std::string word;         ///< "" where none could be read
    std::string transaction;  ///< "" where none could be read
};

inline constexpr std::size_t kMaxCommandBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxTransactionBytes = 128;
inline constexpr int kMaxJsonDepth = 8;

/// Reads a payload: a word in any case with white space around it, or a JSON object with "command" and options. Any
/// bytes.
tl::expected<Command, CommandError> parseCommand(std::string_view payload);

}  // namespace edge
