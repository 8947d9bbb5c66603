// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/schema/key_facts.hpp"
#include "config/schema/rules.hpp"
#include "config/schema/value.hpp"

namespace edge {

/// One key of a table that fills an S: what may be written, and how it gets there.
template <typename S>
struct Key {
    KeyFacts facts;
    /// Takes the value over, or says what is wrong with it and leaves `into` alone.
    std::function<Complaint(const Value& value, S& into)> read;
};

enum class Repeated { kNo, kYes };

/// One table of the file: `[name]`, or any number of `[[name]]`.
template <typename S>
struct Section {
    std::string name;
    Repeated repeated = Repeated::kNo;
    S defaults;  ///< of the keys that are left out
    std::vector<Key<S>> keys;

    /// Adds the key that `rule` describes: it fills `member`, and what `member` is in `defaults` is its default.
    template <typename T, typename Rule>
    Section& add(std::string key, T S::*member, const Rule& rule) {
        KeyFacts facts = rule.facts();
        facts.table = name;
        facts.key = std::move(key);
        facts.defaultValue = rule.show(defaults.*member);
        keys.push_back({std::move(facts), [rule, member](const Value& value, S& into) {
                            T wanted{};
                            if (Complaint complaint = rule.read(value, wanted)) return complaint;
                            into.*member = std::move(wanted);
                            return Complaint{};
                        }});
        return *this;
    }
};

}  // namespace edge
