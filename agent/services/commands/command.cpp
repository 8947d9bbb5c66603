// SPDX-License-Identifier: MIT
#include "services/commands/command.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <span>
#include <variant>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "camera/ipc/protocol.hpp"
#include "core/result.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;
template <typename T>
using Field = T CommandOptions::*;

/// One option: its key, where its value goes, and the range that is allowed (of a duration in milliseconds, of a
/// real number in tenths, of a text in bytes).
struct OptionSpec {
    std::string_view key;
    std::variant<Field<std::optional<int>>, Field<std::optional<milliseconds>>, Field<std::optional<bool>>,
                 Field<std::optional<std::string>>, Field<std::optional<double>>, Field<Controls>,
                 Field<std::optional<WallTime>>, Field<std::string>>
        field;
    std::int64_t min = 0;
    std::int64_t max = 0;
    bool isEven = false;
};

struct CommandSpec {
    std::string_view name;
    CommandFunction function;
    std::span<const OptionSpec> options{};
};

constexpr std::int64_t kFiveMinutes = milliseconds{std::chrono::minutes{5}}.count();
constexpr std::int64_t kTenMinutes = milliseconds{std::chrono::minutes{10}}.count();
constexpr std::int64_t kOneDay = milliseconds{std::chrono::hours{24}}.count();

// The sizes are the configuration's: the largest sensor of today (64 MP), and even, because chroma is halved.
constexpr OptionSpec kWidth{"width", &CommandOptions::width, 64, 9152, true};
constexpr OptionSpec kHeight{"height", &CommandOptions::height, 64, 6944, true};
constexpr OptionSpec kQuality{"quality", &CommandOptions::quality, 1, 100};
constexpr OptionSpec kSince{"since", &CommandOptions::since};
constexpr OptionSpec kUntil{"until", &CommandOptions::until};
constexpr OptionSpec kLast{"last", &CommandOptions::last, 1, 1000};

constexpr std::array kStartOptions{OptionSpec{"interval", &CommandOptions::interval, 100, kOneDay}};
constexpr std::array kCaptureOptions{kWidth,
                                     kHeight,
                                     kQuality,
                                     OptionSpec{"count", &CommandOptions::count, 1, 1000},
                                     OptionSpec{"every", &CommandOptions::every, 0, kOneDay},
                                     OptionSpec{"timeout", &CommandOptions::timeout, 100, kTenMinutes},
                                     OptionSpec{"settle", &CommandOptions::settle},
                                     OptionSpec{"controls", &CommandOptions::controls}};
constexpr std::array kLiveOptions{OptionSpec{"for", &CommandOptions::lease, 0, kFiveMinutes},
                                  OptionSpec{"rate", &CommandOptions::rate, 1, 300}, kWidth, kHeight, kQuality};
constexpr std::array kSetOptions{OptionSpec{"values", &CommandOptions::values}};
constexpr std::array kPicturesOptions{kSince, kUntil, kLast};
constexpr std::array kFetchOptions{OptionSpec{"id", &CommandOptions::id, 1, 64}, kWidth, kHeight, kQuality};
constexpr std::array kReadingsOptions{OptionSpec{"sensor", &CommandOptions::sensor, 1, 128}, kSince, kUntil, kLast};

/// To add a command: docs/develop/adding-things.md.
constexpr std::array kCommands{
    CommandSpec{"start", &CommandHandlers::startPublishing, kStartOptions},
    CommandSpec{"stop", &CommandHandlers::stopPublishing},
    CommandSpec{"capture", &CommandHandlers::takePictures, kCaptureOptions},
    CommandSpec{"live", &CommandHandlers::viewLive, kLiveOptions},
    CommandSpec{"cancel", &CommandHandlers::cancelSeries},
    CommandSpec{"status", &CommandHandlers::publishStatus},
    CommandSpec{"set", &CommandHandlers::changeSettings, kSetOptions},
    CommandSpec{"doctor", &CommandHandlers::examine},
    CommandSpec{"pictures", &CommandHandlers::listPictures, kPicturesOptions},
    CommandSpec{"fetch", &CommandHandlers::fetchPicture, kFetchOptions},
    CommandSpec{"readings", &CommandHandlers::listReadings, kReadingsOptions},
};
static_assert(std::ranges::all_of(kCommands, [](const CommandSpec& command) { return command.function != nullptr; }));

constexpr std::size_t kShownBytes = 60;
/// Windows PowerShell 5 removes the double quotes inside an argument; cmd.exe keeps the single ones around it, too.
constexpr const char* kLostQuotes =
    "; the shell has removed the double quotes: on Windows write a backslash before each of them, or send a file "
    "(mosquitto_pub -f)";

/// nullptr if there is no such command.
const CommandSpec* findCommand(std::string_view name) {
    const auto* found = std::ranges::find(kCommands, name, &CommandSpec::name);
    return found == kCommands.end() ? nullptr : found;
}

