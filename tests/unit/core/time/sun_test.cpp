// SPDX-License-Identifier: MIT
#include "core/time/sun.hpp"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "core/time/time.hpp"

namespace edge {
namespace {

using std::chrono::sys_days;

sys_days dateOf(const std::string& date) {
    return std::chrono::floor<std::chrono::days>(parseRfc3339(date + "T00:00:00Z").value());
}

struct Almanac {
    const char* date;
    Coordinates place;
    const char* sunrise;
    const char* sunset;
};

/// By PyEphem 4.1.4 (VSOP87, not NOAA's equations) with the almanac's horizon of -34'. Those of Seoul, New York and
/// Reykjavik are the published ones to the minute: 05:11 and 19:57 KST, 05:25 and 20:31 EDT, 02:55 and 00:04 GMT in
/// June.
constexpr Almanac kAlmanac[] = {
    {"2026-03-20", {37.57, 126.98}, "2026-03-19T21:36:21Z", "2026-03-20T09:43:29Z"},  // Seoul
    {"2026-06-21", {37.57, 126.98}, "2026-06-20T20:10:59Z", "2026-06-21T10:56:39Z"},
    {"2026-09-23", {37.57, 126.98}, "2026-09-22T21:20:20Z", "2026-09-23T09:28:12Z"},
    {"2026-12-21", {37.57, 126.98}, "2026-12-20T22:42:55Z", "2026-12-21T08:17:00Z"},
    {"2026-03-20", {52.52, 13.405}, "2026-03-20T05:09:15Z", "2026-03-20T17:19:26Z"},  // Berlin
    {"2026-06-21", {52.52, 13.405}, "2026-06-21T02:43:08Z", "2026-06-21T19:33:14Z"},
    {"2026-09-23", {52.52, 13.405}, "2026-09-23T04:53:48Z", "2026-09-23T17:02:41Z"},
    {"2026-12-21", {52.52, 13.405}, "2026-12-21T07:14:52Z", "2026-12-21T14:53:58Z"},
    {"2026-06-21", {40.71, -74.01}, "2026-06-21T09:25:04Z", "2026-06-22T00:30:43Z"},  // New York
    {"2026-12-21", {40.71, -74.01}, "2026-12-21T12:16:33Z", "2026-12-21T21:31:50Z"},
    {"2026-06-21", {-0.18, -78.47}, "2026-06-21T11:12:23Z", "2026-06-21T23:19:05Z"},  // Quito
    {"2026-12-21", {-0.18, -78.47}, "2026-12-21T11:07:58Z", "2026-12-21T23:16:07Z"},
    {"2026-06-21", {-33.87, 151.21}, "2026-06-20T20:59:58Z", "2026-06-21T06:53:47Z"},  // Sydney
    {"2026-12-21", {-33.87, 151.21}, "2026-12-20T18:40:37Z", "2026-12-21T09:05:25Z"},
    {"2026-03-20", {64.15, -21.94}, "2026-03-20T07:28:36Z", "2026-03-20T19:43:24Z"},  // Reykjavik
    {"2026-06-21", {64.15, -21.94}, "2026-06-21T02:55:13Z", "2026-06-22T00:03:55Z"},
    {"2026-12-21", {64.15, -21.94}, "2026-12-21T11:22:19Z", "2026-12-21T15:29:22Z"},
    {"2026-06-21", {-13.83, -171.77}, "2026-06-21T17:49:43Z", "2026-06-22T05:08:16Z"},  // Apia
    {"2026-12-21", {-13.83, -171.77}, "2026-12-21T16:56:58Z", "2026-12-22T05:53:47Z"},
    {"2026-03-20", {78.22, 15.65}, "2026-03-20T04:51:44Z", "2026-03-20T17:21:54Z"},  // Longyearbyen
    {"2026-09-01", {78.22, 15.65}, "2026-09-01T01:35:00Z", "2026-09-01T20:11:19Z"},
    {"2026-10-01", {78.22, 15.65}, "2026-10-01T05:32:34Z", "2026-10-01T15:58:16Z"},
};

TEST(Sun, RisesAndSetsWithinHalfAMinuteOfAnAlmanac) {
    const auto difference = [](std::chrono::sys_seconds found, const char* wanted) {
        return std::chrono::abs(found - parseRfc3339(wanted).value());
    };
    for (const Almanac& day : kAlmanac) {
        const SunDay sun = sunOn(dateOf(day.date), day.place);

        ASSERT_EQ(sun.kind, SunDay::Kind::kNormal) << day.date;
        EXPECT_LE(difference(sun.sunrise, day.sunrise), seconds{30}) << formatRfc3339(sun.sunrise);
        EXPECT_LE(difference(sun.sunset, day.sunset), seconds{30}) << formatRfc3339(sun.sunset);
    }
}

TEST(Sun, StandsHighestBetweenSunriseAndSunset) {
    const SunDay sun = sunOn(dateOf("2026-11-03"), {52.52, 13.405});

    // The equation of time is 16 minutes and a half then.
    EXPECT_LE(std::chrono::abs(sun.noon - parseRfc3339("2026-11-03T10:49:55Z").value()), seconds{20})
        << formatRfc3339(sun.noon);
}

/// The first date of 2026, from `from` on, on which the sun is as `kind` says.
std::string firstDate(const Coordinates& place, SunDay::Kind kind, const std::string& from) {
    sys_days date = dateOf(from);
    while (sunOn(date, place).kind != kind) date += std::chrono::days{1};
    return formatRfc3339(date).substr(0, 10);
}

TEST(Sun, DoesNotRiseOrSetNearThePoles) {
    using Kind = SunDay::Kind;
    constexpr Coordinates kLongyearbyen{78.22, 15.65};
    constexpr Coordinates kTroll{-72.01, 2.53};

    // PyEphem's dates, give or take the one day on which the sun grazes the horizon.
    EXPECT_EQ(firstDate(kLongyearbyen, Kind::kNormal, "2026-01-01"), "2026-02-15");
    EXPECT_EQ(firstDate(kLongyearbyen, Kind::kPolarDay, "2026-01-01"), "2026-04-19");
    EXPECT_EQ(firstDate(kLongyearbyen, Kind::kNormal, "2026-06-01"), "2026-08-25");
    EXPECT_EQ(firstDate(kLongyearbyen, Kind::kPolarNight, "2026-06-01"), "2026-10-27");
    EXPECT_EQ(sunOn(dateOf("2026-01-01"), kTroll).kind, Kind::kPolarDay);
    EXPECT_EQ(sunOn(dateOf("2026-06-21"), kTroll).kind, Kind::kPolarNight);
    EXPECT_EQ(sunOn(dateOf("2026-06-21"), {90, 0}).kind, Kind::kPolarDay);
    EXPECT_EQ(sunOn(dateOf("2026-06-21"), {-90, 0}).kind, Kind::kPolarNight);
}

TEST(Sun, RisesOnceADayEverywhereAndAllYear) {
    for (const double latitude : {-60.0, -30.0, 0.0, 45.0, 65.0}) {
        for (const double longitude : {-180.0, -90.0, 0.0, 126.98, 180.0}) {
            SunDay before = sunOn(dateOf("2026-01-01"), {latitude, longitude});
            for (int day = 1; day < 366; ++day) {
                const SunDay sun = sunOn(dateOf("2026-01-01") + std::chrono::days{day}, {latitude, longitude});

                EXPECT_LT(before.sunset, sun.sunrise);
                EXPECT_LT(sun.sunrise, sun.noon);
                EXPECT_LT(sun.noon, sun.sunset);
                EXPECT_LT(std::chrono::abs(sun.noon - before.noon - std::chrono::hours{24}), seconds{45});
                before = sun;
            }
        }
    }
}

}  // namespace
}  // namespace edge
