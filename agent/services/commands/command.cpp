// SPDX-License-Identifier: MIT
#include "services/commands/command.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"
#include "services/commands/command_table.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kShownBytes = 60;
/// Windows PowerShell 5 removes the double quotes inside an argument; cmd.exe keeps the single ones around it, too.
constexpr const char* kLostQuotes =
    "; the shell has removed the double quotes: on Windows write a backslash before each of them, or send a file "
    "(mosquitto_pub -f)";

struct IntegerOption {
    OptionKind kind;
    std::string_view key;
    std::optional<int> CommandOptions::*field;
    int min;
    int max;
    bool mustBeEven;
};
// The sizes are the configuration's: the largest sensor of today (64 MP), and even, because chroma is halved.
constexpr std::array<IntegerOption, 4> kIntegers{{
    {OptionKind::kWidth, "width", &CommandOptions::width, 64, 9152, true},
    {OptionKind::kHeight, "height", &CommandOptions::height, 64, 6944, true},
    {OptionKind::kQuality, "quality", &CommandOptions::quality, 1, 100, false},
    {OptionKind::kCount, "count", &CommandOptions::count, 1, 1000, false},
}};

struct DurationOption {
    OptionKind kind;
    std::string_view key;
    std::optional<milliseconds> CommandOptions::*field;
    milliseconds min;
    milliseconds max;
};
constexpr std::array<DurationOption, 3> kDurations{{
    {OptionKind::kInterval, "interval", &CommandOptions::interval, milliseconds{100}, hours{24}},
    {OptionKind::kEvery, "every", &CommandOptions::every, milliseconds{0}, hours{24}},
    {OptionKind::kTimeout, "timeout", &CommandOptions::timeout, milliseconds{100}, minutes{10}},
}};

/// A JSON text as one value, or why not. Depth is limited while it is read, and a key that stands twice is refused:
/// which of the two was meant?
class ObjectReader {
  public:
    tl::expected<Json, std::string> read(std::string_view text) {
        const auto guard = [this](int depth, Json::parse_event_t event, Json& parsed) {
            if (depth > kMaxJsonDepth) isTooDeep_ = true;
            if (event == Json::parse_event_t::key && depth == 1 && !keys_.insert(parsed.get<std::string>()).second) {
                repeated_ = parsed.get<std::string>();
            }
            return !isTooDeep_;
        };
        Json value = Json::parse(text, guard, /*allow_exceptions=*/false);
        if (isTooDeep_) return tl::unexpected(fmt::format("JSON is nested deeper than {} levels", kMaxJsonDepth));
        if (!repeated_.empty()) {
            return tl::unexpected(fmt::format("\"{}\" stands twice", printable(repeated_, kShownBytes)));
        }
        if (value.is_discarded()) {
            const bool lostQuotes =
                text.find('"') == std::string_view::npos && text.find(':') != std::string_view::npos;
            return tl::unexpected(fmt::format("this is not well-formed JSON{}", lostQuotes ? kLostQuotes : ""));
        }
        return value;
    }

  private:
    std::set<std::string> keys_;
    std::string repeated_;
    bool isTooDeep_ = false;
};

/// Reads one JSON object into a Command, stopping at the first mistake.
class JsonCommand {
  public:
    explicit JsonCommand(const Json& object) : object_(object) {}

    tl::expected<Command, CommandError> read() {
        takeTransaction();
        const bool isFine = readWord() && checkTransaction() && readExpiry() && readOptions() && checkTogether();
        if (isFine) return std::move(command_);
        error_.word = command_.word;
        error_.transaction = command_.transaction;
        return tl::unexpected(std::move(error_));
    }

  private:
    bool refuse(ReplyCode code, std::string message) {
        error_.code = code;
        error_.message = std::move(message);
        return false;
    }

    /// Before anything is judged: even the answer to a mistake carries the transaction.
    void takeTransaction() {
        const auto it = object_.find("transaction");
        const auto* text = it == object_.end() ? nullptr : it->get_ptr<const std::string*>();
        isTransactionWrong_ = it != object_.end() && (text == nullptr || text->size() > kMaxTransactionBytes);
        if (text != nullptr && !isTransactionWrong_) command_.transaction = *text;
    }

    bool checkTransaction() {
        if (!isTransactionWrong_) return true;
        return refuse(ReplyCode::kInvalidOption,
                      fmt::format("\"transaction\" must be a string of at most {} bytes", kMaxTransactionBytes));
    }

    bool readWord() {
        const auto it = object_.find("command");
        const auto* text = it == object_.end() ? nullptr : it->get_ptr<const std::string*>();
        if (text == nullptr) {
            return refuse(ReplyCode::kInvalidPayload,
                          fmt::format("the object needs \"command\": one of {}", commandList()));
        }
        const std::string word = toLower(trimInvisible(*text));
        row_ = findCommand(word);
        if (row_ == nullptr) {
            command_.word = printable(word, kShownBytes);
            return refuse(ReplyCode::kUnknownCommand,
                          fmt::format("\"{}\" is no command; send {}", command_.word, commandList()));
        }
        command_.word = word;
        return true;
    }