/// "start, stop or capture"
std::string commandList() {
    std::string list;
    for (const CommandSpec& spec : kCommands) {
        if (!list.empty()) list += &spec == &kCommands.back() ? " or " : ", ";
        list += spec.name;
    }
    return list;
}

Outcome unknownCommand(std::string_view shown, const char* hint = "") {
    return Outcome::failure(ReplyCode::kUnknownCommand,
                            fmt::format("unknown command \"{}\"; send {}{}", shown, commandList(), hint));
}

Outcome invalidPayload(std::string message) {
    return Outcome::failure(ReplyCode::kInvalidPayload, std::move(message));
}

Outcome invalidOption(std::string message) {
    return Outcome::failure(ReplyCode::kInvalidOption, std::move(message));
}

/// nullptr if there is no such key, or its value is not a string.
const std::string* stringAt(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

/// A duplicate key is refused, because it is unclear which value counts.
tl::expected<Json, Outcome> parseJson(std::string_view text) {
    if (jsonDepth(text) > kMaxJsonDepth)
        return tl::unexpected(invalidPayload(fmt::format("JSON is nested deeper than {} levels", kMaxJsonDepth)));
    std::set<std::pair<int, std::string>> keys;  // of the objects that are open, by depth
    std::string duplicate;
    const auto check = [&](int depth, Json::parse_event_t event, const Json& parsed) {
        const bool isKey = event == Json::parse_event_t::key;
        if (isKey && !keys.emplace(depth, parsed.get<std::string>()).second) duplicate = parsed.get<std::string>();
        if (event == Json::parse_event_t::object_end) keys.erase(keys.lower_bound({depth + 1, ""}), keys.end());
        return true;
    };
    Json value = Json::parse(text, check, /*allow_exceptions=*/false);
    if (!duplicate.empty()) {
        return tl::unexpected(invalidPayload(fmt::format("duplicate key \"{}\"", printable(duplicate, kShownBytes))));
    }
    if (value.is_discarded() || text.find('\0') != std::string_view::npos) {  // for the parser, NUL is the end
        const bool hasLostQuotes = text.find('"') == std::string_view::npos && text.find(':') != std::string_view::npos;
        return tl::unexpected(
            invalidPayload(fmt::format("the payload is not valid JSON{}", hasLostQuotes ? kLostQuotes : "")));
    }
    return value;
}

// Each reads the value of an option, and returns "", or what it must be.

std::string readValue(const OptionSpec& spec, const Json& value, std::optional<int>& into) {
    // No option goes below 0, and what a 64-bit number cannot hold turns negative here.
    const std::int64_t number = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    if (number < spec.min || number > spec.max || (spec.isEven && number % 2 != 0))
        return fmt::format("{} number from {} to {}", spec.isEven ? "an even whole" : "a whole", spec.min, spec.max);
    into = static_cast<int>(number);
    return "";
}

std::string readValue(const OptionSpec& /*spec*/, const Json& value, std::optional<bool>& into) {
    if (!value.is_boolean()) return "true or false";
    into = value.get<bool>();
    return "";
}

std::string readValue(const OptionSpec& /*spec*/, const Json& value, std::optional<std::string>& into) {
    if (!value.is_object()) return "an object";
    into = value.dump();
    return "";
}

std::string readValue(const OptionSpec& spec, const Json& value, std::optional<double>& into) {
    constexpr double kTenth = 10;
    const double min = static_cast<double>(spec.min) / kTenth;
    const double max = static_cast<double>(spec.max) / kTenth;
    const double number = value.is_number() ? value.get<double>() : -1;
    if (!(number >= min && number <= max)) return fmt::format("a number from {} to {}", min, max);
    into = number;
    return "";
}

std::string readValue(const OptionSpec& /*spec*/, const Json& value, Controls& into) {
    auto controls = parseControls(value.dump());
    if (!controls || formatControls(*controls).size() > kMaxControlBytes) {
        return fmt::format(
            "an object of at most {} bytes: libcamera controls by name, each true or false, a number or a list of "
            "numbers, for example {{\"ExposureTime\":20000}}",
            kMaxControlBytes);
    }
    into = *std::move(controls);
    return "";
}

std::string readValue(const OptionSpec& /*spec*/, const Json& value, std::optional<WallTime>& into) {
    if (const auto* text = value.get_ptr<const std::string*>()) into = parseRfc3339(*text);
    return into ? "" : "a time like \"2026-11-20T09:30:00Z\" (RFC 3339)";
}

std::string readValue(const OptionSpec& spec, const Json& value, std::string& into) {
    const auto* text = value.get_ptr<const std::string*>();
    const auto bytes = text == nullptr ? -1 : static_cast<std::int64_t>(text->size());
    if (bytes < spec.min || bytes > spec.max) return fmt::format("a string of {} to {} bytes", spec.min, spec.max);
    into = *text;
    return "";
}

std::string readValue(const OptionSpec& spec, const Json& value, std::optional<milliseconds>& into) {
    const auto* text = value.get_ptr<const std::string*>();
    const auto duration = text == nullptr ? std::nullopt : parseDuration(*text);
    if (!duration || duration->count() < spec.min || duration->count() > spec.max) {
        return fmt::format("a string with a unit from \"{}\" to \"{}\", for example \"2s\"",
                           formatDuration(milliseconds{spec.min}), formatDuration(milliseconds{spec.max}));
    }
    into = *duration;
    return "";
}

std::optional<Outcome> readOptions(const CommandSpec& spec, const Json& object, CommandOptions& options) {
    for (const auto& [key, value] : object.items()) {
        if (key == "command" || key == "transaction" || key == "expires_at") continue;
        const auto option = std::ranges::find(spec.options, key, &OptionSpec::key);
        if (option == spec.options.end()) {
            std::string names;
            for (const OptionSpec& known : spec.options) names += (names.empty() ? "" : ", ") + std::string(known.key);
            return invalidOption(fmt::format("\"{}\" has no option \"{}\"; it has {}", spec.name,
                                             printable(key, kShownBytes), names.empty() ? "none" : names));
        }
        const auto read = [&, &value = value](auto field) { return readValue(*option, value, options.*field); };
        if (const std::string expected = std::visit(read, option->field); !expected.empty())
            return invalidOption(fmt::format("\"{}\" must be {}", option->key, expected));
    }
    if (options.every && options.count.value_or(1) < 2) {
        return invalidOption("\"every\" needs \"count\" of at least 2");
    }
    if (options.lease && options.lease->count() > 0 && *options.lease < seconds{1}) {
        return invalidOption("\"for\" must be \"0s\", which ends live view, or at least \"1s\"");
    }
    return std::nullopt;
}

std::optional<Outcome> readObject(const Json& object, ParsedCommand& parsed) {
    Command& command = parsed.command;
    // First the transaction: a reply to any error below carries it.
    const std::string* transaction = stringAt(object, "transaction");
    const bool hasTransaction = transaction != nullptr && transaction->size() <= kMaxTransactionBytes;
    if (hasTransaction) command.transaction = *transaction;

    const std::string* name = stringAt(object, "command");
    if (name == nullptr) return invalidPayload(fmt::format("the object needs \"command\": {}", commandList()));
    command.name = toLower(trimInvisible(*name));
    const CommandSpec* spec = findCommand(command.name);
    if (spec == nullptr) {
        command.name = printable(command.name, kShownBytes);
        return unknownCommand(command.name);
    }
    parsed.function = spec->function;
    if (object.contains("transaction") && !hasTransaction) {
        return invalidOption(fmt::format("\"transaction\" must be a string of at most {} bytes", kMaxTransactionBytes));
    }
    if (object.contains("expires_at")) {
        const std::string expected = readValue({}, object["expires_at"], command.expiresAt);
        if (!expected.empty()) return invalidOption("\"expires_at\" must be " + expected);
    }
    return readOptions(*spec, object, command.options);
}

std::optional<Outcome> readPayload(std::string_view payload, ParsedCommand& parsed) {
    if (payload.size() > kMaxCommandBytes) {
        return Outcome::failure(
            ReplyCode::kTooLarge,
            fmt::format("the payload is too long; a command has at most {} bytes", kMaxCommandBytes));
    }
    if (!isValidUtf8(payload)) return invalidPayload("the payload is not UTF-8 text; send a word or a JSON object");
    const std::string_view text = trimInvisible(payload);
    if (text.empty()) return invalidPayload(fmt::format("the payload is empty; send {}", commandList()));
    if (text.front() == '{') {
        const auto object = parseJson(text);
        return object ? readObject(*object, parsed) : object.error();
    }
    const CommandSpec* spec = findCommand(toLower(text.substr(0, kShownBytes)));
    if (spec == nullptr) {
        return unknownCommand(printable(text, kShownBytes), text.starts_with("'{") ? kLostQuotes : "");
    }
    parsed.command.name = spec->name;
    parsed.function = spec->function;
    return std::nullopt;
}

}  // namespace

ParsedCommand parseCommand(std::string_view payload) {
    ParsedCommand parsed;
    parsed.error = readPayload(payload, parsed);
    return parsed;
}

std::vector<std::string_view> commandNames() {
    std::vector<std::string_view> names;
    names.reserve(kCommands.size());
    for (const CommandSpec& spec : kCommands) names.push_back(spec.name);
    return names;
}

std::optional<OutputCommand> parseOutputCommand(std::string_view payload) {
    const std::string word = toLower(trimInvisible(payload));
    if (word == "on") return OutputCommand::kOn;
    if (word == "off") return OutputCommand::kOff;
    if (word == "toggle") return OutputCommand::kToggle;
    return std::nullopt;
}

}  // namespace edge
