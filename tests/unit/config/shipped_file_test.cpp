// SPDX-License-Identifier: MIT
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "core/text.hpp"
#include "reading.hpp"

namespace edge {
namespace {

std::string shippedText() {
    std::ifstream file(std::string(EDGE_SOURCE_DIR) + "/config/agent.toml");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A line that is a default behind a '#', or a header; not prose.
bool isCommentedSetting(std::string_view line) {
    return line.starts_with("#[[") || (line.size() > 1 && line[0] == '#' && line[1] >= 'a' && line[1] <= 'z');
}

/// `key = value  # words` without the words.
std::string withoutComment(const std::string& line) {
    const auto comment = line.find(" #");
    return std::string(trim(std::string_view(line).substr(0, comment)));
}

/// "table.key" of every line of the file, commented out or not, with the value it shows. The first sensor counts.
std::map<std::string, std::string> shownSettings(bool onlyCommented) {
    std::map<std::string, std::string> shown;
    std::istringstream lines(shippedText());
    std::string table;
    for (std::string line; std::getline(lines, line);) {
        const bool isCommented = isCommentedSetting(line);
        if (isCommented) line.erase(0, 1);
        if (line.starts_with("[")) {
            const auto begin = line.find_first_not_of('[');
            table = line.substr(begin, line.find(']') - begin);
        } else if (const auto equals = line.find(" = "); equals != std::string::npos && line[0] != '#') {
            if (isCommented || !onlyCommented)
                shown.emplace(table + '.' + line.substr(0, equals), withoutComment(line.substr(equals + 3)));
        }
    }
    return shown;
}

TEST(ShippedFile, HasARoomSensorAndACpuSensorAndNoActiveGpio) {
    const Config config = configOf(shippedText());

    ASSERT_EQ(config.sensors.size(), 2U);
    EXPECT_EQ(config.sensors[0].name, "room");
    EXPECT_EQ(config.sensors[0].type, SensorType::kW1);
    EXPECT_EQ(config.sensors[0].device, "");
    EXPECT_EQ(config.sensors[0].topic, "room/temp");
    EXPECT_EQ(config.sensors[1].name, "cpu");
    EXPECT_EQ(config.sensors[1].type, SensorType::kThermal);
    EXPECT_EQ(config.sensors[1].topic, "");
    EXPECT_TRUE(config.gpio.outputs.empty());
    EXPECT_TRUE(config.gpio.inputs.empty());
}

TEST(ShippedFile, IsStillGoodWithEveryCommentedSettingTurnedOn) {
    std::istringstream lines(shippedText());
    std::string text;
    for (std::string line; std::getline(lines, line);)
        text += (isCommentedSetting(line) ? line.substr(1) : line) + '\n';

    const Config config = configOf(text);

    EXPECT_EQ(config.gpio.outputs.size(), 1U);
    EXPECT_EQ(config.gpio.inputs.size(), 1U);
}

TEST(ShippedFile, ShowsEveryKey) {
    const auto shown = shownSettings(false);
    for (const TableKey& key : allKeys()) EXPECT_TRUE(shown.contains(key.path())) << key.path() << " is missing";
}

TEST(ShippedFile, ShowsNothingButKeysThatExist) {
    std::set<std::string> known;
    for (const TableKey& key : allKeys()) known.insert(key.path());
    for (const auto& [path, value] : shownSettings(false)) EXPECT_TRUE(known.contains(path)) << path;
}

TEST(ShippedFile, ShowsTheDefaultInEveryLineThatIsCommentedOut) {
    std::map<std::string, std::string> defaults;
    for (const TableKey& key : allKeys()) defaults[key.path()] = key.defaultValue;
    const auto shown = shownSettings(true);

    EXPECT_GT(shown.size(), 50U);
    for (const auto& [path, value] : shown) EXPECT_EQ(value, defaults[path]) << path;
}

TEST(ShippedFile, FitsOnAScreen) {
    std::istringstream lines(shippedText());
    constexpr std::size_t kColumns = 125;
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), kColumns) << line;
}

}  // namespace
}  // namespace edge
