// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/schema/rules.hpp"

/// The kinds of text that keys take.
namespace edge {

enum class Empty { kRefused, kAllowed };

/// Letters, digits, '_' and '-': what goes into a topic and a client id as it is.
TextRule idRule(Empty empty, std::string meaningOfEmpty = "");

/// Any text for people, without control characters, of at most `maxBytes`.
TextRule plainTextRule(std::size_t maxBytes, Empty empty);

/// A path of a file or directory; never holds a NUL, at most 4,095 bytes.
TextRule pathRule(Empty empty);

/// "" or the absolute path of a Unix socket, which fits sockaddr_un.
TextRule socketRule();

/// A path with a '/', or the name of a systemd credential, or "". Its value is never shown: people have been seen to
/// put the password itself there.
TextRule passwordFileRule();

inline constexpr std::size_t kMaxTopicBytes = 65'535;  // MQTT 5, 1.5.4
/// What topics.base and home_assistant.prefix may take of it, so that there is room for what is added.
inline constexpr std::size_t kMaxTopicPrefixBytes = 65'000;

/// Why `topic` cannot be published to: wildcards, '$' in front, control characters (brokers disconnect for them),
/// length. nullopt where it can. Empty levels are legal.
Complaint complaintOfTopic(std::string_view topic, std::size_t maxBytes = kMaxTopicBytes);

TextRule topicRule(Empty empty, std::size_t maxBytes = kMaxTopicBytes);

/// "" or one of `words`.
TextRule wordRule(std::vector<std::string> words);

}  // namespace edge