    bool readExpiry() {
        const auto it = object_.find("expires_at");
        if (it == object_.end()) return true;
        const auto* text = it->get_ptr<const std::string*>();
        if (text != nullptr) command_.expiresAt = parseRfc3339(*text);
        if (command_.expiresAt) return true;
        return refuse(ReplyCode::kInvalidOption,
                      "\"expires_at\" must be a time like \"2026-11-20T09:30:00Z\" (RFC 3339)");
    }

    bool readOptions() {
        for (const auto& [key, value] : object_.items()) {
            if (key == "command" || key == "transaction" || key == "expires_at") continue;
            if (!readOption(key, value)) return false;
        }
        return true;
    }

    bool readOption(const std::string& key, const Json& value) {
        const auto isThis = [&](const auto& option) { return option.key == key && knows(option.kind); };
        if (const auto* it = std::find_if(kIntegers.begin(), kIntegers.end(), isThis); it != kIntegers.end()) {
            return readInteger(*it, value);
        }
        if (const auto* it = std::find_if(kDurations.begin(), kDurations.end(), isThis); it != kDurations.end()) {
            return readDuration(*it, value);
        }
        return refuse(ReplyCode::kInvalidOption, fmt::format("\"{}\" has no option \"{}\"; {}", command_.word,
                                                             printable(key, kShownBytes), describeOptions()));
    }

    bool readInteger(const IntegerOption& option, const Json& value) {
        const bool isInRange = value.is_number_integer() && fits(value, option.min, option.max);
        if (!isInRange || (option.mustBeEven && value.get<int>() % 2 != 0)) {
            return refuse(ReplyCode::kInvalidOption,
                          fmt::format("\"{}\" must be {} number from {} to {}", option.key,
                                      option.mustBeEven ? "an even whole" : "a whole", option.min, option.max));
        }
        command_.options.*option.field = value.get<int>();
        return true;
    }

    static bool fits(const Json& value, int min, int max) {
        if (value.is_number_unsigned())
            return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(max) && value.get<std::int64_t>() >= min;
        return value.get<std::int64_t>() >= min && value.get<std::int64_t>() <= max;
    }

    bool readDuration(const DurationOption& option, const Json& value) {
        const auto* text = value.get_ptr<const std::string*>();
        const auto duration = text == nullptr ? std::nullopt : parseDuration(*text);
        if (!duration || *duration < option.min || *duration > option.max) {
            return refuse(ReplyCode::kInvalidOption,
                          fmt::format("\"{}\" must be a string with a unit from \"{}\" to \"{}\", for example \"2s\"",
                                      option.key, formatDuration(option.min), formatDuration(option.max)));
        }
        command_.options.*option.field = *duration;
        return true;
    }

    bool checkTogether() {
        const CommandOptions& options = command_.options;
        if (options.every && options.count.value_or(1) < 2) {
            return refuse(ReplyCode::kInvalidOption, "\"every\" needs \"count\" of at least 2");
        }
        return true;
    }

    [[nodiscard]] bool knows(OptionKind kind) const {
        return std::find(row_->options.begin(), row_->options.end(), kind) != row_->options.end();
    }

    [[nodiscard]] std::string describeOptions() const {
        std::string names;
        const auto add = [&](const auto& option) {
            if (knows(option.kind)) names += (names.empty() ? "" : ", ") + std::string(option.key);
        };
        std::for_each(kIntegers.begin(), kIntegers.end(), add);
        std::for_each(kDurations.begin(), kDurations.end(), add);
        return names.empty() ? "it has none" : "it has " + names;
    }

    const Json& object_;
    const CommandRow* row_ = nullptr;
    Command command_;
    CommandError error_;
    bool isTransactionWrong_ = false;
};

tl::unexpected<CommandError> refusal(ReplyCode code, std::string message) {
    return tl::unexpected(CommandError{code, std::move(message), "", ""});
}

}  // namespace

tl::expected<Command, CommandError> parseCommand(std::string_view payload) {
    if (payload.size() > kMaxCommandBytes) {
        return refusal(ReplyCode::kTooLarge,
                       fmt::format("the payload is too long; a command has at most {} bytes", kMaxCommandBytes));
    }
    if (!isValidUtf8(payload)) {
        return refusal(ReplyCode::kInvalidPayload, "the payload is not UTF-8 text; send a word or a JSON object");
    }
    const std::string_view text = trimInvisible(payload);
    if (text.empty()) {
        return refusal(ReplyCode::kInvalidPayload, fmt::format("the payload is empty; send {}", commandList()));
    }
    if (text.front() == '{') {
        const auto object = ObjectReader().read(text);
        if (!object) return refusal(ReplyCode::kInvalidPayload, object.error());
        return JsonCommand(*object).read();
    }
    const std::string word = toLower(text.substr(0, kShownBytes));
    if (text.size() > kShownBytes || findCommand(word) == nullptr) {
        return refusal(ReplyCode::kUnknownCommand,
                       fmt::format("\"{}\" is no command; send {}{}", printable(text, kShownBytes), commandList(),
                                   text.starts_with("'{") ? kLostQuotes : ""));
    }
    return Command{word, {}, "", std::nullopt};
}

}  // namespace edge
