// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "unit/config/reading.hpp"

namespace edge {

void PrintTo(const TableKey& key, std::ostream* out) {
    *out << key.path();
}

namespace {

/// What else a file must say so that this value of this key is not refused for another reason.
std::string companion(const std::string& path, const std::string& value) {
    if (path == "mqtt.reconnect_min") return "reconnect_max = \"1d\"";
    if (path == "mqtt.reconnect_max") return "reconnect_min = \"100ms\"";
    if (path == "sensor.type" || path == "camera.backend") return "device = \"/somewhere\"";
    if (path == "sensor.quantity" || path == "sensor.unit")
        return "type = \"file\"\ndevice = \"/somewhere\"" +
               std::string(path == "sensor.unit" && value != "\"\"" ? "\nquantity = \"number\"" : "");
    if (path == "sensor.channel") return "type = \"iio\"";
    if (path == "sensor.min" && value != "-55.0") return "max = 1000000000.0";
    if (path == "sensor.max" && value != "125.0") return "min = -1000000000.0";
    if (path == "schedule.every") return "name = \"a\"";
    if (path == "schedule.name") return "every = \"10m\"";
    if (path.starts_with("schedule.")) return "name = \"a\"\nevery = \"10m\"";
    return "";
}

std::string headerOf(const TableKey& key) {
    const bool isBlock = key.table == "sensor" || key.table.starts_with("gpio.") || key.table == "schedule";
    return fmt::format("{}{}{}", isBlock ? "[[" : "[", key.table, isBlock ? "]]" : "]");
}

/// The table's header, then `key = value`: the value is on line 2.
std::string fileWith(const TableKey& key, const std::string& value) {
    std::string with = companion(key.path(), value);
    if (key.path() == "sensor.type" && value == "\"w1\"") with.clear();  // its device is no path
    return fmt::format("{}\n{} = {}\n{}\n", headerOf(key), key.name, value, with);
}

/// One step beyond `text`, a limit of the key's kind.
std::string beyond(const TableKey& key, const std::string& text, int step) {
    const std::string inner = text.substr(1, text.size() - 2);
    switch (key.type) {
        case KeyType::kInteger:
        case KeyType::kLine:
            return fmt::format("{}", std::stoll(text) + step);
        case KeyType::kReal:
            return fmt::format("{:.17g}",
                               std::nextafter(std::stod(text), step * std::numeric_limits<double>::infinity()));
        case KeyType::kDuration: {
            const auto limit = parseDuration(inner).value();
            return step < 0 && limit.count() == 0 ? "\"-1ms\"" : fmt::format("\"{}ms\"", limit.count() + step);
        }
        case KeyType::kSize: {
            const long long kib = std::stoll(inner) * (inner.ends_with("GiB") ? 1LL << 20 : 1LL << 10);
            return fmt::format("\"{}KiB\"", kib + step);
        }
        default:
            return "";
    }
}

void expectAccepted(const TableKey& key, const std::string& value) {
    EXPECT_EQ(errorsOf(fileWith(key, value)), "") << key.path() << " = " << value;
}

void expectRefused(const TableKey& key, const std::string& value) {
    const std::string told = errorsOf(fileWith(key, value));
    const std::string start = fmt::format("agent.toml:2: {}: ", key.path());
    EXPECT_TRUE(told.starts_with(start)) << key.path() << " = " << value.substr(0, 100) << "\n" << told;
    EXPECT_TRUE(told.ends_with("; allowed: " + key.allowed)) << told;
    EXPECT_EQ(told.find('\n'), std::string::npos) << told;
    EXPECT_LT(told.size(), 500U);
}

TEST(EveryKey, AcceptsItsDefault) {
    for (const TableKey& key : allKeys()) {
        expectAccepted(key, key.defaultValue);
    }
}

TEST(EveryKey, AcceptsItsLimitsAndRefusesWhatIsBeyondThem) {
    for (const TableKey& key : allKeys()) {
        if (key.min.empty()) continue;

        // min < max forbids these two ends, whatever the range says.
        if (key.path() != "sensor.max") expectAccepted(key, key.min);
        if (key.path() != "sensor.min") expectAccepted(key, key.max);
        expectRefused(key, beyond(key, key.min, -1));
        expectRefused(key, beyond(key, key.max, +1));
    }
}

TEST(EveryKey, AcceptsEachOfItsWordsAndNoOther) {
    for (const TableKey& key : allKeys()) {
        for (const std::string& choice : key.choices) expectAccepted(key, choice);
        if (key.type == KeyType::kChoice || key.type == KeyType::kDuration)
            expectRefused(key, "\"nothing of the kind\"");
    }
}

TEST(EveryKey, RefusesOtherTypes) {
    const std::map<KeyType, std::vector<std::string>> wrong{
        {KeyType::kFlag, {"1", "\"true\"", "[]", "1.0"}},
        {KeyType::kInteger, {"1.0", "\"1\"", "true", "[1]", "9223372036854775807", "-9223372036854775808"}},
        {KeyType::kReal, {"\"1\"", "true", "[1.0]", "nan", "inf", "-inf", "9223372036854775807"}},
        {KeyType::kText, {"1", "true", "[\"a\"]", "1.5"}},
        {KeyType::kDuration, {"2", "2.5", "true", "\"2\"", "\"2 s\"", "\"-2s\"", "\"9223372036854775807d\""}},
        {KeyType::kSize, {"16", "true", "\"16\"", "\"16MB\"", "\"-1MiB\"", "\"9223372036854775807GiB\""}},
        {KeyType::kChoice, {"1", "true", "[]"}},
        {KeyType::kServers, {"1", "\"mqtt://localhost\"", "[]", "[1]", "[\"\"]"}},
        {KeyType::kLine, {"1.5", "true", "[17]"}},
        {KeyType::kAreas,
         {"1", "\"all\"", "[1]", "[[0, 0, 100]]", "[[0, 0, 101, 10]]", "[[60, 0, 50, 10]]", "[[0, 0, 0, 10]]",
          "[[0, 0, 1.5, 10]]", "[[-1, 0, 10, 10]]"}},
        {KeyType::kTimes, {"1", "\"07:30\"", "[1]", "[\"7:30\"]", "[\"sunrise+13h\"]", "[\"07:30\", \"08:60\"]"}},
        {KeyType::kDays, {"1", "\"mon\"", "[1]", "[\"monday\"]", "[\"Mon\"]"}},
        {KeyType::kControls, {"1", "\"ExposureTime\"", "[]"}},
    };
    for (const TableKey& key : allKeys()) {
        for (const std::string& value : wrong.at(key.type)) expectRefused(key, value);
        expectRefused(key, "2026-11-20T09:30:00Z");
        if (key.type != KeyType::kControls) expectRefused(key, "{a = 1}");
    }
}

TEST(EveryKey, RefusesAnEmptyTextUnlessThatHasAMeaning) {
    for (const TableKey& key : allKeys()) {
        const bool hasMeaning = contains(key.allowed, "\"\"");

        hasMeaning ? expectAccepted(key, "\"\"") : expectRefused(key, "\"\"");
    }
}

TEST(EveryKey, RefusesAMegabyteOfText) {
    for (const TableKey& key : allKeys()) {
        expectRefused(key, '"' + std::string(1'000'000, 'a') + '"');
    }
}

TEST(EveryKey, RefusesANumberThatDoesNotFit) {
    for (const TableKey& key : allKeys()) {
        const std::string told = errorsOf(fileWith(key, "99999999999999999999"));
        EXPECT_TRUE(told.starts_with(fmt::format("agent.toml:2: {}: ", key.path()))) << told;
    }
}

TEST(EveryKey, RefusesASecondOne) {
    for (const TableKey& key : allKeys()) {
        const std::string line = fmt::format("{} = {}\n", key.name, key.defaultValue);
        const std::string told = errorsOf(fmt::format("[{}]\n{}{}", key.table, line, line));

        EXPECT_TRUE(contains(told, fmt::format("agent.toml:3: {}: is a duplicate", key.path()))) << told;
    }
}

TEST(EveryKey, IsSuggestedWhenItIsMistyped) {
    for (const TableKey& key : allKeys()) {
        const std::string typed = key.name + "x";
        const std::string told = errorsOf(fmt::format("{}\n{} = 1\n", headerOf(key), typed));

        // A schedule lacks the key itself then, too.
        EXPECT_TRUE(contains(
            told, fmt::format("agent.toml:2: {}.{}: unknown key, did you mean {}?", key.table, typed, key.name)))
            << told;
    }
}

}  // namespace
}  // namespace edge
