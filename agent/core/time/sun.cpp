// SPDX-License-Identifier: MIT
#include "core/time/sun.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace edge {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr double kZenith = 90.833;        // degrees: half of the sun's disc and the refraction below the horizon
constexpr double kMinutesPerDegree = 4;   // of the Earth's rotation
constexpr double kNoonMinutes = 12 * 60;  // of solar time
constexpr double kJulianDayOf1970 = 2440587.5;
constexpr double kJulianDayOf2000 = 2451545.0;
constexpr double kDaysPerCentury = 36525;

double radians(double degrees) {
    return degrees * std::numbers::pi / 180;
}

double degrees(double radians) {
    return radians * 180 / std::numbers::pi;
}

struct SunPosition {
    double declination = 0;     ///< degrees
    double equationOfTime = 0;  ///< minutes that a sundial is ahead of mean solar time
};

/// The names and coefficients of NOAA's spreadsheet.
SunPosition positionAt(double julianDay) {
    const double t = (julianDay - kJulianDayOf2000) / kDaysPerCentury;
    const double meanLongitude = std::fmod(280.46646 + t * (36000.76983 + t * 0.0003032), 360);
    const double meanAnomaly = 357.52911 + t * (35999.05029 - 0.0001537 * t);
    const double eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
    const double m = radians(meanAnomaly);
    const double center = std::sin(m) * (1.914602 - t * (0.004817 + 0.000014 * t)) +
                          std::sin(2 * m) * (0.019993 - 0.000101 * t) + std::sin(3 * m) * 0.000289;
    const double omega = radians(125.04 - 1934.136 * t);
    const double apparentLongitude = meanLongitude + center - 0.00569 - 0.00478 * std::sin(omega);
    const double meanObliquity = 23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60;
    const double obliquity = radians(meanObliquity + 0.00256 * std::cos(omega));
    const double y = std::pow(std::tan(obliquity / 2), 2);
    const double l = radians(meanLongitude);
    const double equation = y * std::sin(2 * l) - 2 * eccentricity * std::sin(m) +
                            4 * eccentricity * y * std::sin(m) * std::cos(2 * l) - y * y / 2 * std::sin(4 * l) -
                            1.25 * eccentricity * eccentricity * std::sin(2 * m);
    return {degrees(std::asin(std::sin(obliquity) * std::sin(radians(apparentLongitude)))),
            kMinutesPerDegree * degrees(equation)};
}

/// The cosine of the angle that the Earth turns from sunrise to noon; beyond ±1 where the sun does not rise or set.
double cosineOfHourAngle(double latitude, double declination) {
    const double phi = radians(latitude);
    const double delta = radians(declination);
    return std::cos(radians(kZenith)) / (std::cos(phi) * std::cos(delta)) - std::tan(phi) * std::tan(delta);
}

/// Times of one date, as minutes since its midnight UTC.
class Day {
  public:
    Day(sys_days date, const Coordinates& place) : date_(date), place_(place) {}

    [[nodiscard]] SunPosition at(double minutes) const {
        return positionAt(kJulianDayOf1970 + static_cast<double>(date_.time_since_epoch().count()) +
                          minutes / (24 * 60));
    }

    /// When the sun stands `hourAngle` degrees past noon; before it, below 0.
    [[nodiscard]] double timeOf(double hourAngle, const SunPosition& sun) const {
        return kNoonMinutes + kMinutesPerDegree * (hourAngle - place_.longitude) - sun.equationOfTime;
    }

    [[nodiscard]] double noon() const { return timeOf(0, at(timeOf(0, {}))); }

    /// `side` is -1 for sunrise and 1 for sunset. The sun moves on in half a day, so its position is corrected once.
    [[nodiscard]] double crossing(int side) const {
        double minutes = noon();
        for (int pass = 0; pass < 2; ++pass) {
            const SunPosition sun = at(minutes);
            const double cosine = std::clamp(cosineOfHourAngle(place_.latitude, sun.declination), -1.0, 1.0);
            minutes = timeOf(side * degrees(std::acos(cosine)), sun);
        }
        return minutes;
    }

    [[nodiscard]] sys_seconds instant(double minutes) const {
        return date_ + std::chrono::seconds{std::lround(minutes * 60)};
    }

  private:
    sys_days date_;
    const Coordinates& place_;
};

}  // namespace

SunDay sunOn(sys_days date, const Coordinates& place) {
    const Day day(date, place);
    const double noon = day.noon();
    const double cosine = cosineOfHourAngle(place.latitude, day.at(noon).declination);
    if (cosine > 1) return {SunDay::Kind::kPolarNight, day.instant(noon), {}, {}};
    if (cosine < -1) return {SunDay::Kind::kPolarDay, day.instant(noon), {}, {}};
    return {SunDay::Kind::kNormal, day.instant(noon), day.instant(day.crossing(-1)), day.instant(day.crossing(1))};
}

}  // namespace edge
