// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/core.h>
#include <toml++/toml.h>

#include "config/schema/types.hpp"
#include "core/suggest.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// A service, a shell and systemd would each look in another directory.
constexpr const char* kNotAbsolute = "does not begin with '/'";

/// What is wrong with the `{id}` of `text`: another spelling, or "<id>" as the documentation has it; "" if nothing is.
std::string validateId(std::string_view text) {
    const std::string rest = expandId(text, "/");
    const std::string lower = toLower(rest);
    for (const std::string_view spelling : {"{id}", "{ id }", "<id>", "{device.id}", "{device_id}", "{deviceid}"}) {
        const auto at = lower.find(spelling);
        if (at != std::string::npos)
            return fmt::format("has {}, did you mean {{id}}?", rest.substr(at, spelling.size()));
    }
    return "";
}

/// What is wrong with `text`; "" if nothing is.
std::string validateLength(std::string_view text, std::size_t maxBytes, Empty empty) {
    if (text.empty() && empty == Empty::kRefused) return "is empty";
    return text.size() > maxBytes ? fmt::format("is {} bytes long", text.size()) : "";
}

std::string validateText(std::string_view text, std::size_t maxBytes, Empty empty) {
    std::string error = validateLength(text, maxBytes, empty);
    return error.empty() && !isPlainText(text) ? "has a control character" : error;
}

std::string orEmpty(Empty empty) {
    return empty == Empty::kAllowed ? "\"\" or " : "";
}

using Validate = std::function<std::string(const std::string& text)>;

Key makeText(std::string name, std::string& into, std::string allowed, Validate validate, bool isSecret = false) {
    Key key(std::move(name), inQuotes(into), std::move(allowed));
    key.isSecret = isSecret;
    key.read = [&into, validate = std::move(validate), isSecret](const toml::node& value) -> ValueErrors {
        const auto* text = value.as_string();
        const std::string error = text == nullptr ? "is not a text in quotes" : validate(text->get());
        if (!error.empty()) return {{isSecret ? error : describe(value) + ' ' + error}};
        into = text->get();
        return {};
    };
    return key;
}

}  // namespace

Key identifierKey(std::string name, std::string& into, Empty empty, const std::string& meaningOfEmpty) {
    constexpr std::size_t kMaxBytes = 128;
    const std::string note = meaningOfEmpty.empty() ? "" : fmt::format(" (\"\" = {})", meaningOfEmpty);
    return makeText(std::move(name), into, fmt::format("letters, digits, '_' and '-', at most {}{}", kMaxBytes, note),
                    [empty](const std::string& text) {
                        std::string error = validateLength(text, kMaxBytes, empty);
                        return error.empty() && !isWord(text, "_-") ? "has other characters" : error;
                    });
}

Key textKey(std::string name, std::string& into, std::size_t maxBytes, Empty empty) {
    return makeText(std::move(name), into,
                    fmt::format("{}a text of at most {} bytes without control characters", orEmpty(empty), maxBytes),
                    [maxBytes, empty](const std::string& text) { return validateText(text, maxBytes, empty); });
}

Key usernameKey(std::string name, std::string& into, std::size_t maxBytes) {
    return makeText(std::move(name), into,
                    fmt::format("\"\" or a text of at most {} bytes without control characters", maxBytes),
                    [maxBytes](const std::string& text) {
                        std::string error = validateId(text);
                        return error.empty() ? validateText(text, maxBytes, Empty::kAllowed) : error;
                    });
}

Key pathKey(std::string name, std::string& into, Empty empty, std::size_t maxBytes) {
    return makeText(std::move(name), into,
                    fmt::format("{}an absolute path of at most {} bytes", orEmpty(empty), maxBytes),
                    [maxBytes, empty](const std::string& text) {
                        std::string error = validateText(text, maxBytes, empty);
                        return error.empty() && !text.empty() && text.front() != '/' ? kNotAbsolute : error;
                    });
}

