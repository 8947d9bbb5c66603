// SPDX-License-Identifier: MIT
#include "core/time/calendar.hpp"

#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edge {
namespace {

using namespace std::chrono_literals;

constexpr Coordinates kSeoul{37.57, 126.98};
constexpr Coordinates kBerlin{52.52, 13.405};
constexpr Coordinates kLongyearbyen{78.22, 15.65};
constexpr Coordinates kTroll{-72.01, 2.53};

class CalendarTest : public ::testing::Test {
  protected:
    ~CalendarTest() override { setZone(nullptr); }

    static void setZone(const char* zone) { zone == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", zone, 1); }

    static WallTime utc(const std::string& time) { return parseRfc3339(time + "Z").value(); }

    static DayTime time(const char* text) { return parseDayTime(text).value(); }

    void every(seconds interval) { rule.every = interval; }
    void at(const std::vector<const char*>& times) {
        for (const char* text : times) rule.at.push_back(time(text));
    }
    void between(const char* start, const char* end) { rule.between = {time(start), time(end)}; }

    [[nodiscard]] std::optional<WallTime> next(WallTime after) const { return nextTurn(rule, place, after); }

    /// All turns after `from` and before `to`.
    [[nodiscard]] std::vector<WallTime> turns(const std::string& from, const std::string& to) const {
        std::vector<WallTime> found;
        for (auto turn = next(utc(from)); turn && *turn < utc(to); turn = next(*turn)) found.push_back(*turn);
        return found;
    }
    /// The same as UTC without seconds: "2026-03-29T01:00".
    [[nodiscard]] std::vector<std::string> shown(const std::string& from, const std::string& to) const {
        std::vector<std::string> texts;
        for (const WallTime turn : turns(from, to)) texts.push_back(formatRfc3339(turn).substr(0, 16));
        return texts;
    }

    TurnRule rule;
    Coordinates place;
};
using Texts = std::vector<std::string>;

TEST(DayTimeText, IsAClockTimeOrASunTimeWithAnOffset) {
    using Kind = DayTime::Kind;
    EXPECT_EQ(parseDayTime("07:30"), (DayTime{Kind::kClock, 7h + 30min}));
    EXPECT_EQ(parseDayTime("00:00"), (DayTime{Kind::kClock, 0s}));
    EXPECT_EQ(parseDayTime("23:59"), (DayTime{Kind::kClock, 23h + 59min}));
    EXPECT_EQ(parseDayTime("sunrise"), (DayTime{Kind::kSunrise, 0s}));
    EXPECT_EQ(parseDayTime("sunset-1h"), (DayTime{Kind::kSunset, -1h}));
    EXPECT_EQ(parseDayTime("sunrise+15m"), (DayTime{Kind::kSunrise, 15min}));
    EXPECT_EQ(parseDayTime("sunset+12h"), (DayTime{Kind::kSunset, 12h}));
    for (const char* text : {"",           "7:30",       "07:60",        "24:00",      "07:30:00",      "0730",
                             "07.30",      "+7:30",      " 07:30",       "sun",        "sunrise+",      "sunrise 15m",
                             "sunrise+15", "sunrise15m", "sunrise+-15m", "sunset+13h", "sunset+1500ms", "Sunrise",
                             "sunrises",   "07:30+15m",  "noon"})
        EXPECT_EQ(parseDayTime(text), std::nullopt) << text;
}

// ---- at

TEST_F(CalendarTest, GivesTheTimesOfEachDayInTheirOrder) {
    setZone("Asia/Seoul");
    at({"18:00", "07:30"});

    EXPECT_EQ(shown("2026-05-01T00:00:00", "2026-05-03T00:00:00"),
              (Texts{"2026-05-01T09:00", "2026-05-01T22:30", "2026-05-02T09:00", "2026-05-02T22:30"}));
}

TEST_F(CalendarTest, LooksOnlyAtWhatComesAfter) {
    setZone("Asia/Seoul");
    at({"07:30"});

    EXPECT_EQ(next(utc("2026-05-01T22:29:59")), utc("2026-05-01T22:30:00"));
    EXPECT_EQ(next(utc("2026-05-01T22:30:00")), utc("2026-05-02T22:30:00"));
    EXPECT_EQ(next(utc("2026-05-01T22:30:00") + 1ms), utc("2026-05-02T22:30:00"));
}

TEST_F(CalendarTest, CountsTheWeekdayOfTheLocalDate) {
    setZone("Asia/Seoul");
    at({"07:30"});
    rule.days = {std::chrono::Monday, std::chrono::Tuesday};

    // 07:30 in Seoul is the evening before in UTC: 2026-05-04 is a Monday.
    EXPECT_EQ(shown("2026-05-01T00:00:00", "2026-05-10T00:00:00"), (Texts{"2026-05-03T22:30", "2026-05-04T22:30"}));
}

TEST_F(CalendarTest, RunsATimeThatIsSkippedAtTheFirstMomentAfter) {
    setZone("Europe/Berlin");
    at({"02:30", "02:45"});

    EXPECT_EQ(shown("2026-03-28T12:00:00", "2026-03-30T12:00:00"),
              (Texts{"2026-03-29T01:00", "2026-03-30T00:30", "2026-03-30T00:45"}))
        << "both once, at 03:00";
}

TEST_F(CalendarTest, RunsATimeThatComesTwiceOnce) {
    setZone("Europe/Berlin");
    at({"02:30"});

    EXPECT_EQ(shown("2026-10-24T12:00:00", "2026-10-26T12:00:00"), (Texts{"2026-10-25T00:30", "2026-10-26T01:30"}));
    EXPECT_EQ(next(utc("2026-10-25T01:00:00")), utc("2026-10-26T01:30:00")) << "nor in the second of the two hours";
}

TEST_F(CalendarTest, HasNoTurnOnADateThatDoesNotExist) {
    setZone("Pacific/Apia");
    at({"12:00"});

    EXPECT_EQ(shown("2011-12-29T00:00:00", "2012-01-01T00:00:00"),
              (Texts{"2011-12-29T22:00", "2011-12-30T22:00", "2011-12-31T22:00"}))
        << "the 29th, the 31st and the 1st";
}

TEST_F(CalendarTest, HasOneTurnADayForAYearInEveryZone) {
    for (const char* zone : {"Europe/Berlin", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
                             "Antarctica/Troll", "Arctic/Longyearbyen", "Africa/Casablanca", "America/St_Johns"}) {
        for (const char* text : {"00:00", "01:59", "02:00", "02:15", "03:00", "23:59"}) {
            setZone(zone);
            rule.at = {time(text)};
            const auto found = turns("2026-01-02T12:00:30", "2027-01-02T12:00:30");

            EXPECT_EQ(found.size(), 365U) << zone << ' ' << text;
            for (std::size_t i = 1; i < found.size(); ++i) {
                EXPECT_GE(found[i] - found[i - 1], 21h) << zone << ' ' << text;
                EXPECT_LE(found[i] - found[i - 1], 27h) << zone << ' ' << text;
            }
        }
    }
}

// ---- every

TEST_F(CalendarTest, CountsAnIntervalFromMidnight) {
    setZone("Asia/Kolkata");
    every(6h);

    EXPECT_EQ(shown("2026-05-01T00:00:00", "2026-05-02T00:00:00"),
              (Texts{"2026-05-01T00:30", "2026-05-01T06:30", "2026-05-01T12:30", "2026-05-01T18:30"}));
}

TEST_F(CalendarTest, CountsAWeekFromMonday) {
    setZone("Europe/Berlin");
    every(7 * 24h);

    EXPECT_EQ(shown("2026-03-20T00:00:00", "2026-04-08T00:00:00"),
              (Texts{"2026-03-22T23:00", "2026-03-29T22:00", "2026-04-05T22:00"}));
}

TEST_F(CalendarTest, KeepsAShortIntervalThroughBothChangesOfTheClock) {
    for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll"}) {
        setZone(zone);
        for (const seconds interval : {seconds{1min}, seconds{10min}, seconds{30min}}) {
            every(interval);
            auto before = next(utc("2026-01-01T00:00:00")).value();
            // Three days around each change would be enough; a year of minutes would take too long here.
            for (const char* from :
                 {"2026-03-07", "2026-03-28", "2026-04-03", "2026-10-02", "2026-10-24", "2026-10-31"}) {
                const WallTime end = utc(std::string(from) + "T00:00:00") + 3 * 24h;
                before = next(utc(std::string(from) + "T00:00:00")).value();
                for (auto turn = next(before).value(); turn < end; turn = next(turn).value()) {
                    EXPECT_EQ(turn - before, interval) << zone << ' ' << formatRfc3339(turn);
                    before = turn;
                }
            }
        }
    }
}

TEST_F(CalendarTest, KeepsALongIntervalToTheClockOnTheWall) {
    setZone("Europe/Berlin");
    every(2h);

    EXPECT_EQ(shown("2026-03-28T22:30:00", "2026-03-29T05:00:00"),
              (Texts{"2026-03-28T23:00", "2026-03-29T01:00", "2026-03-29T02:00", "2026-03-29T04:00"}))
        << "00:00, 03:00 for 02:00, 04:00, 06:00";
    EXPECT_EQ(next(utc("2026-03-29T00:59:59")), utc("2026-03-29T01:00:00")) << "a second before the change, too";
    EXPECT_EQ(shown("2026-10-24T21:30:00", "2026-10-25T06:00:00"),
              (Texts{"2026-10-24T22:00", "2026-10-25T00:00", "2026-10-25T03:00", "2026-10-25T05:00"}))
        << "00:00, 02:00 once, 04:00, 06:00";
}

TEST_F(CalendarTest, NeverHasTheSameTurnTwiceNorABurst) {
    for (const char* zone : {"Europe/Berlin", "Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
                             "Antarctica/Troll"}) {
        setZone(zone);
        for (const seconds interval : {seconds{40min}, seconds{1h}, seconds{7h}, seconds{24h}, seconds{7 * 24h}}) {
            every(interval);
            auto before = next(utc("2026-01-01T00:00:00")).value();
            int shorter = 0;
            for (auto turn = next(before).value(); turn < utc("2027-01-01T00:00:00"); turn = next(turn).value()) {
                EXPECT_GT(turn, before);
                EXPECT_LE(turn - before, interval + 2h) << zone << ' ' << formatRfc3339(turn);
                if (turn - before < interval) ++shorter;
                before = turn;
            }
            EXPECT_LE(shorter, 4) << zone << ": only where the clock was set";
        }
    }
}

TEST_F(CalendarTest, TakesAPictureAMinuteForAMonthWithoutDrift) {
    setZone("Asia/Seoul");
    every(1min);
    auto turn = next(utc("2026-05-01T00:00:00") - 1s).value();
    EXPECT_EQ(turn, utc("2026-05-01T00:00:00"));
    int count = 1;
    for (; turn < utc("2026-05-31T00:00:00"); ++count) turn = next(turn + 17s).value();

    EXPECT_EQ(count, 30 * 24 * 60 + 1);
    EXPECT_EQ(turn, utc("2026-05-31T00:00:00"));
}

// ---- between and days

TEST_F(CalendarTest, StaysBetweenTwoTimesOfTheDay) {
    setZone("Asia/Seoul");
    every(3h);
    between("08:00", "18:00");

    EXPECT_EQ(shown("2026-05-01T00:00:00", "2026-05-02T00:00:00"), (Texts{"2026-05-01T03:00", "2026-05-01T06:00"}))
        << "12:00 and 15:00; 09:00 was at midnight UTC";
    between("09:00", "18:00");
    EXPECT_EQ(shown("2026-04-30T23:59:00", "2026-05-01T09:00:01"),
              (Texts{"2026-05-01T00:00", "2026-05-01T03:00", "2026-05-01T06:00"}))
        << "the first time belongs to it, the second does not";
}

TEST_F(CalendarTest, GoesPastMidnight) {
    setZone("Asia/Seoul");
    every(3h);
    between("20:00", "06:00");

    EXPECT_EQ(shown("2026-05-01T00:00:00", "2026-05-02T00:00:00"),
              (Texts{"2026-05-01T12:00", "2026-05-01T15:00", "2026-05-01T18:00"}))
        << "21:00, 00:00, 03:00";
}

TEST_F(CalendarTest, JumpsToTheNextAllowedDay) {
    setZone("Europe/Berlin");
    every(1s);
    rule.days = {std::chrono::Sunday};
    between("12:00", "12:01");

    EXPECT_EQ(next(utc("2026-03-22T11:00:59")), utc("2026-03-29T10:00:00")) << "a week and a change of the clock later";
}

TEST_F(CalendarTest, HasNoTurnWhereNoneIsPossible) {
    setZone("Europe/Berlin");
    every(7 * 24h);
    rule.days = {std::chrono::Tuesday};
    EXPECT_EQ(next(utc("2026-03-22T11:00:59")), std::nullopt);

    rule = {};
    at({"07:30"});
    between("08:00", "09:00");
    EXPECT_EQ(next(utc("2026-03-22T11:00:59")), std::nullopt);
}

TEST_F(CalendarTest, ComesToAnEndWhereMidnightComesTwice) {
    // The clock was set back from 00:01 to 23:01 until 2011: the date changed twice.
    setZone("America/St_Johns");
    every(10min);
    rule.days = {std::chrono::Sunday};

    const auto found = shown("2010-11-06T00:00:00", "2010-11-07T04:00:00");
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found.front(), "2010-11-07T02:30") << "Sunday begins, for a minute";
    EXPECT_EQ(found[1], "2010-11-07T03:30") << "and again, after an hour of Saturday";
}

