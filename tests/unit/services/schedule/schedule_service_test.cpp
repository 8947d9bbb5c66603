// SPDX-License-Identifier: MIT
#include "services/schedule/schedule_service.hpp"

#include <malloc.h>

#include <stdlib.h>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "journal/reader.hpp"
#include "services/presence/retained_topics.hpp"
#include "unit/services/commands/command_fixture.hpp"

namespace edge {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// The schedules over the fake handlers of the commands, with a clock that the test cranks. It is 2026-11-18, 20:06:40
/// in Seoul (11:06:40Z).
class ScheduleServiceTest : public CommandFixture {
  protected:
    ScheduleServiceTest() {
        ::setenv("TZ", "Asia/Seoul", 1);
        config.device.place = {37.57, 126.98};
    }
    ~ScheduleServiceTest() override { ::unsetenv("TZ"); }

    ScheduleConfig& add(const std::string& name) {
        ScheduleConfig& schedule = config.schedules.emplace_back();
        schedule.name = name;
        return schedule;
    }
    ScheduleConfig& addEvery(const std::string& name, milliseconds every) {
        ScheduleConfig& schedule = add(name);
        schedule.rule.every = every;
        return schedule;
    }
    ScheduleConfig& addAt(const std::string& name, const char* time) {
        ScheduleConfig& schedule = add(name);
        schedule.rule.at = {parseDayTime(time).value()};
        return schedule;
    }

