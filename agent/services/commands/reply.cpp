// SPDX-License-Identifier: MIT
#include "services/commands/reply.hpp"

#include <array>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace edge {
namespace {

using Json = nlohmann::json;

/// In the order of ReplyCode.
constexpr std::array<std::string_view, 13> kCodes{"unknown_command",
                                                  "invalid_payload",
                                                  "invalid_option",
                                                  "retained_ignored",
                                                  "expired",
                                                  "clock_unsynchronised",
                                                  "busy",
                                                  "rate_limited",
                                                  "camera_unavailable",
                                                  "capture_timeout",
                                                  "too_large",
                                                  "cancelled",
                                                  "internal"};
static_assert(kCodes.size() == static_cast<std::size_t>(ReplyCode::kInternal) + 1);

}  // namespace

std::string jsonString(std::string_view text) {
    // The default error handler would throw.
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view toString(ReplyCode code) {
    return kCodes.at(static_cast<std::size_t>(code));
}

std::string formatReply(const Outcome& outcome, std::string_view command, std::string_view transaction) {
    std::string reply = fmt::format(R"({{"status":"{}","command":{})", outcome.ok ? "ok" : "error",
                                    command.empty() ? "null" : jsonString(command));
    if (!outcome.ok)
        reply += fmt::format(R"(,"code":"{}","error":{})", toString(outcome.code), jsonString(outcome.error));
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
