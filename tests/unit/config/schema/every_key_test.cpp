// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <regex>
#include <string>
#include <utility>
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

/// Its range as TOML, by what is said to be allowed: "a whole number from 1 to 100"; nullopt where it has none.
std::optional<std::pair<std::string, std::string>> rangeOf(const TableKey& key) {
    static const std::regex range(R"(^an? [a-z ]+ from ("[^"]+"|[-.0-9]+) to ("[^"]+"|[-.0-9]+))");
    std::smatch found;
    if (!std::regex_search(key.allowed, found, range)) return std::nullopt;
    return std::pair(found[1].str(), found[2].str());
}

/// The words and numbers that are said to be allowed one by one, as TOML: "\"on\" or \"off\"", "0, 90 or 180".
std::vector<std::string> wordsOf(const TableKey& key) {
    static const std::regex all(R"((("[^"]*"|[0-9]+)(, | or |$))+)");
    static const std::regex word(R"("[^"]*"|[0-9]+)");
    static const std::regex besideRange(R"(, or ("[^"]*") \()");
    std::smatch found;
    if (key.allowed.starts_with("true or false")) return {"true", "false"};
    if (std::regex_search(key.allowed, found, besideRange)) return {found[1].str()};
    if (!std::regex_match(key.allowed, all)) return {};
    return {std::sregex_token_iterator(key.allowed.begin(), key.allowed.end(), word), std::sregex_token_iterator()};
}

/// One step beyond `text`, a limit of the key's kind.
std::string beyond(const TableKey& key, const std::string& text, int step) {
    const std::string inner = text.substr(1, text.size() - 2);
    if (key.allowed.starts_with("a number"))
        return fmt::format("{:.17g}", std::nextafter(std::stod(text), step * std::numeric_limits<double>::infinity()));
    if (key.allowed.starts_with("a duration")) {
        const auto limit = parseDuration(inner).value();
        return step < 0 && limit.count() == 0 ? "\"-1ms\"" : fmt::format("\"{}ms\"", limit.count() + step);
    }
    if (key.allowed.starts_with("a size")) {
        const long long kib = std::stoll(inner) * (inner.ends_with("GiB") ? 1LL << 20 : 1LL << 10);
        return fmt::format("\"{}KiB\"", kib + step);
    }
    return fmt::format("{}", std::stoll(text) + step);
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
    std::size_t ranges = 0;
    for (const TableKey& key : allKeys()) {
        const auto range = rangeOf(key);
        if (!range) continue;

        ++ranges;
        // min < max forbids these two ends, whatever the range says.
        if (key.path() != "sensor.max") expectAccepted(key, range->first);
        if (key.path() != "sensor.min") expectAccepted(key, range->second);
        expectRefused(key, beyond(key, range->first, -1));
        expectRefused(key, beyond(key, range->second, +1));
    }
    EXPECT_GT(ranges, 35U);
}

TEST(EveryKey, AcceptsEachOfItsWordsAndNoOther) {
    std::size_t words = 0;
    for (const TableKey& key : allKeys()) {
        for (const std::string& word : wordsOf(key)) expectAccepted(key, word);
        if (!wordsOf(key).empty()) expectRefused(key, "\"nothing of the kind\"");
        words += wordsOf(key).size();
    }
    EXPECT_GT(words, 50U);
}

TEST(EveryKey, RefusesOtherTypes) {
    // By how what is allowed begins; all others are texts and words.
    const std::vector<std::pair<std::string, std::vector<std::string>>> wrong{
        {"true or false", {"1", "\"true\"", "[]", "1.0"}},
        {"a whole number", {"1.0", "\"1\"", "true", "[1]", "9223372036854775807", "-9223372036854775808"}},
        {"an even number", {"640.0", "\"640\"", "true", "[640]", "9223372036854775806", "-9223372036854775808"}},
        {"0, 90", {"90.0", "\"90\"", "true", "[90]", "45", "360", "-90"}},
        {"a number", {"\"1\"", "true", "[1.0]", "nan", "inf", "-inf", "9223372036854775807"}},
        {"a duration", {"2", "2.5", "true", "\"2\"", "\"2 s\"", "\"-2s\"", "\"9223372036854775807d\""}},
        {"a size", {"16", "true", "\"16\"", "\"16MB\"", "\"-1MiB\"", "\"9223372036854775807GiB\""}},
        {"a list of 1 to 16 different addresses", {"1", "\"mqtt://localhost\"", "[]", "[1]", "[\"\"]"}},
        {"an offset", {"1.5", "true", "[17]"}},
        {"at most 16 areas",
         {"1", "\"all\"", "[1]", "[[0, 0, 100]]", "[[0, 0, 101, 10]]", "[[60, 0, 50, 10]]", "[[0, 0, 0, 10]]",
          "[[0, 0, 1.5, 10]]", "[[-1, 0, 10, 10]]"}},
        {"a list of times", {"1", "\"07:30\"", "[1]", "[\"7:30\"]", "[\"sunrise+13h\"]", "[\"07:30\", \"08:60\"]"}},
        {"[], or two times", {"1", "\"07:30\"", "[1]", "[\"7:30\"]", "[\"07:30\", \"08:60\"]"}},
        {"a list of \"mon\"", {"1", "\"mon\"", "[1]", "[\"monday\"]", "[\"Mon\"]"}},
        {"at most 64 libcamera controls", {"1", "\"ExposureTime\"", "[]"}},
        {"", {"1", "true", "[\"a\"]", "1.5"}},
    };
    for (const TableKey& key : allKeys()) {
        const auto kind =
            std::ranges::find_if(wrong, [&](const auto& row) { return key.allowed.starts_with(row.first); });
        for (const std::string& value : kind->second) expectRefused(key, value);
        expectRefused(key, "2026-11-20T09:30:00Z");
        if (!key.allowed.starts_with("at most 64")) expectRefused(key, "{a = 1}");
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
