// SPDX-License-Identifier: MIT
#include "services/commands/reply.hpp"

#include <array>
#include <cstddef>

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

std::string formatPendingReplies(const std::vector<PendingReply>& replies) {
    Json list = Json::array();
    for (const auto& [target, reply] : replies) {
        Json item{{"topic", target.topic}, {"reply", reply}};
        // Any bytes, so not a JSON string.
        if (const auto& data = target.correlationData)
            item["correlation"] = std::vector<unsigned char>(data->begin(), data->end());
        list.push_back(std::move(item));
    }
    return list.dump();
}

std::vector<PendingReply> parsePendingReplies(const std::string& text) {
    std::vector<PendingReply> replies;
    for (const Json& item : Json::parse(text, nullptr, /*allow_exceptions=*/false)) {
        if (!item.is_object() || !item.contains("topic") || !item.contains("reply")) continue;
        PendingReply& pending = replies.emplace_back(
            PendingReply{{item.at("topic").get<std::string>()}, item.at("reply").get<std::string>()});
        if (!item.contains("correlation")) continue;
        const auto bytes = item.at("correlation").get<std::vector<unsigned char>>();
        pending.target.correlationData.emplace(bytes.begin(), bytes.end());
    }
    return replies;
}

}  // namespace edge
