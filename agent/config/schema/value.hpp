// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace edge {

struct Value;

/// One `key = value` or `[table]`, as written.
struct Entry;

/// In the order of the file's keys, sorted by name; a name occurs once.
struct Table {
    std::vector<Entry> entries;

    /// nullptr where there is no such key.
    [[nodiscard]] const Entry* find(std::string_view key) const;
};

using List = std::vector<Value>;

/// A date or a time: legal TOML that no key of ours takes.
struct Date {};

/// What the file says, free of the TOML library, with the line it stands on (from 1).
struct Value {
    std::variant<bool, std::int64_t, double, std::string, List, Table, Date> data;
    int line = 1;

    template <typename T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&data);
    }
};

struct Entry {
    std::string key;
    int line = 1;
    Value value;
};

/// For a message: `3`, `"text"` (escaped and cut), `a table`.
std::string describe(const Value& value);

/// A quoted TOML string.
std::string inQuotes(std::string_view text);

}  // namespace edge
