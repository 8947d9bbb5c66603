// SPDX-License-Identifier: MIT
#include <fstream>
#include <map>
#include <set>
#include <string>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "reading.hpp"

namespace edge {
namespace {

const char* const kDocument = EDGE_SOURCE_DIR "/docs/configuration.md";
const char* const kManual = EDGE_SOURCE_DIR "/docs/man/agent.toml.5";

/// "table.key" → its row of the document, "| `key` | `default` | allowed | what it does |".
std::map<std::string, std::string> documentedRows() {
    std::map<std::string, std::string> rows;
    std::ifstream file(kDocument);
    std::string table;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("## ")) {
            const auto begin = line.find_first_not_of('[', line.find('['));
            table = begin == std::string::npos ? "" : line.substr(begin, line.find(']') - begin);
        }
        if (line.starts_with("| `") && !table.empty()) rows[table + '.' + line.substr(3, line.find('`', 3) - 3)] = line;
    }
    return rows;
}

/// "table.key" → its entry in the manual page: "key = default", then what is allowed.
std::map<std::string, std::string> manualEntries() {
    std::map<std::string, std::string> entries;
    std::ifstream file(kManual);
    std::string table;
    std::string path;
    for (std::string line; std::getline(file, line);) {
        for (std::size_t at = 0; (at = line.find("\\(dq")) != std::string::npos;) line.replace(at, 4, "\"");
        if (line.starts_with(".Ss ")) {
            const auto begin = line.find_first_not_of('[', line.find('['));
            table = line.substr(begin, line.find(']') - begin);
        } else if (const std::size_t equals = line.find(" No = "); line.starts_with(".It Ic ")) {
            const std::string key = line.substr(7, equals - 7);
            path = table + '.' + key;
            entries[path] = key + " = " + line.substr(equals + 6);
        } else if (line.starts_with("Allowed: ")) {
            entries[path] += '\n' + line;
        }
    }
    return entries;
}

TEST(ManualPage, HasEveryKeyWithItsDefaultAndWhatIsAllowedAndNoOther) {
    std::map<std::string, std::string> wanted;
    for (const TableKey& key : allKeys())
        wanted[key.path()] = fmt::format("{} = {}\nAllowed: {}.", key.name, key.defaultValue, key.allowed);
    const auto entries = manualEntries();
    for (const auto& [path, entry] : wanted) {
        ASSERT_TRUE(entries.contains(path)) << path << " is not documented in " << kManual;
        EXPECT_EQ(entries.at(path), entry);
    }
    for (const auto& [path, entry] : entries) EXPECT_TRUE(wanted.contains(path)) << path;
}

TEST(ConfigurationDocument, HasEveryKeyWithItsDefaultAndWhatIsAllowed) {
    const auto rows = documentedRows();
    for (const TableKey& key : allKeys()) {
        const auto row = rows.find(key.path());
        ASSERT_NE(row, rows.end()) << key.path() << " is not documented in " << kDocument;
        const std::string start = fmt::format("| `{}` | `{}` | {} | ", key.name, key.defaultValue, key.allowed);
        EXPECT_TRUE(row->second.starts_with(start)) << "wanted: " << start << "\nfound:  " << row->second;
        EXPECT_GT(row->second.size(), start.size() + 5) << "says nothing about " << key.path();
    }
}

TEST(ConfigurationDocument, HasNoKeyThatDoesNotExist) {
    std::set<std::string> known;
    for (const TableKey& key : allKeys()) known.insert(key.path());
    for (const auto& [path, row] : documentedRows()) EXPECT_TRUE(known.contains(path)) << path;
}

TEST(ConfigurationDocument, HasExamplesThatAreGood) {
    std::ifstream file(kDocument);
    std::string example;
    int examples = 0;
    bool isInside = false;
    for (std::string line; std::getline(file, line);) {
        if (line == "```toml") {
            isInside = true;
            example.clear();
        } else if (line == "```" && isInside) {
            isInside = false;
            ++examples;
            EXPECT_EQ(errorsOf(example), "") << example;
        } else if (isInside) {
            example += line + '\n';
        }
    }
    EXPECT_GE(examples, 8);
}

}  // namespace
}  // namespace edge
