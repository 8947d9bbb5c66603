// SPDX-License-Identifier: MIT
#include "config/schema/section_reader.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/suggest.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxBlocks = 64;
constexpr std::size_t kMaxHints = 1000;

void addOnce(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

SectionReader::SectionReader(const Table& root, Mistakes& mistakes, std::map<std::string, int>& lines)
    : root_(root), mistakes_(mistakes), lines_(lines) {}

bool SectionReader::isTable(std::string_view path) const {
    return std::any_of(keys_.begin(), keys_.end(), [&](const KeyFacts& facts) {
        return facts.table == path || (facts.table.starts_with(path) && facts.table[path.size()] == '.');
    });
}

const Entry* SectionReader::findEntry(const std::string& path) {
    const Table* table = &root_;
    std::size_t begin = 0;
    while (true) {
        const std::size_t dot = path.find('.', begin);
        const Entry* entry = table->find(std::string_view(path).substr(begin, dot - begin));
        if (entry == nullptr || dot == std::string::npos) return entry;
        table = entry->value.as<Table>();
        const std::string above = path.substr(0, dot);
        if (table == nullptr) {
            if (!mistakes_.has(above)) {
                mistakes_.add(entry->line, above,
                              fmt::format("{} is not a table; allowed: [{}]", describe(entry->value), above));
            }
            return nullptr;
        }
        begin = dot + 1;
    }
}

const Table* SectionReader::findTable(const std::string& path) {
    const Entry* entry = findEntry(path);
    if (entry == nullptr) return nullptr;
    lines_[path] = entry->line;
    const Table* table = entry->value.as<Table>();
    if (table == nullptr && !mistakes_.has(path)) {
        mistakes_.add(entry->line, path,
                      fmt::format("{} is not a table; allowed: [{}], once", describe(entry->value), path));
    }
    return table;
}

std::vector<const Value*> SectionReader::findBlocks(const std::string& path) {
    const Entry* entry = findEntry(path);
    if (entry == nullptr) return {};
    const List* list = entry->value.as<List>();
    if (list == nullptr) {
        mistakes_.add(
            entry->line, path,
            fmt::format("{} is not enough, there may be several; allowed: [[{}]]", describe(entry->value), path));
        return {};
    }
    std::vector<const Value*> blocks;
    for (const Value& element : *list) {
        if (element.as<Table>() == nullptr) {
            mistakes_.add(element.line, path,
                          fmt::format("{} is not a table; allowed: [[{}]]", describe(element), path));
        } else if (blocks.size() == kMaxBlocks) {
            mistakes_.add(element.line, path, fmt::format("too many; allowed: {} of them", kMaxBlocks));
            break;
        } else {
            blocks.push_back(&element);
        }
    }
    return blocks;
}

void SectionReader::rejectUnknownTables() {
    for (const Entry& entry : root_.entries) {
        if (!isTable(entry.key)) rejectUnknownKey("", "", entry);
    }
    const Entry* gpio = root_.find("gpio");
    const Table* table = gpio == nullptr ? nullptr : gpio->value.as<Table>();
    if (table == nullptr) return;
    for (const Entry& entry : table->entries) rejectUnknownKey("gpio", "gpio", entry);
}

void SectionReader::rejectUnknownKey(const std::string& section, const std::string& path, const Entry& entry) {
    if (!path.empty() && isTable(section + '.' + entry.key)) return;  // [mqtt.tls] inside [mqtt]: read on its own
    const List* list = entry.value.as<List>();
    const bool isList = list != nullptr && !list->empty() && list->front().as<Table>() != nullptr;
    const bool isTableLike = isList || entry.value.as<Table>() != nullptr;
    // A file of junk has a hundred thousand of them: looking for what each was meant to be takes seconds.
    const std::string hint = mistakes_.count() < kMaxHints ? hintFor(section, entry.key) : "";
    mistakes_.add(entry.line, path.empty() ? entry.key : path + '.' + entry.key,
                  fmt::format("unknown {}{}", isTableLike ? "table" : "key", hint));
}

std::string SectionReader::hintFor(const std::string& section, const std::string& key) const {
    std::vector<std::string> here;
    std::vector<std::string> elsewhere;
    for (const KeyFacts& facts : keys_) {
        if (facts.table == section) addOnce(here, facts.key);
        if (facts.key == key) addOnce(elsewhere, '[' + facts.table + ']');
        if (section.empty()) {
            addOnce(here, facts.table.substr(0, facts.table.find('.')));
        } else if (facts.table.starts_with(section + '.')) {
            addOnce(here, facts.table.substr(section.size() + 1));
        }
    }
    if (const std::string meant = nearest(key, here); !meant.empty()) return fmt::format(", did you mean {}?", meant);
    if (!elsewhere.empty()) return fmt::format(", it belongs to {}", listed(elsewhere));
    return fmt::format("; allowed: {}", listed(here));
}

void SectionReader::object(const std::string& path, int line, const Objection& objection, const KeyFacts& facts) {
    const std::string below = objection.below.empty() ? "" : '.' + objection.below;
    mistakes_.add(objection.line > 0 ? objection.line : line, path + below,
                  fmt::format("{}; allowed: {}", objection.text, facts.allowed));
    for (const Objection& other : objection.others) object(path, line, other, facts);
}

}  // namespace edge
