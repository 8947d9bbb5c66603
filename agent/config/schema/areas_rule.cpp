// SPDX-License-Identifier: MIT
#include "config/schema/areas_rule.hpp"

#include <array>
#include <optional>

#include <fmt/core.h>

namespace edge {
namespace {

constexpr std::size_t kMaxAreas = 16;
constexpr std::int64_t kWhole = 100;
constexpr std::size_t kNumbers = 4;

std::optional<MotionArea> areaOf(const Value& value) {
    const auto* list = value.as<List>();
    if (list == nullptr || list->size() != kNumbers) return std::nullopt;
    std::array<int, kNumbers> numbers{};
    for (std::size_t i = 0; i < kNumbers; ++i) {
        const auto* number = (*list)[i].as<std::int64_t>();
        if (number == nullptr || *number < 0 || *number > kWhole) return std::nullopt;
        numbers[i] = static_cast<int>(*number);
    }
    const MotionArea area{numbers[0], numbers[1], numbers[2], numbers[3]};
    const bool isInside = area.left + area.width <= kWhole && area.top + area.height <= kWhole;
    if (!isInside || area.width == 0 || area.height == 0) return std::nullopt;
    return area;
}

}  // namespace

KeyFacts AreasRule::facts() const {
    KeyFacts facts;
    facts.kind = KeyKind::kAreas;
    facts.allowed = fmt::format(
        "at most {} areas, each [left, top, width, height] in whole per cent and inside the picture", kMaxAreas);
    return facts;
}

std::string AreasRule::show(const std::vector<MotionArea>& /*areas*/) const {
    return "[]";
}

Complaint AreasRule::read(const Value& value, std::vector<MotionArea>& into) const {
    const auto* list = value.as<List>();
    if (list == nullptr) return "is not a list in brackets";
    if (list->size() > kMaxAreas) return fmt::format("has {} areas", list->size());
    std::vector<Objection> objections;
    for (std::size_t i = 0; i < list->size(); ++i) {
        if (const auto area = areaOf((*list)[i])) {
            into.push_back(*area);
            continue;
        }
        objections.emplace_back(fmt::format("area {} is none", i + 1));
        objections.back().line = (*list)[i].line;
    }
    return together(std::move(objections));
}

}  // namespace edge
