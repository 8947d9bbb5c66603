// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "config/config.hpp"
#include "services/commands/command.hpp"

namespace edge {

/// Checks the options of every schedule by the rules of its command. Throws ConfigError, one line for each mistake.
void checkScheduleOptions(const Config& config);

/// "schedule:<name>": the source of its commands, and the trigger of its pictures.
std::string sourceOf(const ScheduleConfig& schedule);

/// Does what a turn of the schedule does, as if the command had come now. `done` is called once, now or later.
void carryOut(const ScheduleConfig& schedule, CommandHandlers& handlers, OutcomeHandler done);

}  // namespace edge
