// SPDX-License-Identifier: MIT
#include <array>
#include <optional>

#include <fmt/core.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include "config/schema/types.hpp"

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

bool isControlName(std::string_view name) {
    constexpr std::size_t kMaxNameBytes = 64;
    return !name.empty() && name.size() <= kMaxNameBytes && isWord(name, "_:");
}

constexpr std::size_t kMaxControlTextBytes = 1024;
constexpr std::size_t kMaxControlNumbers = 256;

std::optional<ControlValue> parseControl(const toml::node& value) {
    if (const auto* boolean = value.as_boolean()) return boolean->get();
    if (const auto* integer = value.as_integer()) return integer->get();
    if (const auto number = finiteNumber(value)) return *number;
    if (const auto* text = value.as_string(); text != nullptr && text->get().size() <= kMaxControlTextBytes)
        return text->get();
    const auto* list = value.as_array();
    if (list == nullptr || list->empty() || list->size() > kMaxControlNumbers) return std::nullopt;
    std::vector<double> numbers;
    for (const toml::node& element : *list) {
        const auto number = finiteNumber(element);
        if (!number) return std::nullopt;
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

Key gpioLineKey(std::string name, GpioLine& into) {
    constexpr int kMaxOffset = 1023;
    constexpr std::size_t kMaxNameBytes = 31;  // GPIO_MAX_NAME_SIZE of <linux/gpio.h>, less the final NUL
    Key key = integerKey(std::move(name), into.offset, 0, kMaxOffset);
    key.type = KeyType::kLine;
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
    Key key(std::move(name), KeyType::kAreas, "[]",
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
    Key key(std::move(name), KeyType::kControls, "{}",
            fmt::format("at most {} libcamera controls by name, each true or false, a finite number, a text of at most "
                        "{} bytes or a list of 1 to {} numbers",
                        kMaxControls, kMaxControlTextBytes, kMaxControlNumbers));
    key.read = [&into](const toml::node& value) -> ValueErrors {
        const auto* table = value.as_table();
        if (table == nullptr) return {{"is not a table: write [camera.controls]"}};
        if (table->size() > kMaxControls) return {{fmt::format("has {} controls", table->size())}};
        ValueErrors errors;
        for (const auto& [control, element] : *table) {
            auto parsed = parseControl(element);
            if (parsed && isControlName(control.str())) {
                into.emplace(control.str(), *std::move(parsed));
            } else {
                errors.push_back({parsed ? "is not a valid name of a control" : describe(element) + " is not allowed",
                                  locationOf(control), std::string(control.str())});
            }
        }
        return errors;
    };
    key.json = [&into] {
        nlohmann::json object = nlohmann::json::object();
        for (const auto& [control, value] : into)
            std::visit([&target = object[control]](const auto& known) { target = known; }, value);
        return object.dump();
    };
    return key;
}

}  // namespace edge
