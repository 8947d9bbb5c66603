// SPDX-License-Identifier: MIT
#include "client/request_messages.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "services/commands/doctor_command.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

/// Of a reply; a deeper one is not the agent's.
constexpr std::size_t kMaxDepth = 32;
/// Pictures without a name of their own that may still be ours; others publish on the same topic.
constexpr std::size_t kMaxUnknown = 8;
constexpr std::size_t kMaxTextBytes = 1000;

/// Options that are text, even where a number was typed.
bool isText(const std::string& key) {
    return key == "transaction" || key == "expires_at" || key == "id";
}

std::string textOf(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t numberOf(const Json& object, const char* key, std::int64_t otherwise) {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

milliseconds durationOf(const Json& object, const char* key, milliseconds otherwise) {
    return parseDuration(textOf(object, key)).value_or(otherwise);
}

/// Of MQTT 5; "" where there is none.
std::string propertyOf(const InboundMessage& message, std::string_view name) {
    std::string found;
    for (const auto& [key, value] : message.userProperties) {
        if (key == name) found = value;
    }
    return found;
}

std::string shown(const Json& value) {
    if (value.is_string()) return printable(value.get<std::string>(), kMaxTextBytes);
    return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), kMaxTextBytes);
}

/// "name room, status online"
std::string inOneLine(const Json& value) {
    if (!value.is_object()) return shown(value);
    std::string line;
    for (const auto& [key, part] : value.items())
        line += fmt::format("{}{} {}", line.empty() ? "" : ", ", printable(key), shown(part));
    return line;
}

std::string describeData(const Json& data) {
    std::string text;
    const auto add = [&text](const std::string& line) { text += (text.empty() ? "" : "\n") + line; };
    if (!data.is_object()) return text;
    for (const auto& [key, value] : data.items()) {
        const bool isList =
            value.is_array() && std::ranges::any_of(value, [](const Json& part) { return part.is_structured(); });
        if (!isList) {
            add(fmt::format("{}: {}", printable(key), inOneLine(value)));
            continue;
        }
        add(printable(key) + ":");
        for (const Json& part : value) add("  " + inOneLine(part));
    }
    return text;
}

}  // namespace

Result<RequestMessage> makeRequest(const std::string& command, const std::vector<std::string>& options,
                                   const std::string& transaction, milliseconds timeout) {
    Json json{{"command", command}};
    for (const std::string& option : options) {
        const std::size_t equals = option.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(Errc::kInvalid,
                        fmt::format("\"{}\" is not OPTION=VALUE, for example width=640", printable(option)));
        const std::string key = option.substr(0, equals);
        const std::string value = option.substr(equals + 1);
        if (!isValidUtf8(option)) return fail(Errc::kInvalid, fmt::format("\"{}\" is not UTF-8", printable(option)));
        if (jsonDepth(value) > kMaxDepth)
            return fail(Errc::kInvalid, fmt::format("the value of \"{}\" is nested too deeply", printable(key)));
        if (json.contains(key)) return fail(Errc::kInvalid, fmt::format("duplicate option \"{}\"", printable(key)));
        const Json parsed = isText(key) ? Json(value) : Json::parse(value, nullptr, /*allow_exceptions=*/false);
        json[key] = parsed.is_discarded() ? Json(value) : parsed;
    }
    if (!json.contains("transaction")) json["transaction"] = transaction;
    RequestMessage message;
    message.transaction = textOf(json, "transaction");
    constexpr std::size_t kMaxTransaction = 128;
    // A picture is found by it, so it has to fit into a property.
    if (message.transaction.empty() || message.transaction.size() > kMaxTransaction ||
        !isPlainText(message.transaction))
        return fail(Errc::kInvalid, fmt::format("transaction is not a text of 1 to {} bytes without control characters",
                                                kMaxTransaction));
    if (command == "capture") {
        // The range is the agent's to check; here it only bounds the time to wait.
        constexpr std::int64_t kMaxCount = 1000;
        message.count = static_cast<int>(std::clamp<std::int64_t>(numberOf(json, "count", 1), 1, kMaxCount));
        const milliseconds limit = durationOf(json, "timeout", timeout);
        const milliseconds every = std::max(durationOf(json, "every", milliseconds{0}), limit);
        message.extraTime = limit + every * (message.count - 1);
    }
    if (command == "doctor") message.extraTime = DoctorCommand::kLimit + timeout;
    if (command == "fetch") {
        message.fetchedId = textOf(json, "id");
        if (message.fetchedId.find_first_of("/+#") != std::string::npos) message.fetchedId.clear();
        constexpr seconds kFetchLimit{60};  // to make it smaller, behind others, and over a thin line
        message.extraTime = kFetchLimit;
    }
    if (!isValidUtf8(command)) return fail(Errc::kInvalid, "the command is not UTF-8");
    message.payload = json.dump();
    return message;
}

std::optional<RequestReply> readReply(const std::string& payload, const std::string& transaction, bool isOurs) {
    if (jsonDepth(payload) > kMaxDepth) return std::nullopt;
    const Json json = Json::parse(payload, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || (!isOurs && textOf(json, "transaction") != transaction)) return std::nullopt;
    const Json data = json.value("data", Json::object());
    RequestReply reply;
    reply.ok = textOf(json, "status") == "ok";
    if (!reply.ok)
        reply.error =
            fmt::format("{} ({})", printable(textOf(json, "error"), kMaxTextBytes), printable(textOf(json, "code")));
    reply.data = describeData(data);
    if (data.is_object()) reply.taken = static_cast<int>(numberOf(data, "taken", 1));
    return reply;
}

void PictureFinder::addPicture(InboundMessage message) {
    if (message.retained) return;
    const std::string id = propertyOf(message, "id");
    if (id.empty()) {
        if (unknown_.size() == kMaxUnknown) unknown_.pop_front();
        unknown_.push_back(std::move(message.payload));
        return match();
    }
    if (propertyOf(message, "transaction") != transaction_ || !foundIds_.insert(id).second) return;
    described_.erase(id);
    found_.push_back(std::move(message.payload));
}

void PictureFinder::addFetched(InboundMessage message) {
    const std::string transaction = propertyOf(message, "transaction");
    const bool isOurs = transaction.empty() || transaction == transaction_;
    if (isOurs && !message.retained) found_.push_back(std::move(message.payload));
}

void PictureFinder::addDescription(const std::string& text) {
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || textOf(json, "transaction") != transaction_) return;
    const std::string id = textOf(json, "id");
    const std::int64_t bytes = numberOf(json, "bytes", 0);
    if (bytes <= 0 || foundIds_.contains(id)) return;
    described_[id] = static_cast<std::size_t>(bytes);
    match();
}

void PictureFinder::match() {
    for (auto described = described_.begin(); described != described_.end();) {
        const auto jpeg = std::ranges::find(unknown_, described->second, &std::string::size);
        if (jpeg == unknown_.end()) {
            ++described;
            continue;
        }
        foundIds_.insert(described->first);
        found_.push_back(std::move(*jpeg));
        unknown_.erase(jpeg);
        described = described_.erase(described);
    }
}

std::string pictureFile(const std::string& output, int index, int count) {
    if (count == 1) return output;
    const std::filesystem::path path(output);
    return path.parent_path() / fmt::format("{}-{}{}", path.stem().string(), index, path.extension().string());
}

}  // namespace edge
