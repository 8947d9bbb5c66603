// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <optional>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include "config/schema/types.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

std::optional<PictureArea> parseArea(const toml::node& value) {
    constexpr std::int64_t kWhole = 100;
    const auto* list = value.as_array();
    std::array<int, 4> numbers{};
    if (list == nullptr || list->size() != numbers.size()) return std::nullopt;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto* number = list->get(i)->as_integer();
        if (number == nullptr || number->get() < 0 || number->get() > kWhole) return std::nullopt;
        numbers[i] = static_cast<int>(number->get());
    }
    const PictureArea area{numbers[0], numbers[1], numbers[2], numbers[3]};
    const bool isInside = area.left + area.width <= kWhole && area.top + area.height <= kWhole;
    if (!isInside || area.width == 0 || area.height == 0) return std::nullopt;
    return area;
}

/// A list of texts, of which `parse` makes the elements of `into`; nullopt, and its message, for others.
template <typename Element, typename Parse>
Key listKey(std::string name, std::vector<Element>& into, std::string allowed, Parse parse) {
    constexpr std::size_t kMaxElements = 64;
    Key key(std::move(name), "[]", std::move(allowed));
    key.read = [&into, parse](const toml::node& value) -> ValueErrors {
        const auto* list = value.as_array();
        if (list == nullptr) return {{"is not a list in brackets"}};
        if (list->size() > kMaxElements) return {{fmt::format("has {} elements", list->size())}};
        ValueErrors errors;
        std::vector<Element> elements;
        for (const toml::node& node : *list) {
            const auto* text = node.as_string();
            const std::optional<Element> element = text == nullptr ? std::nullopt : parse(text->get());
            if (element) elements.push_back(*element);
            if (!element) errors.push_back({describe(node) + " is not allowed", locationOf(node)});
        }
        if (errors.empty()) into = std::move(elements);
        return errors;
    };
    return key;
}

constexpr std::array<std::string_view, 7> kDayNames{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

std::optional<std::chrono::weekday> parseWeekday(std::string_view text) {
    const auto* found = std::ranges::find(kDayNames, text);
    if (found == kDayNames.end()) return std::nullopt;
    return std::chrono::weekday{static_cast<unsigned>(found - kDayNames.begin())};
}

/// Why nothing can be between the two; "" if something can.
std::string validateWindow(const DayTime& start, const DayTime& end) {
    if (start.isOfSun() != end.isOfSun()) return "mixes a time of the clock with one of the sun";
    if (start == end) return "begins and ends at the same time";
    if (start.isOfSun() && start.kind == end.kind && start.offset > end.offset) return "ends before it begins";
    return "";
}

}  // namespace

Key dayTimesKey(std::string name, std::vector<DayTime>& into) {
    return listKey(
        std::move(name), into,
        fmt::format("a list of times like \"07:30\", \"sunrise\" or \"sunset-30m\" (at most {} from the sun's)",
                    inQuotes(formatDuration(kMaxSunOffset))),
        parseDayTime);
}

Key dayWindowKey(std::string name, std::vector<DayTime>& into) {
    Key key = dayTimesKey(std::move(name), into);
    key.allowed = "[], or two times like [\"08:00\", \"18:00\"] or [\"sunrise\", \"sunset-30m\"]";
    key.read = [&into, readTimes = key.read](const toml::node& value) -> ValueErrors {
        ValueErrors errors = readTimes(value);
        if (!errors.empty() || into.empty()) return errors;
        const std::string error =
            into.size() == 2 ? validateWindow(into.front(), into.back()) : fmt::format("has {} times", into.size());
        if (error.empty()) return {};
        into.clear();
        return {{error}};
    };
    return key;
}

Key weekdaysKey(std::string name, std::vector<std::chrono::weekday>& into) {
    return listKey(std::move(name), into, "a list of \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\" and \"sun\"",
                   parseWeekday);
}

Key gpioLineKey(std::string name, GpioLine& into) {
    constexpr int kMaxOffset = 1023;
    constexpr std::size_t kMaxNameBytes = 31;  // GPIO_MAX_NAME_SIZE of <linux/gpio.h>, less the final NUL
    Key key = integerKey(std::move(name), into.offset, 0, kMaxOffset);
    key.allowed =
        fmt::format("an offset from 0 to {}, or a name like \"GPIO17\" of at most {} bytes", kMaxOffset, kMaxNameBytes);
    key.read = [&into, readOffset = key.read,
                readName = textKey("", into.name, kMaxNameBytes, Empty::kRefused).read](const toml::node& value) {
        const auto* text = value.as_string();
        // A number in quotes is not the name of a line.
        const bool isName = text != nullptr &&
                            (text->get().empty() || text->get().find_first_not_of("0123456789") != std::string::npos);
        if (isName) into.offset = -1;
        return isName ? readName(value) : readOffset(value);
    };
    return key;
}

Key areasKey(std::string name, std::vector<PictureArea>& into) {
    constexpr std::size_t kMaxAreas = 16;
    Key key(std::move(name), "[]",
            fmt::format("at most {} areas, each [left, top, width, height] in whole per cent and inside the picture",
                        kMaxAreas));
    key.read = [&into](const toml::node& value) -> ValueErrors {
        const auto* list = value.as_array();
        if (list == nullptr) return {{"is not a list in brackets"}};
        if (list->size() > kMaxAreas) return {{fmt::format("has {} areas", list->size())}};
        ValueErrors errors;
        for (const toml::node& element : *list) {
            if (const auto area = parseArea(element)) {
                into.push_back(*area);
            } else {
                const auto number = into.size() + errors.size() + 1;
                errors.push_back({fmt::format("area {} is invalid", number), locationOf(element)});
            }
        }
        return errors;
    };
    return key;
}

Key cameraControlsKey(std::string name, Controls& into) {
    constexpr std::size_t kMaxControls = 64;
    Key key(
        std::move(name), "{}",
        fmt::format("at most {} libcamera controls by name, each true or false, a finite number or a list of 1 to {} "
                    "numbers",
                    kMaxControls, kMaxControlNumbers));
    key.read = [&into](const toml::node& value) -> ValueErrors {
        const auto* table = value.as_table();
        if (table == nullptr) return {{"is not a table: write [camera.controls]"}};
        if (table->size() > kMaxControls) return {{fmt::format("has {} controls", table->size())}};
        ValueErrors errors;
        for (const auto& [control, element] : *table) {
            const std::string controlName(control.str());
            const auto parsed =
                parseControls(fmt::format("{{{}:{}}}", nlohmann::json(controlName).dump(), jsonOf(element)));
            if (parsed) into.insert(parsed->begin(), parsed->end());
            if (!parsed) errors.push_back({describe(element) + " is not allowed", locationOf(control), controlName});
        }
        return errors;
    };
    key.json = [&into] { return formatControls(into); };
    return key;
}

}  // namespace edge
