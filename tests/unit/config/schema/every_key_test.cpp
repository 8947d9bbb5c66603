// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "config/schema/key_facts.hpp"
#include "unit/config/reading.hpp"

namespace edge {

void PrintTo(const KeyFacts& facts, std::ostream* out) {
    *out << facts.path();
}

namespace {

/// What else a file must say so that this value of this key is not refused for another reason.
std::string companion(const std::string& path, const std::string& value) {
    if (path == "mqtt.reconnect_min") return "reconnect_max = \"1d\"";
    if (path == "mqtt.reconnect_max") return "reconnect_min = \"100ms\"";
    if (path == "sensor.type" || path == "camera.backend") return "device = \"/somewhere\"";
    if (path == "sensor.min" && value != "-55.0") return "max = 1000000000.0";
    if (path == "sensor.max" && value != "125.0") return "min = -1000000000.0";
    return "";
}

/// The table's header, then `key = value`: the value is on line 2.
std::string fileWith(const KeyFacts& facts, const std::string& value) {
    const bool isBlock = facts.table == "sensor" || facts.table.starts_with("gpio.");
    std::string with = companion(facts.path(), value);
    if (facts.path() == "sensor.type" && value == "\"w1\"") with.clear();  // its device is no path
    return fmt::format("{}{}{}\n{} = {}\n{}\n", isBlock ? "[[" : "[", facts.table, isBlock ? "]]" : "]", facts.key,
                       value, with);
}

/// One step beyond `text`, a limit of the key's kind.
std::string beyond(const KeyFacts& facts, const std::string& text, int step) {
    const std::string inner = text.substr(1, text.size() - 2);
    switch (facts.kind) {
        case KeyKind::kInteger:
        case KeyKind::kLine:
            return fmt::format("{}", std::stoll(text) + step);
        case KeyKind::kReal:
            return fmt::format("{:.17g}",
                               std::nextafter(std::stod(text), step * std::numeric_limits<double>::infinity()));
        case KeyKind::kDuration: {
            const auto limit = parseDuration(inner).value();
            return step < 0 && limit.count() == 0 ? "\"-1ms\"" : fmt::format("\"{}ms\"", limit.count() + step);
        }
        case KeyKind::kSize: {
            const long long kib = std::stoll(inner) * (inner.ends_with("GiB") ? 1LL << 20 : 1LL << 10);
            return fmt::format("\"{}KiB\"", kib + step);
        }
        default:
            return "";
    }
}

void expectAccepted(const KeyFacts& facts, const std::string& value) {
    EXPECT_EQ(mistakesOf(fileWith(facts, value)), "") << facts.path() << " = " << value;
}

void expectRefused(const KeyFacts& facts, const std::string& value) {
    const std::string told = mistakesOf(fileWith(facts, value));
    const std::string start = fmt::format("agent.toml:2: {}: ", facts.path());
    EXPECT_TRUE(told.starts_with(start)) << facts.path() << " = " << value.substr(0, 100) << "\n" << told;
    EXPECT_TRUE(told.ends_with("; allowed: " + facts.allowed)) << told;
    EXPECT_EQ(told.find('\n'), std::string::npos) << told;
    EXPECT_LT(told.size(), 500U);
}

TEST(EveryKey, AcceptsItsDefault) {
    for (const KeyFacts& facts : allKeys()) {
        expectAccepted(facts, facts.defaultValue);
    }
}

TEST(EveryKey, AcceptsItsLimitsAndRefusesWhatIsBeyondThem) {
    for (const KeyFacts& facts : allKeys()) {
        if (facts.min.empty()) continue;

        // min < max forbids these two ends, whatever the range says.
        if (facts.path() != "sensor.max") expectAccepted(facts, facts.min);
        if (facts.path() != "sensor.min") expectAccepted(facts, facts.max);
        expectRefused(facts, beyond(facts, facts.min, -1));
        expectRefused(facts, beyond(facts, facts.max, +1));
    }
}

TEST(EveryKey, AcceptsEachOfItsWordsAndNoOther) {
    for (const KeyFacts& facts : allKeys()) {
        for (const std::string& choice : facts.choices) expectAccepted(facts, choice);
        if (facts.kind == KeyKind::kChoice || facts.kind == KeyKind::kDuration)
            expectRefused(facts, "\"nothing of the kind\"");
    }
}

TEST(EveryKey, RefusesOtherTypes) {
    const std::map<KeyKind, std::vector<std::string>> wrong{
        {KeyKind::kFlag, {"1", "\"true\"", "[]", "1.0"}},
        {KeyKind::kInteger, {"1.0", "\"1\"", "true", "[1]", "9223372036854775807", "-9223372036854775808"}},
        {KeyKind::kReal, {"\"1\"", "true", "[1.0]", "nan", "inf", "-inf", "9223372036854775807"}},
        {KeyKind::kText, {"1", "true", "[\"a\"]", "1.5"}},
        {KeyKind::kDuration, {"2", "2.5", "true", "\"2\"", "\"2 s\"", "\"-2s\"", "\"9223372036854775807d\""}},
        {KeyKind::kSize, {"16", "true", "\"16\"", "\"16MB\"", "\"-1MiB\"", "\"9223372036854775807GiB\""}},
        {KeyKind::kChoice, {"1", "true", "[]"}},
        {KeyKind::kServers, {"1", "\"mqtt://localhost\"", "[]", "[1]", "[\"\"]"}},
        {KeyKind::kLine, {"1.5", "true", "[17]"}},
        {KeyKind::kAreas,
         {"1", "\"all\"", "[1]", "[[0, 0, 100]]", "[[0, 0, 101, 10]]", "[[60, 0, 50, 10]]", "[[0, 0, 0, 10]]",
          "[[0, 0, 1.5, 10]]", "[[-1, 0, 10, 10]]"}},
        {KeyKind::kControls, {"1", "\"ExposureTime\"", "[]"}},
    };
    for (const KeyFacts& facts : allKeys()) {
        for (const std::string& value : wrong.at(facts.kind)) expectRefused(facts, value);
        expectRefused(facts, "2026-11-20T09:30:00Z");
        if (facts.kind != KeyKind::kControls) expectRefused(facts, "{a = 1}");
    }
}

TEST(EveryKey, RefusesAnEmptyTextUnlessThatHasAMeaning) {
    for (const KeyFacts& facts : allKeys()) {
        const bool hasMeaning = contains(facts.allowed, "\"\"");

        hasMeaning ? expectAccepted(facts, "\"\"") : expectRefused(facts, "\"\"");
    }
}

TEST(EveryKey, RefusesAMegabyteOfText) {
    for (const KeyFacts& facts : allKeys()) {
        expectRefused(facts, '"' + std::string(1'000'000, 'a') + '"');
    }
}

TEST(EveryKey, RefusesANumberThatDoesNotFit) {
    for (const KeyFacts& facts : allKeys()) {
        const std::string told = mistakesOf(fileWith(facts, "99999999999999999999"));
        EXPECT_TRUE(told.starts_with(fmt::format("agent.toml:2: {}: ", facts.path()))) << told;
    }
}

TEST(EveryKey, RefusesASecondOne) {
    for (const KeyFacts& facts : allKeys()) {
        const std::string line = fmt::format("{} = {}\n", facts.key, facts.defaultValue);
        const std::string told = mistakesOf(fmt::format("[{}]\n{}{}", facts.table, line, line));

        EXPECT_EQ(told, fmt::format("agent.toml:3: {}: is given twice, remove one of the two", facts.path()));
    }
}

TEST(EveryKey, IsSuggestedWhenItIsMistyped) {
    for (const KeyFacts& facts : allKeys()) {
        const std::string typed = facts.key + "x";
        const bool isBlock = facts.table == "sensor" || facts.table.starts_with("gpio.");
        const std::string header = fmt::format("{}{}{}", isBlock ? "[[" : "[", facts.table, isBlock ? "]]" : "]");

        EXPECT_EQ(mistakesOf(fmt::format("{}\n{} = 1\n", header, typed)),
                  fmt::format("agent.toml:2: {}.{}: unknown key, did you mean {}?", facts.table, typed, facts.key));
    }
}

}  // namespace
}  // namespace edge
