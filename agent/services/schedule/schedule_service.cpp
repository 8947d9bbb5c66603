// SPDX-License-Identifier: MIT
#include "services/schedule/schedule_service.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "config/schema/diagnostics.hpp"
#include "core/system/log.hpp"
#include "core/time/calendar.hpp"

namespace edge {
namespace {

bool hasSunTime(const TurnRule& rule) {
    const auto isSunTime = [](const DayTime& time) { return time.kind != DayTime::Kind::kClock; };
    return std::any_of(rule.at.begin(), rule.at.end(), isSunTime) ||
           std::any_of(rule.between.begin(), rule.between.end(), isSunTime);
}

/// A wrong clock moves the times of the day, but not the interval between two turns.
bool needsClock(const TurnRule& rule) {
    return rule.every.count() == 0;
}

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

/// Does what a turn of the schedule does, as if the command had come now. `done` is called once, now or later.
void carryOut(const ScheduleConfig& schedule, CommandHandlers& handlers, OutcomeHandler done) {
    if (const std::size_t equals = schedule.action.find('='); equals != std::string::npos) {
        const auto state = parseOutputCommand(schedule.action.substr(equals + 1));
        return done(handlers.setSwitch("gpio/" + schedule.action.substr(0, equals), state.value()));
    }
    ParsedCommand parsed = parseCommand(payloadOf(schedule.action, schedule.options));
    if (parsed.error) return done(*parsed.error);
    parsed.command.source = "schedule:" + schedule.name;
    parsed.command.arrived = bootTimeNow();
    (handlers.*parsed.function)(parsed.command, std::move(done));
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

struct ScheduleService::Entry {
    ScheduleConfig config;
    std::optional<WallTime> next;
    WallTime last{};          ///< the turn that was due last
    bool isRunning = false;   ///< it is still being carried out
    bool isHopeless = false;  ///< it is enabled and has no turn; logged
    bool isFailing = false;   ///< logged
    SunDay::Kind sun = SunDay::Kind::kNormal;
    ScheduleHealth counters;  ///< turns, skipped, failed, problem
    std::string published;    ///< on `next`, since the connection
    // Not before:
    SteadyTime planAt{};
    SteadyTime publishAt{};
    SteadyTime recordAt{};
    SteadyTime reportAt{};
    SteadyTime skipLogAt{};
};

// ---- life

void ScheduleService::start() {
    isStarted_ = true;
    makeEntries();
    look(true);
}

/// Entries of the same name are kept.
void ScheduleService::makeEntries() {
    const std::vector<EntryPtr> before = std::exchange(entries_, {});
    for (const ScheduleConfig& config : config_.schedules) {
        const auto known = std::find_if(before.begin(), before.end(),
                                        [&](const EntryPtr& entry) { return entry->config.name == config.name; });
        const EntryPtr& entry = entries_.emplace_back(known == before.end() ? std::make_shared<Entry>() : *known);
        if (std::exchange(entry->config, config) == config && known != before.end()) continue;
        entry->next.reset();
        entry->isHopeless = false;
        entry->published.clear();
        entry->publishAt = {};
    }
}

void ScheduleService::onReload(const Config& before) {
    if (!isStarted_) return;
    if (config_.schedules == before.schedules && config_.device.place == before.device.place) return;
    makeEntries();
    look(true);
    changed_();
}

void ScheduleService::onConnected() {
    for (const EntryPtr& entry : entries_) {
        entry->published.clear();
        entry->publishAt = {};
        publishNext(*entry);
    }
}

void ScheduleService::shutDown() {
    isStarted_ = false;
    timer_.cancel();
    scope_.reset();
}

// ---- turns

/// Carries out what is due and plans what comes next. What is planned again gets the same turn, unless the clock, the
/// time zone or the configuration has changed.
void ScheduleService::look(bool isChanged) {
    if (!isStarted_) return;
    if (checkClock()) isChanged = true;
    const WallTime now = loop_.clock().wallNow();
    for (const EntryPtr& entry : std::vector<EntryPtr>(entries_)) {
        const bool isDue = entry->next && *entry->next <= now;
        if (isDue) takeTurn(entry, now);
        if (isDue || isChanged || loop_.clock().now() >= entry->planAt) plan(*entry, now);
        publishNext(*entry);
    }
    wait();
}

void ScheduleService::wait() {
    if (entries_.empty()) return timer_.cancel();
    const WallTime now = loop_.clock().wallNow();
    nanoseconds delay = hasClock_ ? nanoseconds{kLongestWait} : kClockWait;
    for (const EntryPtr& entry : entries_) {
        if (entry->next) delay = std::min(delay, std::max<nanoseconds>(*entry->next - now, nanoseconds{0}));
    }
    timer_ = loop_.after(delay, [this] { look(false); });
}

/// Whether it is synchronised for the first time.
bool ScheduleService::checkClock() {
    if (hasClock_) return false;
    hasClock_ = loop_.clock().wallState() == ClockState::kSynchronised;
    const bool isAwaited = std::any_of(entries_.begin(), entries_.end(),
                                       [](const EntryPtr& entry) { return needsClock(entry->config.rule); });
    if (!hasClock_ && isAwaited && !std::exchange(isWaitLogged_, true))
        log::info("schedules with times of the day wait until the clock is synchronised");
    return hasClock_;
}

void ScheduleService::plan(Entry& entry, WallTime now) {
    const TurnRule& rule = entry.config.rule;
    entry.next.reset();
    entry.planAt = loop_.clock().now() + kLongestWait;
    if (!entry.config.enabled || (needsClock(rule) && !hasClock_)) return;
    // The clock was set back: the last turn must not come again. Set back by far, its time meant nothing.
    const WallTime::duration same = needsClock(rule) ? WallTime::duration(kSameTurn) : WallTime::duration(rule.every);
    const WallTime after = entry.last > now && entry.last - now <= same ? entry.last : now;
    entry.next = nextTurn(rule, config_.device.place, after);
    reportSun(entry, now);
    if (std::exchange(entry.isHopeless, !entry.next) || entry.next) return;
    log::warning("schedule {}: no turn within {} days; check \"between\", \"days\" and the place", entry.config.name,
                 kCalendarHorizon.count());
}

void ScheduleService::takeTurn(const EntryPtr& entry, WallTime now) {
    const WallTime turn = *entry->next;
    entry->last = turn;
    if (now - turn > kGrace) {
        log::info("schedule {}: the turn of {} was missed: the clock was set, or the agent could not run",
                  entry->config.name, formatRfc3339(turn));
        return;
    }
    if (entry->isRunning) {
        ++entry->counters.skipped;
        if (const SteadyTime steady = loop_.clock().now(); steady >= entry->skipLogAt) {
            entry->skipLogAt = steady + kSkipLogPause;
            log::warning("schedule {}: a turn is skipped, because {} is still being carried out for the one before",
                         entry->config.name, entry->config.action);
        }
        return;
    }
    entry->isRunning = true;
    ++entry->counters.turns;
    log::debug("schedule {}: {}", entry->config.name, entry->config.action);
    carryOut(entry->config, handlers_, scope_.wrap([this, entry](const Outcome& outcome) { finish(*entry, outcome); }));
}

void ScheduleService::finish(Entry& entry, const Outcome& outcome) {
    entry.isRunning = false;
    entry.counters.problem = outcome.ok ? "" : outcome.error;
    if (outcome.ok) {
        recordTurn(entry);
    } else {
        ++entry.counters.failed;
    }
    reportChange(entry);
}

/// One line and one row when it begins to fail, and when it works again.
void ScheduleService::reportChange(Entry& entry) {
    const SteadyTime now = loop_.clock().now();
    const std::string& problem = entry.counters.problem;
    if (entry.isFailing == !problem.empty() || now < entry.reportAt) return;
    entry.isFailing = !problem.empty();
    entry.reportAt = now + kPause;
    const std::string text = fmt::format("{}: {} {}", entry.config.name, entry.config.action,
                                         entry.isFailing ? "failed: " + problem : "works again");
    entry.isFailing ? log::warning("schedule {}", text) : log::info("schedule {}", text);
    recordEvent("schedule", text);
    changed_();
}

/// Pictures have rows of their own. An output that is switched every second must not write to the card every second.
void ScheduleService::recordTurn(Entry& entry) {
    const SteadyTime now = loop_.clock().now();
    if (entry.config.action == "capture" || now < entry.recordAt) return;
    entry.recordAt = now + kPause;
    recordEvent("schedule", fmt::format("{}: {}", entry.config.name, entry.config.action));
}

void ScheduleService::reportSun(Entry& entry, WallTime now) {
    if (!hasSunTime(entry.config.rule)) return;
    const SunDay::Kind kind = sunOn(std::chrono::floor<std::chrono::days>(now), config_.device.place).kind;
    if (std::exchange(entry.sun, kind) == kind || kind == SunDay::Kind::kNormal) return;
    const bool isDay = kind == SunDay::Kind::kPolarDay;
    log::info(
        "schedule {}: polar {}: the sun does not {}, so there is no turn at sunrise and sunset, and it is {} between "
        "them",
        entry.config.name, isDay ? "day" : "night", isDay ? "set" : "rise", isDay ? "always" : "never");
}

// ---- what is published

void ScheduleService::publishNext(Entry& entry) {
    const std::string next = entry.next ? formatRfc3339(*entry.next) : kNone;
    const SteadyTime now = loop_.clock().now();
    if (next == entry.published || now < entry.publishAt) return;
    entry.published = next;
    entry.publishAt = now + kPause;
    publishState(fmt::format("schedule/{}/next", entry.config.name), next);
}

std::vector<ScheduleHealth> ScheduleService::health() const {
    std::vector<ScheduleHealth> all;
    for (const EntryPtr& entry : entries_) {
        ScheduleHealth& one = all.emplace_back(entry->counters);
        one.name = entry->config.name;
        one.isEnabled = entry->config.enabled;
        one.next = entry->next;
        if (one.problem.empty() && one.isEnabled && needsClock(entry->config.rule) && !hasClock_)
            one.problem = "waits until the clock is synchronised";
    }
    return all;
}

}  // namespace edge
