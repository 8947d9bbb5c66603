// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "config/config.hpp"
#include "config/schema/rules.hpp"
#include "core/result.hpp"

namespace edge {

/// "mqtt://host", "mqtts://[::1]:8883", "wss://host/mqtt". The error is why not, and never repeats the text: it may
/// hold a password.
Result<ServerAddress> parseServerAddress(std::string_view text);

/// A list of one to sixteen different addresses.
struct ServersRule {
    [[nodiscard]] KeyFacts facts() const;
    [[nodiscard]] std::string show(const std::vector<ServerAddress>& servers) const;
    Complaint read(const Value& value, std::vector<ServerAddress>& into) const;
};

}  // namespace edge
