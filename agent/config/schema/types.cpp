// SPDX-License-Identifier: MIT
#include "config/schema/types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include <fmt/core.h>
#include <toml++/toml.h>

#include "core/suggest.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

struct SizeUnit {
    std::string_view name;
    std::int64_t bytes;
};
constexpr std::array<SizeUnit, 3> kSizeUnits{{{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}}};

/// Always with a decimal point or exponent: "1 is not allowed" would be no help if 1 is allowed and 1.0 is not.
std::string realText(double value) {
    const std::string text = fmt::format("{}", value);
    return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::string durationText(milliseconds value) {
    return inQuotes(formatDuration(value));
}

std::string sizeText(std::int64_t bytes) {
    const auto* unit =
        std::ranges::find_if(kSizeUnits.begin(), kSizeUnits.end() - 1,
                             [bytes](const SizeUnit& candidate) { return bytes % candidate.bytes == 0; });
    return fmt::format("\"{}{}\"", bytes / unit->bytes, unit->name);
}

/// More than fits becomes the largest number.
std::optional<std::int64_t> parseSize(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::result_out_of_range) number = std::numeric_limits<std::int64_t>::max();
    if (error == std::errc::invalid_argument || text.starts_with('-')) return std::nullopt;
    const std::string_view name = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const SizeUnit& unit : kSizeUnits) {
        if (unit.name == name)
            return std::min(number, std::numeric_limits<std::int64_t>::max() / unit.bytes) * unit.bytes;
    }
    return std::nullopt;
}

/// The number that stands in quotes; "" for anything else.
std::string unquoted(const toml::node& value, const char* characters) {
    const auto* text = value.as_string();
    if (text == nullptr || text->get().find_first_not_of(characters) != std::string::npos) return "";
    return parseNumber<double>(text->get()) ? text->get() : "";
}

Key makeReal(std::string name, double usual, double min, double max, bool isZeroAllowed,
             std::function<void(double)> store) {
    Key key(std::move(name), realText(usual),
            fmt::format("a number from {} to {}{}", min, max, isZeroAllowed ? "" : ", not 0"));
    key.read = [min, max, isZeroAllowed, store = std::move(store)](const toml::node& value) -> ValueErrors {
        if (!value.is_number()) return notAllowed(value, unquoted(value, "-.0123456789"));
        const auto number = finiteNumber(value);
        if (!number || *number < min || *number > max || (!isZeroAllowed && std::fpclassify(*number) == FP_ZERO))
            return notAllowed(value);
        store(*number);
        return {};
    };
    return key;
}

}  // namespace

std::string describe(const toml::node& value) {
    constexpr std::size_t kMaxShownBytes = 60;
    switch (value.type()) {
        case toml::node_type::boolean:
            return value.as_boolean()->get() ? "true" : "false";
        case toml::node_type::integer:
            return fmt::format("{}", value.as_integer()->get());
        case toml::node_type::floating_point:
            return realText(value.as_floating_point()->get());
        case toml::node_type::string:
            return '"' + printable(value.as_string()->get(), kMaxShownBytes) + '"';
        case toml::node_type::array:
            return "a list";
        case toml::node_type::table:
            return "a table";
        default:
            return "a date or time";
    }
}

std::string jsonOf(const toml::node& value) {
    std::ostringstream out;
    out << toml::json_formatter(value);
    return out.str();
}

