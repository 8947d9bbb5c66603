// SPDX-License-Identifier: MIT
#include "config/schema/controls_rule.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/core.h>

namespace edge {
namespace {

constexpr std::size_t kMaxControls = 64;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxNumbers = 256;

bool isControlName(const std::string& name) {
    return !name.empty() && name.size() <= kMaxNameBytes && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
    });
}

std::optional<double> finiteNumber(const Value& value) {
    if (const auto* whole = value.as<std::int64_t>()) return static_cast<double>(*whole);
    const auto* real = value.as<double>();
    if (real == nullptr || !std::isfinite(*real)) return std::nullopt;
    return *real;
}

std::optional<ControlValue> controlValue(const Value& value) {
    if (const auto* flag = value.as<bool>()) return *flag;
    if (const auto* whole = value.as<std::int64_t>()) return *whole;
    if (const auto number = finiteNumber(value)) return *number;
    if (const auto* text = value.as<std::string>()) {
        if (text->size() > kMaxTextBytes) return std::nullopt;
        return *text;
    }
    const auto* list = value.as<List>();
    if (list == nullptr || list->empty() || list->size() > kMaxNumbers) return std::nullopt;
    std::vector<double> numbers;
    for (const Value& element : *list) {
        const auto number = finiteNumber(element);
        if (!number) return std::nullopt;
        numbers.push_back(*number);
    }
    return numbers;
}

}  // namespace

KeyFacts ControlsRule::facts() const {
    KeyFacts facts;
    facts.kind = KeyKind::kControls;
    facts.allowed = fmt::format(
        "at most {} libcamera controls by name, each true or false, a finite number, a text of at most {} bytes or a "
        "list of 1 "
        "to {} numbers",
        kMaxControls, kMaxTextBytes, kMaxNumbers);
    return facts;
}

std::string ControlsRule::show(const std::map<std::string, ControlValue>& /*controls*/) const {
    return "{}";
}

Complaint ControlsRule::read(const Value& value, std::map<std::string, ControlValue>& into) const {
    const auto* table = value.as<Table>();
    if (table == nullptr) return "is not a table: write [camera.controls]";
    if (table->entries.size() > kMaxControls) return fmt::format("has {} controls", table->entries.size());
    std::vector<Objection> objections;
    for (const Entry& entry : table->entries) {
        auto control = controlValue(entry.value);
        if (control && isControlName(entry.key)) {
            into.emplace(entry.key, *std::move(control));
            continue;
        }
        Objection objection(control ? "cannot be a control's name" : describe(entry.value) + " is not allowed");
        objection.line = entry.line;
        objection.below = entry.key;
        objections.push_back(std::move(objection));
    }
    return together(std::move(objections));
}

}  // namespace edge