Key passwordFileKey(std::string name, std::string& into) {
    const auto validate = [](const std::string& text) -> std::string {
        constexpr std::size_t kMaxCredentialBytes = 255;  // NAME_MAX
        const bool isPath = text.find('/') != std::string::npos;
        std::string error = validateLength(text, isPath ? kMaxPathBytes : kMaxCredentialBytes, Empty::kAllowed);
        if (!error.empty()) return error;
        if (isPath && text.front() != '/') return kNotAbsolute;
        const bool isName = text != "." && text != ".." && isPlainText(text);
        return isName ? "" : "is not a path or a credential's name";
    };
    return makeText(std::move(name), into,
                    "\"\", an absolute path, or the name of a systemd credential (not the password itself)", validate,
                    true);
}

std::string validateTopic(std::string_view topic, std::size_t maxBytes) {
    if (topic.starts_with('$')) return "begins with '$', which belongs to the broker";
    if (topic.find_first_of("+#") != std::string_view::npos) return "has a wildcard";
    return isValidUtf8(topic) ? validateText(topic, maxBytes, Empty::kRefused) : "is not UTF-8";
}

Key topicKey(std::string name, std::string& into, Empty empty, std::size_t maxBytes) {
    return makeText(
        std::move(name), into,
        fmt::format("{}a topic without '+', '#' and control characters, not beginning with '$', of at most {} bytes",
                    orEmpty(empty), maxBytes),
        [empty, maxBytes](const std::string& text) -> std::string {
            if (text.empty() && empty == Empty::kAllowed) return "";
            std::string error = validateId(text);
            return error.empty() ? validateTopic(text, maxBytes) : error;
        });
}

Key actionKey(std::string name, std::string& into, const std::vector<std::string>& commands) {
    std::vector<std::string> quoted;
    quoted.reserve(commands.size() + 1);
    for (const std::string& command : commands) quoted.push_back(inQuotes(command));
    quoted.emplace_back("an output with a state like \"lamp=on\", \"lamp=off\", \"lamp=toggle\"");
    return makeText(std::move(name), into, listed(quoted), [commands](const std::string& text) -> std::string {
        const std::size_t equals = text.find('=');
        const std::vector<std::string> states{"on", "off", "toggle"};
        const bool isOutput = equals != std::string::npos;
        const std::vector<std::string>& words = isOutput ? states : commands;
        const std::string word = isOutput ? text.substr(equals + 1) : text;
        if (std::ranges::find(words, word) != words.end()) return "";
        const std::string meant = word.empty() ? "" : nearest(word, words);
        if (meant.empty()) return "is not an action";
        return fmt::format("is not an action, did you mean {}?",
                           inQuotes(isOutput ? text.substr(0, equals + 1) + meant : meant));
    });
}

Key choiceKey(std::string name, const std::vector<std::string>& words, std::size_t defaultIndex,
              std::function<void(std::size_t)> store) {
    std::vector<std::string> quoted;
    quoted.reserve(words.size());
    for (const std::string& word : words) quoted.push_back(inQuotes(word));
    Key key(std::move(name), quoted[defaultIndex], listed(quoted));
    key.read = [words, store = std::move(store)](const toml::node& value) -> ValueErrors {
        const auto* text = value.as_string();
        const std::string typed = text == nullptr ? describe(value) : text->get();
        const auto found = std::ranges::find(words, typed);
        if (text == nullptr || found == words.end()) {
            const std::string meant = typed.empty() ? "" : nearest(typed, words);
            return {{fmt::format("{} is {}{}", describe(value), text == nullptr ? "not a text in quotes" : "not known",
                                 meant.empty() ? "" : fmt::format(", did you mean {}?", inQuotes(meant)))}};
        }
        store(static_cast<std::size_t>(found - words.begin()));
        return {};
    };
    return key;
}

Key choiceKey(std::string name, std::string& into, const std::vector<std::string>& words) {
    const auto current = std::ranges::find(words, into);
    return choiceKey(std::move(name), words, static_cast<std::size_t>(current - words.begin()),
                     [&into, words](std::size_t index) { into = words[index]; });
}

}  // namespace edge