std::string inQuotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string listed(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

std::optional<double> finiteNumber(const toml::node& value) {
    if (const auto* integer = value.as_integer()) return static_cast<double>(integer->get());
    const auto* real = value.as_floating_point();
    return real != nullptr && std::isfinite(real->get()) ? std::optional(real->get()) : std::nullopt;
}

ValueErrors notAllowed(const toml::node& value, const std::string& meant) {
    if (meant.empty()) return {{describe(value) + " is not allowed"}};
    return {{fmt::format("{} is {}, did you mean {}{}?", describe(value), value.is_string() ? "a text" : "not allowed",
                         meant, value.is_string() ? " without quotes" : "")}};
}

Key flagKey(std::string name, bool& into) {
    Key key(std::move(name), into ? "true" : "false", "true or false, without quotes");
    key.read = [&into](const toml::node& value) -> ValueErrors {
        const auto* word = value.as_string();
        if (!value.is_boolean())
            return notAllowed(value, nearest(word == nullptr ? describe(value) : word->get(), {"true", "false"}));
        into = value.as_boolean()->get();
        return {};
    };
    key.json = [&into] { return std::string(into ? "true" : "false"); };
    return key;
}

Key integerKey(std::string name, int& into, int min, int max, int step, const std::string& note) {
    Key key(std::move(name), fmt::format("{}", into),
            fmt::format("{} number from {} to {}{}", step == 2 ? "an even" : "a whole", min, max,
                        note.empty() ? "" : fmt::format(" ({})", note)));
    if (step > 2) {
        std::vector<std::string> numbers;
        for (int number = min; number <= max; number += step) numbers.push_back(fmt::format("{}", number));
        key.allowed = listed(numbers);
    }
    key.read = [&into, min, max, step](const toml::node& value) -> ValueErrors {
        const auto* number = value.as_integer();
        if (number == nullptr) return notAllowed(value, unquoted(value, "-0123456789"));
        if (number->get() < min || number->get() > max || number->get() % step != 0) return notAllowed(value);
        into = static_cast<int>(number->get());
        return {};
    };
    key.json = [&into] { return fmt::format("{}", into); };
    return key;
}

Key realKey(std::string name, double& into, double min, double max, bool isZeroAllowed) {
    return makeReal(std::move(name), into, min, max, isZeroAllowed, [&into](double number) { into = number; });
}

Key realKey(std::string name, std::optional<double>& into, double usual, double limit) {
    return makeReal(std::move(name), usual, -limit, limit, true, [&into](double number) { into = number; });
}

Key durationKey(std::string name, milliseconds& into, milliseconds min, milliseconds max, milliseconds step,
                const std::optional<DurationWord>& word) {
    std::string allowed = fmt::format("a duration from {} to {}", durationText(min), durationText(max));
    if (step > milliseconds{1}) allowed += " in steps of " + durationText(step);
    if (word) allowed += fmt::format(", or {} ({})", inQuotes(word->word), word->meaning);
    Key key(std::move(name), word && into == word->value ? inQuotes(word->word) : durationText(into), allowed);
    key.read = [&into, min, max, step, word](const toml::node& value) -> ValueErrors {
        constexpr const char* kExamples = "\"250ms\", \"2s\", \"5m\", \"1h\" or \"7d\"";
        const auto* text = value.as_string();
        if (text == nullptr) return {{fmt::format("{} has no unit (write {})", describe(value), kExamples)}};
        const bool isWord = word && text->get() == word->word;
        const auto duration = isWord ? word->value : parseDuration(text->get());
        if (!duration) return {{fmt::format("{} is not a duration like {}", describe(value), kExamples)}};
        if (!isWord && (*duration < min || *duration > max || *duration % step != milliseconds{0}))
            return notAllowed(value);
        into = *duration;
        return {};
    };
    key.json = [&into, word] { return word && into == word->value ? inQuotes(word->word) : durationText(into); };
    return key;
}

Key sizeKey(std::string name, std::int64_t& intoBytes, std::int64_t min, std::int64_t max) {
    Key key(std::move(name), sizeText(intoBytes),
            fmt::format("a size from {} to {}, in KiB, MiB or GiB", sizeText(min), sizeText(max)));
    key.read = [&intoBytes, min, max](const toml::node& value) -> ValueErrors {
        const auto* text = value.as_string();
        if (text == nullptr) return {{describe(value) + " has no unit (write \"16MiB\")"}};
        const auto bytes = parseSize(text->get());
        if (!bytes) return {{describe(value) + " is not a size like \"16MiB\""}};
        if (*bytes < min || *bytes > max) return notAllowed(value);
        intoBytes = *bytes;
        return {};
    };
    return key;
}

}  // namespace edge