    void start() {
        schedules = std::make_unique<ScheduleService>(
            ServiceContext{*loop, publisher, *journal, config, [this] { ++changes; }}, *this);
        schedules->start();
    }
    /// Another configuration: `change` makes it from the one in force.
    template <typename Change>
    void reload(Change change) {
        const Config before = config;
        change();
        schedules->onReload(before);
        loop->runPending();
    }
    void setClock(const std::string& time) {
        loop->manualClock().wall = parseRfc3339(time).value();
        schedules->onClockSet();
        loop->runPending();
    }
    /// The minute and second of the wall clock at each command that was carried out while `time` passes.
    Texts turnsWithin(nanoseconds time, nanoseconds step = 1s) {
        Texts turns;
        for (nanoseconds passed{0}; passed < time; passed += step) {
            const std::size_t before = carriedOut.size();
            loop->advance(step);
            for (std::size_t i = before; i < carriedOut.size(); ++i)
                turns.push_back(formatRfc3339(loop->clock().wallNow()).substr(11, 8));
        }
        return turns;
    }
    [[nodiscard]] std::string last(const std::string& leaf) const {
        return publisher.lastPayload("edge/pi/schedule/" + leaf).value_or("nothing");
    }
    [[nodiscard]] ScheduleHealth healthOf(std::size_t index = 0) const { return schedules->health().at(index); }
    /// The texts of the journal's events of this kind.
    Texts events(const std::string& kind) {
        loop->advance(config.journal.flush);
        auto reader = JournalReader::open(config.journal.path, {"event", {}});
        Texts texts;
        const std::vector<JournalRow> rows = reader.value().next(10'000).value();
        for (const JournalRow& row : rows) {
            const EventRecord& event = std::get<Stored<EventRecord>>(row).record;
            if (event.kind == kind) texts.push_back(event.text);
        }
        return texts;
    }

    std::unique_ptr<ScheduleService> schedules;
    int changes = 0;
};

// ---- turns

TEST_F(ScheduleServiceTest, CarriesOutItsCommandWithItsOptionsAtEachTurn) {
    addEvery("lapse", 10min).options = {{"width", "1920"}, {"count", "2"}};
    start();
    EXPECT_EQ(turnsWithin(30min), (Texts{"11:10:00", "11:20:00", "11:30:00"}));

    const Command& command = carriedOut.front();
    EXPECT_EQ(command.name, "capture");
    EXPECT_EQ(command.source, "schedule:lapse");
    EXPECT_EQ(command.options.width, 1920);
    EXPECT_EQ(command.options.count, 2);
    EXPECT_GT(command.arrived, BootTime{0});
    EXPECT_TRUE(replies().empty()) << "nobody asked";
    EXPECT_EQ(healthOf().turns, 3U);
}

TEST_F(ScheduleServiceTest, StartsStopsAndSetsOutputs) {
    addAt("morning", "20:10").action = "start";
    config.schedules.back().options = {{"interval", "\"5s\""}};
    addAt("evening", "20:20").action = "stop";
    addAt("light", "20:30").action = "lamp=toggle";
    start();
    loop->advance(30min);

    ASSERT_EQ(carriedOut.size(), 2U);
    EXPECT_EQ(carriedOut[0].name, "start");
    EXPECT_EQ(carriedOut[0].options.interval, 5s);
    EXPECT_EQ(carriedOut[1].name, "stop");
    EXPECT_EQ(switches.at("gpio/lamp"), OutputCommand::kToggle);
}

TEST_F(ScheduleServiceTest, DoesNotDependOnWhenItStarts) {
    addEvery("lapse", 10min);
    loop->advance(198s);
    start();
    loop->advance(1s);
    EXPECT_TRUE(carriedOut.empty());
    loop->advance(1s);
    EXPECT_EQ(carriedOut.size(), 1U) << "11:10:00, in the middle of an interval";

    start();  // again
    loop->advance(10min - 1s);
    EXPECT_EQ(carriedOut.size(), 1U);
    loop->advance(1s);
    EXPECT_EQ(carriedOut.size(), 2U) << "what came before the start is not made up for";
}

TEST_F(ScheduleServiceTest, DoesNotDriftInAMonthNorGrowInMemory) {
    addEvery("lapse", 1min);
    start();
    const auto day = [this] {
        for (int minute = 0; minute < 24 * 60; ++minute) {
            loop->advance(1min + 3ms);  // the loop is late each time
            loop->manualClock().wall -= 3ms;
        }
        const std::size_t taken = carriedOut.size();
        carriedOut = {};
        publisher.sent = {};
        return taken;
    };
    day();
    const std::size_t before = ::mallinfo2().uordblks;
    for (int i = 0; i < 30; ++i) EXPECT_EQ(day(), 24U * 60);

    EXPECT_LT(::mallinfo2().uordblks, before + 4096);
    EXPECT_EQ(healthOf().turns, 31U * 24 * 60);
    EXPECT_EQ(healthOf().skipped, 0U);
    EXPECT_EQ(*healthOf().next - std::chrono::floor<std::chrono::minutes>(*healthOf().next), 0s);
}

TEST_F(ScheduleServiceTest, SkipsATurnWhileTheOneBeforeIsStillCarriedOut) {
    addEvery("lapse", 1s);
    isHeldBack = true;
    start();
    loop->advance(5s);
    EXPECT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(healthOf().skipped, 4U);

    heldBack.front()(Outcome::success());
    loop->advance(1s);
    EXPECT_EQ(carriedOut.size(), 2U) << "no skipped turn is made up for";
    EXPECT_EQ(healthOf().turns, 2U);
}

TEST_F(ScheduleServiceTest, ShowsAFailureUntilATurnWorks) {
    addEvery("lapse", 10min);
    isHeldBack = true;
    start();
    loop->advance(10min);
    heldBack.back()(Outcome::failure(ReplyCode::kCameraUnavailable, "no camera"));
    EXPECT_EQ(healthOf().problem, "no camera");
    EXPECT_EQ(healthOf().failed, 1U);
    EXPECT_EQ(changes, 1);

    loop->advance(10min);
    heldBack.back()(Outcome::failure(ReplyCode::kCameraUnavailable, "no camera"));
    EXPECT_EQ(healthOf().failed, 2U);
    EXPECT_EQ(changes, 1) << "nothing new";

    loop->advance(10min);
    heldBack.back()(Outcome::success());
    EXPECT_EQ(healthOf().problem, "");
    EXPECT_EQ(changes, 2);
}

TEST_F(ScheduleServiceTest, WritesFewRowsHoweverOftenItsTurnsComeAndFail) {
    addEvery("light", 1s).action = "lamp=toggle";
    addEvery("lapse", 1s);
    isHeldBack = true;
    start();
    for (int second = 0; second < 600; ++second) {
        loop->advance(1s);
        heldBack.back()(second % 2 == 0 ? Outcome::failure(ReplyCode::kInternal, "no") : Outcome::success());
    }

    EXPECT_EQ(healthOf(1).turns, 600U);
    EXPECT_GE(healthOf(1).failed, 299U);
    const Texts rows = events("schedule");
    EXPECT_LE(rows.size(), 24U) << "one a minute for each";
    EXPECT_EQ(rows.front(), "light: lamp=toggle");
    EXPECT_EQ(rows[1], "lapse: capture failed: no");
    EXPECT_LE(changes, 22);
}

TEST_F(ScheduleServiceTest, EndsWithTheProgram) {
    addEvery("lapse", 1s);
    isHeldBack = true;
    start();
    loop->advance(1s);
    schedules->shutDown();
    loop->advance(1min);
    heldBack.front()(Outcome::failure(ReplyCode::kCancelled, "the agent is stopping"));

    EXPECT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(healthOf().failed, 0U);
}

// ---- the clock

TEST_F(ScheduleServiceTest, WaitsWithTimesOfTheDayUntilTheClockIsSynchronised) {
    loop->manualClock().state = ClockState::kUnsynchronised;
    addAt("evening", "20:10").action = "stop";
    addEvery("lapse", 10min);
    start();
    EXPECT_EQ(healthOf(0).next, std::nullopt);
    EXPECT_NE(healthOf(0).problem, "");
    loop->advance(10min);
    ASSERT_EQ(carriedOut.size(), 1U);
    EXPECT_EQ(carriedOut[0].name, "capture") << "an interval does not wait";

    loop->manualClock().state = ClockState::kSynchronised;
    setClock("2026-12-01T11:09:30Z");
    EXPECT_EQ(healthOf(0).problem, "");
    EXPECT_EQ(turnsWithin(1min), (Texts{"11:10:00", "11:10:00"}));
    EXPECT_EQ(carriedOut.size(), 3U);

    loop->manualClock().state = ClockState::kUnsynchronised;
    setClock("2026-12-02T11:09:30Z");
    EXPECT_EQ(turnsWithin(1min).size(), 2U) << "a clock that loses its source is still near enough";
}

TEST_F(ScheduleServiceTest, NoticesThatTheClockIsSynchronisedWithoutBeingSet) {
    loop->manualClock().state = ClockState::kUnsynchronised;
    addAt("evening", "20:10").action = "stop";
    start();
    loop->manualClock().state = ClockState::kSynchronised;
    loop->advance(ScheduleService::kClockWait);

    EXPECT_EQ(formatRfc3339(*healthOf().next), "2026-11-18T11:10:00.000Z");
}

TEST_F(ScheduleServiceTest, MissesTheTurnsThatAClockIsSetPast) {
    addEvery("lapse", 10min);
    addAt("evening", "21:00").action = "stop";
    start();
    setClock("2026-11-18T14:05:00Z");
    EXPECT_TRUE(carriedOut.empty()) << "three hours at once are no burst";
    EXPECT_EQ(turnsWithin(10min), (Texts{"14:10:00"}));
    EXPECT_EQ(formatRfc3339(*healthOf(1).next), "2026-11-19T12:00:00.000Z");
}

TEST_F(ScheduleServiceTest, CarriesOutATurnThatASmallStepOfTheClockWouldLose) {
    addAt("evening", "20:10").action = "stop";
    addEvery("often", 1s);
    start();
    loop->advance(3min + 15s);
    carriedOut.clear();
    setClock("2026-11-18T11:10:05Z");

    ASSERT_EQ(carriedOut.size(), 2U) << "one each, although ten turns of the second one are past";
    EXPECT_EQ(carriedOut[0].name, "stop");
}

TEST_F(ScheduleServiceTest, DoesNotRepeatATurnWhenTheClockIsSetBack) {
    addAt("evening", "20:10").action = "stop";
    addEvery("lapse", 10min);
    start();
    loop->advance(3min + 25s);
    ASSERT_EQ(carriedOut.size(), 2U);
    setClock("2026-11-18T11:09:58Z");
    loop->advance(1min);
    EXPECT_EQ(carriedOut.size(), 2U);

    setClock("2026-11-18T10:10:00Z");
    EXPECT_EQ(turnsWithin(60min), (Texts{"10:20:00", "10:30:00", "10:40:00", "10:50:00", "11:00:00", "11:10:00"}))
        << "the interval goes on with the new time, and the evening has been";
    EXPECT_EQ(formatRfc3339(*healthOf(0).next), "2026-11-19T11:10:00.000Z");
}

TEST_F(ScheduleServiceTest, DoesNotWaitYearsForAClockThatWasWrong) {
    loop->manualClock().wall = parseRfc3339("2037-01-01T00:00:00Z").value();
    addAt("evening", "20:10").action = "stop";
    addEvery("lapse", 10min);
    start();
    loop->advance(24h);
    carriedOut.clear();
    setClock("2026-11-18T11:05:00Z");
    loop->advance(10min);

    EXPECT_EQ(carriedOut.size(), 2U);
}

TEST_F(ScheduleServiceTest, NoticesAnotherTimeZone) {
    addAt("evening", "20:10").action = "stop";
    start();
    EXPECT_EQ(formatRfc3339(*healthOf().next), "2026-11-18T11:10:00.000Z");
    ::setenv("TZ", "Europe/Berlin", 1);
    loop->advance(ScheduleService::kLongestWait);

    EXPECT_EQ(formatRfc3339(*healthOf().next), "2026-11-18T19:10:00.000Z");
}

TEST_F(ScheduleServiceTest, LetsAYearPass) {
    for (const char* zone : {"Europe/Berlin", "Australia/Lord_Howe"}) {
        ::setenv("TZ", zone, 1);
        config.schedules.clear();
        addAt("night", "02:15").action = "stop";
        loop->manualClock().wall = parseRfc3339("2026-01-01T12:00:00Z").value();
        start();
        carriedOut.clear();
        publisher.sent = {};
        loop->advance(365 * 24h);

        EXPECT_EQ(carriedOut.size(), 365U) << zone;
        EXPECT_EQ(healthOf().turns, 365U) << zone;
    }
}

// ---- what is published

TEST_F(ScheduleServiceTest, PublishesItsNextTurn) {
    addEvery("lapse", 10min);
    addAt("evening", "21:00").enabled = false;
    start();
    schedules->onConnected();

    EXPECT_EQ(last("lapse/next"), "2026-11-18T11:10:00.000Z");
    EXPECT_EQ(last("evening/next"), ScheduleService::kNone);
    EXPECT_EQ(publisher.on("edge/pi/schedule/lapse/next").back().retain, Retain::kYes);
    loop->advance(10min);
    EXPECT_EQ(last("lapse/next"), "2026-11-18T11:20:00.000Z");

    const std::size_t before = publisher.sent.size();
    schedules->onConnected();
    EXPECT_EQ(publisher.sent.size(), before + 2) << "again on every connection";
    for (const char* leaf : {"lapse/next", "evening/next"})
        EXPECT_TRUE(RetainedTopics::of(config).contains(std::string("edge/pi/schedule/") + leaf)) << leaf;
}

TEST_F(ScheduleServiceTest, PublishesTheNextTurnOnceAMinuteAtMost) {
    addEvery("often", 1s);
    start();
    schedules->onConnected();
    const std::size_t before = publisher.on("edge/pi/schedule/often/next").size();
    loop->advance(10min);

    EXPECT_EQ(carriedOut.size(), 600U);
    EXPECT_LE(publisher.on("edge/pi/schedule/often/next").size(), before + 10);
    EXPECT_GE(publisher.on("edge/pi/schedule/often/next").size(), before + 9);
}

TEST_F(ScheduleServiceTest, IsSwitchedOffAndOnByTheConfiguration) {
    addEvery("lapse", 10min);
    start();
    reload([this] { config.schedules[0].enabled = false; });
    EXPECT_EQ(last("lapse/next"), ScheduleService::kNone);
    loop->advance(1h);
    EXPECT_TRUE(carriedOut.empty());

    reload([this] { config.schedules[0].enabled = true; });
    EXPECT_EQ(last("lapse/next"), "2026-11-18T12:10:00.000Z");
    EXPECT_EQ(turnsWithin(10min), (Texts{"12:10:00"})) << "and nothing is made up for";
}

TEST_F(ScheduleServiceTest, AppliesAnotherConfigurationToWhatHasChangedOnly) {
    addEvery("a", 10min);
    addEvery("b", 10min);
    isHeldBack = true;
    start();
    loop->advance(10min);
    ASSERT_EQ(carriedOut.size(), 2U);
    reload([this] {
        config.schedules.erase(config.schedules.begin() + 1);
        config.schedules[0].rule.every = 5min;
        addEvery("c", 1h);
    });

    EXPECT_EQ(schedules->health().size(), 2U);
    EXPECT_EQ(healthOf(0).turns, 1U) << "the counters go on";
    heldBack[1](Outcome::success());  // of the one that is gone
    loop->advance(5min);
    EXPECT_EQ(healthOf(0).skipped, 1U) << "and so does what is being carried out";
    heldBack[0](Outcome::success());
    loop->advance(5min);
    EXPECT_EQ(healthOf(0).turns, 2U);
    EXPECT_EQ(healthOf(1).name, "c");
    EXPECT_EQ(last("c/next"), "2026-11-18T12:00:00.000Z");
}

TEST_F(ScheduleServiceTest, SaysNothingWithoutTopicsOfItsOwn) {
    config.topics.base = "";
    addEvery("lapse", 10min);
    start();
    schedules->onConnected();
    loop->advance(10min);

    EXPECT_EQ(carriedOut.size(), 1U);
    EXPECT_TRUE(publisher.sent.empty());
}

// ---- options

class ScheduleOptions : public ::testing::Test {
  protected:
    static std::string errorOf(const std::string& options) {
        Identity identity;
        identity.deviceId = "pi-0a1b2c";
        try {
            checkScheduleOptions(
                parseConfig({{"agent.toml", "[[schedule]]\nname = \"a\"\nevery = \"1h\"\n" + options}}, identity));
            return "";
        } catch (const ConfigError& error) {
            return error.what();
        }
    }
};

TEST_F(ScheduleOptions, AreThoseOfTheCommand) {
    EXPECT_EQ(errorOf("width = 1920\nheight = 1080\nquality = 80\ncount = 3\ntimeout = \"10s\"\n"), "");
    EXPECT_EQ(errorOf("action = \"start\"\ninterval = \"10s\"\n"), "");
    EXPECT_EQ(errorOf("action = \"stop\"\n"), "");
}

TEST_F(ScheduleOptions, AreRefusedWithTheirFileAndLine) {
    EXPECT_EQ(errorOf("width = 1921\nquality = 0\n"),
              "agent.toml:4: schedule.width: \"width\" must be an even whole number from 64 to 9152\n"
              "agent.toml:5: schedule.quality: \"quality\" must be a whole number from 1 to 100");
    for (const char* option : {"interval = \"10s\"", "widht = 640", "width = \"640\"", "width = 640.0",
                               "width = 1979-05-27", "transaction = \"a\"", "expires_at = \"2026-11-20T09:30:00Z\"",
                               "command = \"stop\"", "timeout = inf", "quality = [1]"})
        EXPECT_TRUE(errorOf(std::string(option) + "\n").starts_with("agent.toml:4: schedule."))
            << option << errorOf(std::string(option) + "\n");
    EXPECT_TRUE(errorOf("action = \"stop\"\nwidth = 640\n").starts_with("agent.toml:5: schedule.width: "));
    EXPECT_EQ(errorOf("action = \"pump=on\"\nwidth = 640\n[[gpio.output]]\nname = \"pump\"\nrole = \"\"\n"),
              "agent.toml:5: schedule.width: the action \"pump=on\" has no options");
}

}  // namespace
}  // namespace edge
