// SPDX-License-Identifier: MIT
#include "services/commands/reply.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace edge {

std::string jsonString(std::string_view text) {
    using Json = nlohmann::json;
    // The default error handler would throw.
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string formatReply(const Outcome& outcome, std::string_view command, std::string_view transaction) {
    std::string reply = fmt::format(R"({{"status":"{}","command":{})", outcome.ok ? "ok" : "error",
                                    command.empty() ? "null" : jsonString(command));
    if (!outcome.ok) reply += fmt::format(R"(,"code":"{}","error":{})", outcome.code, jsonString(outcome.error));
    reply += fmt::format(R"(,"data":{})", outcome.data);
    if (!transaction.empty()) reply += fmt::format(R"(,"transaction":{})", jsonString(transaction));
    return reply + "}";
}

std::string formatList(std::string_view name, const std::vector<std::string>& entries, bool hasMore,
                       std::size_t maxBytes) {
    constexpr std::size_t kAround = 32;
    std::string list;
    for (const std::string& entry : entries) {
        hasMore = hasMore || list.size() + entry.size() + kAround > maxBytes;
        if (list.size() + entry.size() + kAround > maxBytes) break;
        list += (list.empty() ? "" : ",") + entry;
    }
    return fmt::format(R"({{"{}":[{}],"more":{}}})", name, list, hasMore);
}

}  // namespace edge
