// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/key.hpp"
#include "config/schema/mistakes.hpp"
#include "config/schema/value.hpp"

namespace edge {

/// Fills the parts of a configuration from the tables of a file. Every key it meets is noted in `lines`, every mistake
/// in `mistakes`; a key with a mistake keeps its default. All references must outlive it.
class SectionReader {
  public:
    SectionReader(const Table& root, Mistakes& mistakes, std::map<std::string, int>& lines);

    /// What stands outside of every table that there is.
    void rejectUnknownTables();

    template <typename S>
    void read(const Section<S>& section, S& into) {
        into = section.defaults;
        if (const Table* table = findTable(section.name)) readKeys(section, section.name, *table, into);
    }

    template <typename S>
    void read(const Section<S>& section, std::vector<S>& into) {
        int index = 0;
        for (const Value* block : findBlocks(section.name)) {
            const std::string path = section.name + '[' + std::to_string(index++) + ']';
            lines_[path] = block->line;
            into.push_back(section.defaults);
            readKeys(section, path, *block->as<Table>(), into.back());
        }
    }

  private:
    template <typename S>
    void readKeys(const Section<S>& section, const std::string& path, const Table& table, S& into) {
        for (const Entry& entry : table.entries) {
            const Key<S>* key = findKey(section, entry.key);
            if (key == nullptr) {
                rejectUnknownKey(section.name, path, entry);
                continue;
            }
            const std::string keyPath = path + '.' + entry.key;
            lines_[keyPath] = entry.line;
            if (const Complaint complaint = key->read(entry.value, into))
                object(keyPath, entry.line, *complaint, key->facts);
        }
    }

    template <typename S>
    static const Key<S>* findKey(const Section<S>& section, std::string_view name) {
        for (const Key<S>& key : section.keys) {
            if (key.facts.key == name) return &key;
        }
        return nullptr;
    }

    const Table* findTable(const std::string& path);
    std::vector<const Value*> findBlocks(const std::string& path);
    const Entry* findEntry(const std::string& path);
    [[nodiscard]] bool isTable(std::string_view path) const;
    void rejectUnknownKey(const std::string& section, const std::string& path, const Entry& entry);
    [[nodiscard]] std::string hintFor(const std::string& section, const std::string& key) const;
    void object(const std::string& path, int line, const Objection& objection, const KeyFacts& facts);

    const Table& root_;
    Mistakes& mistakes_;
    std::map<std::string, int>& lines_;
    std::vector<KeyFacts> keys_ = allKeys();
};

}  // namespace edge
