// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edge {

/// Why a command was not carried out: the contract's codes.
struct ReplyCode {
    static constexpr std::string_view kUnknownCommand = "unknown_command";
    static constexpr std::string_view kInvalidPayload = "invalid_payload";
    static constexpr std::string_view kInvalidOption = "invalid_option";
    static constexpr std::string_view kRetainedIgnored = "retained_ignored";
    static constexpr std::string_view kExpired = "expired";
    static constexpr std::string_view kClockUnsynchronised = "clock_unsynchronised";
    static constexpr std::string_view kBusy = "busy";
    static constexpr std::string_view kRateLimited = "rate_limited";
    static constexpr std::string_view kCameraUnavailable = "camera_unavailable";
    static constexpr std::string_view kCaptureTimeout = "capture_timeout";
    static constexpr std::string_view kTooLarge = "too_large";
    static constexpr std::string_view kCancelled = "cancelled";
    static constexpr std::string_view kInternal = "internal";
};

/// How a command ended. `data` is one JSON object, as text.
struct Outcome {
    bool ok = true;
    std::string_view code;  ///< of an error
    std::string error;      ///< a sentence that says what to do
    std::string data = "{}";

    static Outcome success(std::string data = "{}") { return {true, "", "", std::move(data)}; }
    static Outcome failure(std::string_view code, std::string error, std::string data = "{}") {
        return {false, code, std::move(error), std::move(data)};
    }
    /// What is unfinished when the agent stops.
    static Outcome stopping() {
        return failure(ReplyCode::kCancelled,
                       "the agent is stopping; send the command again when it is back, with another "
                       "transaction");
    }
};

using OutcomeHandler = std::function<void(Outcome)>;

/// A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
std::string jsonString(std::string_view text);

/// The reply as the contract has it: `command` "" becomes null, `transaction` "" is left out. Always valid JSON and
/// UTF-8.
std::string formatReply(const Outcome& outcome, std::string_view command, std::string_view transaction);

/// How many entries of a list, without the option `last`.
inline constexpr int kLastByDefault = 20;

/// The `data` of a reply that lists things: {"pictures":[…],"more":false}. `entries` are JSON; as many as fit into
/// `maxBytes`, the first ones, and `more` says whether there are others.
std::string formatList(std::string_view name, const std::vector<std::string>& entries, bool hasMore,
                       std::size_t maxBytes);

}  // namespace edge
