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
