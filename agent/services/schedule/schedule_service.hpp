// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/scope.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// Checks the options of every schedule by the rules of its command. Throws ConfigError, one line for each mistake.
void checkScheduleOptions(const Config& config);

/// For health.
struct ScheduleHealth {
    std::string name;
    bool isEnabled = true;
    std::optional<WallTime> next;  ///< nullopt: there is none
    std::uint64_t turns = 0;       ///< carried out since start
    std::uint64_t skipped = 0;     ///< because the turn before was still being carried out
    std::uint64_t failed = 0;
    std::string problem;  ///< of the last turn; "" = it went well
};

/// Carries out the actions of [[schedule]] at their turns, with the functions of the commands. A turn that is missed,
/// because the agent did not run or the clock was set past it, is not made up for. Publishes, retained,
/// `<base>/schedule/<name>/next`; its switch, `…/enabled`, is one of SettingsService.
class ScheduleService : Service {
  public:
    /// Turns are planned again this often: steady time and wall time drift apart, and the time zone may change.
    static constexpr std::chrono::minutes kLongestWait{5};
    static constexpr seconds kClockWait{15};  ///< the same, until the clock is synchronised
    /// A turn that is later than this is missed.
    static constexpr seconds kGrace{60};
    /// A clock that was set back by less than this does not bring the same `at` again.
    static constexpr std::chrono::hours kSameTurn{24};
    /// For each schedule, `next`, a change in the log and a row of the journal come at most this often.
    static constexpr seconds kPause{60};
    static constexpr std::chrono::hours kSkipLogPause{1};
    static constexpr const char* kNone = "none";  ///< payload of `next` without a turn

    ScheduleService(const ServiceContext& context, CommandHandlers& handlers) : Service(context), handlers_(handlers) {}

    /// Turns are due from now on.
    void start();
    /// Schedules that are as before, and what is being carried out, go on.
    void onReload(const Config& before);
    void onConnected();
    /// The wall clock was set to another time.
    void onClockSet() { look(true); }
    /// At the end of the program: no turns any more.
    void shutDown();

    [[nodiscard]] std::vector<ScheduleHealth> health() const;

  private:
    struct Entry;
    using EntryPtr = std::shared_ptr<Entry>;

    void makeEntries();
    void look(bool isChanged);
    void wait();
    bool checkClock();
    void plan(Entry& entry, WallTime now);
    void takeTurn(const EntryPtr& entry, WallTime now);
    void finish(Entry& entry, const Outcome& outcome);
    void recordTurn(Entry& entry);
    void reportChange(Entry& entry);
    void reportSun(Entry& entry, WallTime now);
    void publishNext(Entry& entry);

    CommandHandlers& handlers_;
    std::vector<EntryPtr> entries_;  ///< in the order of the configuration
    bool isStarted_ = false;
    bool hasClock_ = false;  ///< the clock was synchronised since the start; then it is near enough
    bool isWaitLogged_ = false;
    Timer timer_;
    Scope scope_;
};

}  // namespace edge
