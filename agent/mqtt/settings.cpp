// SPDX-License-Identifier: MIT
#include "mqtt/settings.hpp"

#include <fmt/core.h>

namespace edge {

std::string toString(const ServerAddress& address) {
    static constexpr const char* kSchemes[] = {"mqtt", "mqtts", "ws", "wss"};  // in the order of Scheme
    const bool needsBrackets = address.host.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}{}", kSchemes[static_cast<int>(address.scheme)], needsBrackets ? "[" : "",
                       address.host, needsBrackets ? "]" : "", address.port, address.path);
}

}  // namespace edge
