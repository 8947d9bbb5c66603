// SPDX-License-Identifier: MIT
#include "config/schema/rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "core/suggest.hpp"

namespace edge {
namespace {

KeyFacts makeFacts(KeyKind kind, std::string allowed, std::string min = "", std::string max = "") {
    KeyFacts facts;
    facts.kind = kind;
    facts.allowed = std::move(allowed);
    facts.min = std::move(min);
    facts.max = std::move(max);
    return facts;
}

struct SizeUnit {
    std::string_view name;
    std::int64_t bytes;
};
constexpr std::array<SizeUnit, 3> kSizeUnits{{{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}}};

/// Of the right type but in quotes, or with what other formats call it: `meant` is how to write it, "" where that
/// cannot be told.
Complaint notAllowed(const Value& value, const std::string& meant) {
    if (meant.empty()) return edge::notAllowed(value);
    const bool isText = value.as<std::string>() != nullptr;
    return fmt::format("{} is {}, did you mean {}{}?", describe(value), isText ? "a text" : "not allowed", meant,
                       isText ? " without quotes" : "");
}

/// A number that stands in quotes; "" for anything else.
template <typename Number>
std::string unquoted(const Value& value) {
    const auto* text = value.as<std::string>();
    if (text == nullptr || text->find_first_not_of("-.0123456789") != std::string::npos) return "";
    Number number{};
    const char* end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, number);
    return error == std::errc{} && rest == end ? *text : "";
}

std::optional<std::int64_t> parseSize(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool isTooLong = error == std::errc::result_out_of_range;
    if ((error != std::errc{} && !isTooLong) || number < 0 || text.front() == '-') return std::nullopt;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    for (const SizeUnit& unit : kSizeUnits) {
        if (unit.name != name) continue;
        return isTooLong || number > kMost / unit.bytes ? kMost : number * unit.bytes;
    }
    return std::nullopt;
}

}  // namespace

Complaint notAllowed(const Value& value) {
    return describe(value) + " is not allowed";
}

Complaint together(std::vector<Objection> objections) {
    if (objections.empty()) return std::nullopt;
    Objection first = std::move(objections.front());
    objections.erase(objections.begin());
    first.others = std::move(objections);
    return first;
}

KeyFacts FlagRule::facts() const {
    KeyFacts facts = makeFacts(KeyKind::kFlag, "true or false, without quotes");
    facts.choices = {"true", "false"};
    return facts;
}

std::string FlagRule::show(bool value) const {
    return value ? "true" : "false";
}

Complaint FlagRule::read(const Value& value, bool& into) const {
    const auto* flag = value.as<bool>();
    const auto* text = value.as<std::string>();
    if (flag == nullptr)
        return notAllowed(value, nearest(text == nullptr ? describe(value) : *text, {"true", "false"}));
    into = *flag;
    return std::nullopt;
}

KeyFacts IntegerRule::facts() const {
    const std::string kind = step == 1   ? "a whole number"
                             : step == 2 ? "an even number"
                                         : fmt::format("a multiple of {}", step);
    const std::string added = note.empty() ? "" : fmt::format(" ({})", note);
    return makeFacts(KeyKind::kInteger, fmt::format("{} from {} to {}{}", kind, min, max, added), show(min), show(max));
}

std::string IntegerRule::show(std::int64_t value) const {
    return fmt::format("{}", value);
}

Complaint IntegerRule::read(const Value& value, std::int64_t& into) const {
    const auto* number = value.as<std::int64_t>();
    if (number == nullptr) return notAllowed(value, unquoted<std::int64_t>(value));
    if (*number < min || *number > max || *number % step != 0) return notAllowed(value);
    into = *number;
    return std::nullopt;
}

Complaint IntegerRule::read(const Value& value, int& into) const {
    std::int64_t number = 0;
    if (Complaint complaint = read(value, number)) return complaint;
    into = static_cast<int>(number);
    return std::nullopt;
}

KeyFacts RealRule::facts() const {
    return makeFacts(KeyKind::kReal, fmt::format("a number from {} to {}{}", min, max, zero ? "" : ", not 0"),
                     show(min), show(max));
}

