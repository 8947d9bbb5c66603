// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "core/result.hpp"

namespace toml {
inline namespace v3 {
class node;
class table;
}  // namespace v3
}  // namespace toml

/// The types of the values that keys take. A type knows what it allows and says so in messages, so that message,
/// documentation and check cannot differ.
namespace edge {

/// What is wrong with a value, as the middle of "key: …; allowed: …".
struct ValueError {
    std::string text;
    std::optional<Location> location = {};  ///< of the element of a list or table that is wrong; else the value's own
    std::string key = "";                   ///< of that element in its table
};
using ValueErrors = std::vector<ValueError>;

/// One key of the file, bound to the variable that it sets.
struct Key {
    Key(std::string keyName, std::string defaultToml, std::string whatIsAllowed)
        : name(std::move(keyName)), defaultValue(std::move(defaultToml)), allowed(std::move(whatIsAllowed)) {}

    std::string name;          ///< "ca_file"
    std::string defaultValue;  ///< as TOML: the value of the variable when the key was bound
    std::string allowed;       ///< "a whole number from 1 to 100"
    bool isSecret = false;     ///< the value may be a password in the wrong place, so it is never shown
    bool isSettable = false;   ///< the command `set` may change it
    /// Sets the variable, or returns what is wrong with the value.
    std::function<ValueErrors(const toml::node& value)> read;
    /// The variable as JSON; empty for types that no settable key has.
    std::function<std::string()> json = {};
};
using Keys = std::vector<Key>;

/// Marks a key that the command `set` may change.
inline Key settable(Key key) {
    key.isSettable = true;
    return key;
}

/// A quoted string of TOML and JSON; `text` has no control characters.
std::string inQuotes(std::string_view text);

enum class Empty { kRefused, kAllowed };

/// A word that stands for a duration: "always".
struct DurationWord {
    std::string word;
    milliseconds value{0};
    std::string meaning;
};

// Each binds the key `name` to `into`, which outlives the key.

Key flagKey(std::string name, bool& into);
/// A whole number from `min` to `max` in steps of `step` from 0; `note` is added to what is allowed.
Key integerKey(std::string name, int& into, int min, int max, int step = 1, const std::string& note = "");
/// A finite number from `min` to `max`.
Key realKey(std::string name, double& into, double min, double max, bool isZeroAllowed = true);
/// From -`limit` to `limit`, for one whose default depends on another key; `usual` is what the reference shows.
Key realKey(std::string name, std::optional<double>& into, double usual, double limit);
/// "500ms", in steps of `step`.
Key durationKey(std::string name, milliseconds& into, milliseconds min, milliseconds max,
                milliseconds step = milliseconds{1}, const std::optional<DurationWord>& word = {});
/// "16MiB": a whole number of KiB, MiB or GiB.
Key sizeKey(std::string name, std::int64_t& intoBytes, std::int64_t min, std::int64_t max);

/// Letters, digits, '_' and '-', which can be part of a topic and of a client id.
Key identifierKey(std::string name, std::string& into, Empty empty, const std::string& meaningOfEmpty = "");
/// The name to log in with, in which `{id}` stands for the device's id.
Key usernameKey(std::string name, std::string& into, std::size_t maxBytes);
/// Any text without control characters.
Key textKey(std::string name, std::string& into, std::size_t maxBytes, Empty empty = Empty::kAllowed);
inline constexpr std::size_t kMaxPathBytes = 4095;  // PATH_MAX less the final NUL
/// An absolute path.
Key pathKey(std::string name, std::string& into, Empty empty, std::size_t maxBytes = kMaxPathBytes);
/// A path with a '/', the name of a systemd credential, or "". Messages never show the value: some people write the
/// password itself there.
Key passwordFileKey(std::string name, std::string& into);

inline constexpr std::size_t kMaxTopicBytes = 65'535;        // MQTT 5, 1.5.4
inline constexpr std::size_t kMaxTopicPrefixBytes = 65'000;  // leaves room for what the agent appends
Key topicKey(std::string name, std::string& into, Empty empty, std::size_t maxBytes = kMaxTopicBytes);
/// Why `topic` cannot be published to: wildcards, '$' in front, control characters (brokers disconnect for them),
/// length. "" if it can. Empty levels are legal.
std::string validateTopic(std::string_view topic, std::size_t maxBytes = kMaxTopicBytes);

/// One of `words`, by its index.
Key choiceKey(std::string name, const std::vector<std::string>& words, std::size_t defaultIndex,
              std::function<void(std::size_t)> store);
Key choiceKey(std::string name, std::string& into, const std::vector<std::string>& words);
/// One of a few words: one for each value of the enumeration, in its order.
template <typename Enum>
requires std::is_enum_v<Enum> Key choiceKey(std::string name, Enum& into, const std::vector<std::string>& words) {
    Key key = choiceKey(std::move(name), words, static_cast<std::size_t>(into),
                        [&into](std::size_t index) { into = static_cast<Enum>(index); });
    key.json = [&into, words] { return inQuotes(words.at(static_cast<std::size_t>(into))); };
    return key;
}

/// A list of one to sixteen different addresses.
Key serversKey(std::string name, std::vector<ServerAddress>& into);
/// "mqtt://host", "mqtts://[::1]:8883", "wss://host/mqtt". The error says why not, and never repeats the text: it may
/// contain a password.
Result<ServerAddress> parseServerAddress(std::string_view text);

/// A GPIO line by its offset on the chip (17) or by its name ("GPIO17").
Key gpioLineKey(std::string name, GpioLine& into);
/// Parts of a picture: [[left, top, width, height], …] in per cent.
Key areasKey(std::string name, std::vector<PictureArea>& into);
/// Times of the day: "07:30", "sunrise+15m".
Key dayTimesKey(std::string name, std::vector<DayTime>& into);
/// None, or two of one kind: the times from which and until which something is allowed.
Key dayWindowKey(std::string name, std::vector<DayTime>& into);
/// Days of the week: "mon".
Key weekdaysKey(std::string name, std::vector<std::chrono::weekday>& into);
/// What a schedule does: one of `commands`, or "NAME=on", "NAME=off" or "NAME=toggle" for an output.
Key actionKey(std::string name, std::string& into, const std::vector<std::string>& commands);
/// libcamera controls by name. Which ones the camera has is known only when it is open.
Key cameraControlsKey(std::string name, Controls& into);

// For the types themselves.

/// Where a toml::node or toml::key stands.
template <typename Element>
Location locationOf(const Element& element) {
    const auto& source = element.source();
    return {source.path ? *source.path : "", static_cast<int>(source.begin.line)};
}
/// For a message: `3`, `"text"` (escaped and cut), `a table`.
std::string describe(const toml::node& value);
/// The same value as JSON.
std::string jsonOf(const toml::node& value);
/// "a, b or c".
std::string listed(const std::vector<std::string>& words);
/// nullopt if it is no number, or infinite, or not a number.
std::optional<double> finiteNumber(const toml::node& value);
/// "3 is not allowed", or what it was probably meant to be: `meant`, unless that is "".
ValueErrors notAllowed(const toml::node& value, const std::string& meant = "");

}  // namespace edge
