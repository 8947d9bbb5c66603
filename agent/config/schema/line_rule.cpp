// SPDX-License-Identifier: MIT
#include "config/schema/line_rule.hpp"

#include <fmt/core.h>

#include "config/schema/text_rules.hpp"

namespace edge {
namespace {

constexpr int kMaxOffset = 1023;
constexpr std::size_t kMaxNameBytes = 31;  // GPIO_MAX_NAME_SIZE of <linux/gpio.h>, less the final NUL

}  // namespace

KeyFacts LineRule::facts() const {
    KeyFacts facts = IntegerRule{0, kMaxOffset}.facts();
    facts.kind = KeyKind::kLine;
    facts.allowed = fmt::format("an offset from {} to {}, or a name like \"GPIO17\" of at most {} bytes", facts.min,
                                facts.max, kMaxNameBytes);
    return facts;
}

std::string LineRule::show(const GpioLine& line) const {
    return line.name.empty() ? fmt::format("{}", line.offset) : inQuotes(line.name);
}

Complaint LineRule::read(const Value& value, GpioLine& into) const {
    const auto* text = value.as<std::string>();
    // A number in quotes is no line's name, and would be looked for in vain.
    const bool isName = text != nullptr && text->find_first_not_of("0123456789") != std::string::npos;
    if (isName || (text != nullptr && text->empty()))
        return plainTextRule(kMaxNameBytes, Empty::kRefused).read(value, into.name);
    return IntegerRule{0, kMaxOffset}.read(value, into.offset);
}

}  // namespace edge