std::string RealRule::show(double value) const {
    const std::string text = fmt::format("{}", value);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

Complaint RealRule::read(const Value& value, double& into) const {
    double number = 0;
    if (const auto* whole = value.as<std::int64_t>()) {
        number = static_cast<double>(*whole);
    } else if (const auto* real = value.as<double>()) {
        number = *real;
    } else {
        return notAllowed(value, unquoted<double>(value));
    }
    const bool isInRange = std::isfinite(number) && number >= min && number <= max;
    if (!isInRange || (!zero && std::fpclassify(number) == FP_ZERO)) return notAllowed(value);
    into = number;
    return std::nullopt;
}

KeyFacts DurationRule::facts() const {
    std::string allowed = fmt::format("a duration from {} to {}", show(min), show(max));
    if (step > milliseconds{1}) allowed += fmt::format(" in steps of {}", show(step));
    if (word) allowed += fmt::format(", or {} ({})", inQuotes(word->word), word->meaning);
    KeyFacts facts = makeFacts(KeyKind::kDuration, allowed, show(min), show(max));
    if (word) facts.choices = {inQuotes(word->word)};
    return facts;
}

std::string DurationRule::show(milliseconds value) const {
    if (word && value == word->value) return inQuotes(word->word);
    return inQuotes(formatDuration(value));
}

Complaint DurationRule::read(const Value& value, milliseconds& into) const {
    const auto* text = value.as<std::string>();
    if (text == nullptr) return describe(value) + " has no unit (write \"250ms\", \"2s\", \"5m\", \"1h\" or \"7d\")";
    if (word && *text == word->word) {
        into = word->value;
        return std::nullopt;
    }
    const auto duration = parseDuration(*text);
    if (!duration) return describe(value) + " is not a duration like \"250ms\", \"2s\", \"5m\", \"1h\" or \"7d\"";
    if (*duration < min || *duration > max || *duration % step != milliseconds{0}) return notAllowed(value);
    into = *duration;
    return std::nullopt;
}

KeyFacts SizeRule::facts() const {
    return makeFacts(KeyKind::kSize, fmt::format("a size from {} to {}, in KiB, MiB or GiB", show(min), show(max)),
                     show(min), show(max));
}

std::string SizeRule::show(std::int64_t bytes) const {
    for (const SizeUnit& unit : kSizeUnits) {
        if (bytes % unit.bytes == 0) return fmt::format("\"{}{}\"", bytes / unit.bytes, unit.name);
    }
    return fmt::format("\"{}\"", bytes);
}

Complaint SizeRule::read(const Value& value, std::int64_t& into) const {
    const auto* text = value.as<std::string>();
    if (text == nullptr) return describe(value) + " has no unit (write \"16MiB\")";
    const auto bytes = parseSize(*text);
    if (!bytes) return describe(value) + " is not a size like \"16MiB\"";
    if (*bytes < min || *bytes > max) return notAllowed(value);
    into = *bytes;
    return std::nullopt;
}

KeyFacts TextRule::facts() const {
    return makeFacts(KeyKind::kText, allowed);
}

std::string TextRule::show(const std::string& value) const {
    return inQuotes(value);
}

Complaint TextRule::read(const Value& value, std::string& into) const {
    const auto* text = value.as<std::string>();
    if (text == nullptr) return isShown ? describe(value) + " is not a text in quotes" : "is not a text in quotes";
    if (const Complaint complaint = check(*text)) {
        return isShown ? fmt::format("{} {}", describe(value), complaint->text) : complaint->text;
    }
    into = *text;
    return std::nullopt;
}

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

Complaint readChoice(const Value& value, const std::vector<std::string>& words, std::size_t& into) {
    const auto* text = value.as<std::string>();
    const std::string typed = text == nullptr ? describe(value) : *text;
    const auto found = std::find(words.begin(), words.end(), inQuotes(typed));
    if (text == nullptr || found == words.end()) {
        std::vector<std::string> candidates;
        for (const std::string& word : words) candidates.push_back(word.substr(1, word.size() - 2));
        const std::string meant = typed.empty() ? "" : nearest(typed, candidates);
        return fmt::format("{} is {}{}", describe(value), text == nullptr ? "not a text in quotes" : "not known",
                           meant.empty() ? "" : fmt::format(", did you mean {}?", inQuotes(meant)));
    }
    into = static_cast<std::size_t>(found - words.begin());
    return std::nullopt;
}

KeyFacts NumberChoiceRule::facts() const {
    std::vector<std::string> words;
    for (const int choice : choices) words.push_back(show(choice));
    KeyFacts facts = makeFacts(KeyKind::kInteger, listed(words), words.front(), words.back());
    facts.choices = words;
    return facts;
}

std::string NumberChoiceRule::show(int value) const {
    return fmt::format("{}", value);
}

Complaint NumberChoiceRule::read(const Value& value, int& into) const {
    const auto* number = value.as<std::int64_t>();
    if (number == nullptr) return notAllowed(value, unquoted<std::int64_t>(value));
    if (std::find(choices.begin(), choices.end(), *number) == choices.end()) return notAllowed(value);
    into = static_cast<int>(*number);
    return std::nullopt;
}

}  // namespace edge