// ---- the sun

TEST_F(CalendarTest, FollowsSunriseAndSunset) {
    setZone("Asia/Seoul");
    place = kSeoul;
    at({"sunrise+15m", "sunset"});

    EXPECT_EQ(shown("2026-06-20T15:00:00", "2026-06-21T15:00:00"), (Texts{"2026-06-20T20:25", "2026-06-21T10:56"}));
}

TEST_F(CalendarTest, HasAYearOfSunrises) {
    setZone("Europe/Berlin");
    place = kBerlin;
    for (const char* text : {"sunrise", "sunset", "sunset+12h", "sunrise-12h"}) {
        rule.at = {time(text)};
        EXPECT_EQ(turns("2026-01-02T00:00:00", "2027-01-02T00:00:00").size(), 365U) << text;
    }
}

TEST_F(CalendarTest, StaysInTheDaylight) {
    setZone("Asia/Seoul");
    place = kSeoul;
    every(1h);
    between("sunrise", "sunset");

    const auto found = shown("2026-12-20T15:00:00", "2026-12-21T15:00:00");
    EXPECT_EQ(found.front(), "2026-12-20T23:00") << "08:00, sunrise was at 07:43";
    EXPECT_EQ(found.back(), "2026-12-21T08:00") << "17:00, sunset was at 17:17";
    EXPECT_EQ(found.size(), 10U);

    between("sunset", "sunrise");
    EXPECT_EQ(shown("2026-12-20T15:00:00", "2026-12-21T15:00:00").size(), 13U) << "the other hours; 00:00 was before";
}

