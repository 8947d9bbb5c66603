// SPDX-License-Identifier: MIT
#include "services/schedule/schedule_action.hpp"

#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "config/schema/diagnostics.hpp"

namespace edge {
namespace {

/// {"command":"capture","width":1920}
std::string payloadOf(const std::string& command, const std::map<std::string, std::string>& options) {
    std::string payload = fmt::format(R"({{"command":{})", jsonString(command));
    for (const auto& [option, value] : options) payload += fmt::format(",{}:{}", jsonString(option), value);
    return payload + '}';
}

/// What is wrong with one option; "" if nothing is.
std::string validateOption(const std::string& action, const std::string& option, const std::string& value) {
    if (action.find('=') != std::string::npos) return fmt::format("the action \"{}\" has no options", action);
    const ParsedCommand parsed = parseCommand(payloadOf(action, {{option, value}}));
    if (parsed.error) return parsed.error->error;
    // Commands have these beside their options.
    const bool isOfMessages = !parsed.command.transaction.empty() || parsed.command.expiresAt;
    return isOfMessages ? "is for commands over MQTT only" : "";
}

}  // namespace

void checkScheduleOptions(const Config& config) {
    Diagnostics diagnostics(config);
    for (std::size_t i = 0; i < config.schedules.size(); ++i) {
        const ScheduleConfig& schedule = config.schedules[i];
        for (const auto& [option, value] : schedule.options) {
            const std::string error = validateOption(schedule.action, option, value);
            if (!error.empty()) diagnostics.add(fmt::format("schedule[{}].{}", i, option), error);
        }
    }
    diagnostics.throwIfAny();
}

std::string sourceOf(const ScheduleConfig& schedule) {
    return "schedule:" + schedule.name;
}

void carryOut(const ScheduleConfig& schedule, CommandHandlers& handlers, OutcomeHandler done) {
    if (const std::size_t equals = schedule.action.find('='); equals != std::string::npos) {
        const auto state = parseOutputCommand(schedule.action.substr(equals + 1));
        return done(handlers.setSwitch("gpio/" + schedule.action.substr(0, equals), state.value()));
    }
    ParsedCommand parsed = parseCommand(payloadOf(schedule.action, schedule.options));
    if (parsed.error) return done(*parsed.error);
    parsed.command.source = sourceOf(schedule);
    parsed.command.arrived = bootTimeNow();
    (handlers.*parsed.function)(parsed.command, std::move(done));
}

}  // namespace edge
