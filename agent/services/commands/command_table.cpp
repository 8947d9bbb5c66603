// SPDX-License-Identifier: MIT
#include "services/commands/command_table.hpp"

#include <algorithm>
#include <array>

namespace edge {
namespace {

constexpr std::array kStartOptions{OptionKind::kInterval};
constexpr std::array kCaptureOptions{OptionKind::kWidth, OptionKind::kHeight, OptionKind::kQuality,
                                     OptionKind::kCount, OptionKind::kEvery,  OptionKind::kTimeout};
constexpr std::array<CommandRow, 5> kCommands{{
    {"start", kStartOptions},
    {"stop", {}},
    {"capture", kCaptureOptions},
    {"cancel", {}},
    {"status", {}},
}};

}  // namespace

std::span<const CommandRow> commandTable() {
    return kCommands;
}

const CommandRow* findCommand(std::string_view word) {
    const auto* row =
        std::find_if(kCommands.begin(), kCommands.end(), [&](const CommandRow& r) { return r.word == word; });
    return row == kCommands.end() ? nullptr : row;
}

std::string_view commandList() {
    return "start, stop, capture, cancel or status";
}

}  // namespace edge
