// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/schema/key_facts.hpp"
#include "config/schema/value.hpp"
#include "core/time/time.hpp"

/// What can be said about a value: its type and its range. A rule reads a value, shows one as TOML and says what is
/// allowed, so that message, documentation and test cannot differ from the check.
namespace edge {

/// What is wrong, as the middle of "key: …; allowed: …".
struct Objection {
    Objection(std::string what) : text(std::move(what)) {}  // implicit: a rule returns the sentence
    Objection(const char* what) : text(what) {}

    std::string text;
    int line = 0;                   ///< of the part of a list or table that is wrong; 0 = the value's own
    std::string below;              ///< the key inside the table, "" where there is none
    std::vector<Objection> others;  ///< to further parts of the same list or table
};

/// nullopt where nothing is wrong.
using Complaint = std::optional<Objection>;

/// "3 is out of range" and the like, for rules.
Complaint notAllowed(const Value& value);

/// All of `objections` as one complaint; nullopt where there are none.
Complaint together(std::vector<Objection> objections);

struct FlagRule {
    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(bool value) const;
    Complaint read(const Value& value, bool& into) const;
};

/// A whole number from `min` to `max`, in steps of `step` from 0.
struct IntegerRule {
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::int64_t step = 1;
    std::string note = "";  ///< added to what is allowed: "0 = the camera's own"

    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(std::int64_t value) const;
    Complaint read(const Value& value, std::int64_t& into) const;
    Complaint read(const Value& value, int& into) const;
};

/// A finite number; a whole one will do.
struct RealRule {
    double min = 0;
    double max = 0;
    bool zero = true;  ///< whether 0 is allowed

    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(double value) const;
    Complaint read(const Value& value, double& into) const;
};

/// `word` stands for `value`: "always".
struct DurationWord {
    std::string word;
    milliseconds value{0};
    std::string meaning;
};

struct DurationRule {
    milliseconds min{0};
    milliseconds max{0};
    milliseconds step{1};
    std::optional<DurationWord> word = std::nullopt;

    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(milliseconds value) const;
    Complaint read(const Value& value, milliseconds& into) const;
};

/// "16MiB": a whole number of KiB, MiB or GiB.
struct SizeRule {
    std::int64_t min = 0;
    std::int64_t max = 0;

    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(std::int64_t bytes) const;
    Complaint read(const Value& value, std::int64_t& into) const;
};

/// A text that `check` has nothing against. Secret-bearing keys are not repeated in messages.
struct TextRule {
    std::string allowed;
    std::function<Complaint(std::string_view)> check;
    bool isShown = true;

    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(const std::string& value) const;
    Complaint read(const Value& value, std::string& into) const;
};

/// The common part of ChoiceRule: which of `words` the value is.
Complaint readChoice(const Value& value, const std::vector<std::string>& words, std::size_t& into);
std::string listed(const std::vector<std::string>& words);

/// One of a few words, each standing for a value.
template <typename T>
struct ChoiceRule {
    std::vector<std::pair<std::string, T>> choices;

    [[nodiscard]] std::vector<std::string> words() const {
        std::vector<std::string> all;
        for (const auto& [word, value] : choices) all.push_back(inQuotes(word));
        return all;
    }
    [[nodiscard]] KeyFacts facts() const {
        KeyFacts facts;
        facts.kind = KeyKind::kChoice;
        facts.allowed = listed(words());
        facts.choices = words();
        return facts;
    }
    [[nodiscard]] std::string show(const T& value) const {
        for (const auto& [word, meaning] : choices) {
            if (meaning == value) return inQuotes(word);
        }
        return "";
    }
    Complaint read(const Value& value, T& into) const {
        std::size_t index = 0;
        if (Complaint complaint = readChoice(value, words(), index)) return complaint;
        into = choices[index].second;
        return std::nullopt;
    }
};

/// One of a few whole numbers.
struct NumberChoiceRule {
    std::vector<int> choices;

    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(int value) const;
    Complaint read(const Value& value, int& into) const;
};

}  // namespace edge
