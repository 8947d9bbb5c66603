// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace edge {

/// An option that a command may carry.
enum class OptionKind { kInterval, kWidth, kHeight, kQuality, kCount, kEvery, kTimeout };

/// One command: its word and the options it knows. To add a command: a row here, a handler in agent.cpp, docs/mqtt.md.
struct CommandRow {
    std::string_view word;
    std::span<const OptionKind> options;
};

std::span<const CommandRow> commandTable();
/// nullptr where `word` (lower case) is no command.
const CommandRow* findCommand(std::string_view word);
/// "start, stop, capture, cancel or status", for messages.
std::string_view commandList();

}  // namespace edge
