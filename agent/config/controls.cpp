// SPDX-License-Identifier: MIT
#include <limits>

#include <nlohmann/json.hpp>

#include "config/config.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxNameBytes = 64;

std::optional<ControlValue> valueFromJson(const json& value) {
    if (value.is_boolean()) return value.get<bool>();
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return std::nullopt;
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number_float()) return value.get<double>();
    if (!value.is_array() || value.empty() || value.size() > kMaxControlNumbers) return std::nullopt;
    std::vector<double> numbers;
    for (const json& element : value) {
        if (!element.is_number()) return std::nullopt;
        numbers.push_back(element.get<double>());
    }
    return numbers;
}

}  // namespace

std::string formatControls(const Controls& controls) {
    json object = json::object();
    for (const auto& [name, value] : controls)
        std::visit([&target = object[name]](const auto& content) { target = content; }, value);
    return object.dump();
}

std::optional<Controls> parseControls(std::string_view text) {
    const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return std::nullopt;
    Controls controls;
    for (const auto& [name, value] : object.items()) {
        auto parsed = valueFromJson(value);
        const bool isName = !name.empty() && name.size() <= kMaxNameBytes && isWord(name, "_:");
        if (!parsed || !isName) return std::nullopt;
        controls.emplace(name, *std::move(parsed));
    }
    return controls;
}

}  // namespace edge
