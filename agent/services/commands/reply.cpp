// SPDX-License-Identifier: MIT
#include "services/commands/reply.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace edge {

std::string jsonString(std::string_view text) {
    // replace: bytes that are no UTF-8 become U+FFFD; the default would throw.
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string_view toString(ReplyCode code) {
    switch (code) {
        case ReplyCode::kUnknownCommand:
            return "unknown_command";
        case ReplyCode::kInvalidPayload:
            return "invalid_payload";
        case ReplyCode::kInvalidOption:
            return "invalid_option";
        case ReplyCode::kRetainedIgnored:
            return "retained_ignored";
        case ReplyCode::kExpired:
            return "expired";
        case ReplyCode::kClockUnsynchronised:
            return "clock_unsynchronised";
        case ReplyCode::kBusy:
            return "busy";
        case ReplyCode::kRateLimited:
            return "rate_limited";
        case ReplyCode::kCameraUnavailable:
            return "camera_unavailable";
        case ReplyCode::kCaptureTimeout:
            return "capture_timeout";
        case ReplyCode::kTooLarge:
            return "too_large";
        case ReplyCode::kCancelled:
            return "cancelled";
        case ReplyCode::kInternal:
            return "internal";
    }
    return "internal";
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

}  // namespace edge