TEST_F(CalendarTest, HasNoSunriseInPolarDayAndNight) {
    setZone("Arctic/Longyearbyen");
    place = kLongyearbyen;
    at({"sunrise"});

    EXPECT_EQ(formatRfc3339(next(utc("2026-04-18T12:00:00")).value()).substr(0, 10), "2026-08-24")
        << "after the polar day";
    EXPECT_EQ(formatRfc3339(next(utc("2026-10-27T00:00:00")).value()).substr(0, 10), "2027-02-16")
        << "after the polar night";
    const std::size_t days = turns("2026-01-02T00:00:00", "2027-01-02T00:00:00").size();
    EXPECT_GT(days, 115U);
    EXPECT_LT(days, 130U);
}

TEST_F(CalendarTest, CountsThePolarDayAsDaylightAndThePolarNightAsNight) {
    setZone("Arctic/Longyearbyen");
    place = kLongyearbyen;
    every(1h);
    for (const auto& [from, to] :
         {std::pair("sunrise", "sunset"), std::pair("sunrise+1h", "sunset-1h"), std::pair("sunrise-1h", "sunset+1h")}) {
        between(from, to);
        EXPECT_EQ(turns("2026-05-01T00:00:00", "2026-08-01T00:00:00").size(), 92U * 24 - 1) << from;
        EXPECT_TRUE(turns("2026-11-01T00:00:00", "2027-02-01T00:00:00").empty()) << from;
    }
    for (const auto& [from, to] : {std::pair("sunset", "sunrise"), std::pair("sunset+1h", "sunrise-1h")}) {
        between(from, to);
        EXPECT_TRUE(turns("2026-05-01T00:00:00", "2026-08-01T00:00:00").empty()) << from;
        EXPECT_EQ(turns("2026-11-01T00:00:00", "2027-02-01T00:00:00").size(), 92U * 24 - 1) << from;
    }
}

TEST_F(CalendarTest, CountsEachHourOfAPolarYearAsDayOrNight) {
    for (const Coordinates& polar : {kLongyearbyen, kTroll}) {
        setZone(polar == kTroll ? "Antarctica/Troll" : "Arctic/Longyearbyen");
        place = polar;
        every(1h);
        between("sunrise", "sunset");
        const std::size_t day = turns("2026-01-01T00:00:00", "2027-01-01T00:00:00").size();
        between("sunset", "sunrise");
        const std::size_t night = turns("2026-01-01T00:00:00", "2027-01-01T00:00:00").size();

        // Solar noon moves by half a minute a day, so that an hour on the border may belong to neither.
        EXPECT_NEAR(static_cast<double>(day + night), 365 * 24 - 1, 2);
    }
}

}  // namespace
}  // namespace edge
