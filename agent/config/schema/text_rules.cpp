// SPDX-License-Identifier: MIT
#include "config/schema/text_rules.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cctype>

#include <fmt/core.h>

#include "core/suggest.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxIdBytes = 128;
constexpr std::size_t kMaxPathBytes = 4095;       // PATH_MAX less the final NUL
constexpr std::size_t kMaxCredentialBytes = 255;  // NAME_MAX

/// A service, a shell and systemd would each look in another directory.
constexpr const char* kNotAbsolute = "does not begin with '/'";

/// "{id}" as people write it who remember it a little differently, or who copy "<id>" from the documentation; ""
/// where there is none.
std::string mistakenId(std::string_view topic) {
    const std::string lower = toLower(topic);
    for (const std::string_view pattern : {"{id}", "{ id }", "<id>", "{device.id}", "{device_id}", "{deviceid}"}) {
        for (auto at = lower.find(pattern); at != std::string::npos; at = lower.find(pattern, at + 1)) {
            const std::string_view written = topic.substr(at, pattern.size());
            if (written != "{id}") return std::string(written);
        }
    }
    return "";
}

bool isIdLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// C0 and C1 control characters, DEL, and the code points that Unicode calls noncharacters: MQTT 5, 1.5.4, lets a
/// broker close the connection for them, and mosquitto does.
bool hasForbiddenCharacter(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = [&](std::size_t offset) {
            return i + offset < text.size() ? static_cast<unsigned char>(text[i + offset]) : 0U;
        };
        if (byte(0) < 0x20 || byte(0) == 0x7F) return true;
        if (byte(0) == 0xC2 && byte(1) < 0xA0) return true;
        const bool isFdd0 = byte(0) == 0xEF && byte(1) == 0xB7 && byte(2) >= 0x90 && byte(2) <= 0xAF;
        const bool isFffe = byte(0) == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE;
        const bool isHighFffe = byte(0) >= 0xF0 && (byte(1) & 0x0FU) == 0x0F && byte(2) == 0xBF && byte(3) >= 0xBE;
        if (isFdd0 || isFffe || isHighFffe) return true;
    }
    return false;
}

Complaint complaintOfLength(std::string_view text, std::size_t maxBytes, Empty empty) {
    if (text.empty() && empty == Empty::kRefused) return "is empty";
    if (text.size() > maxBytes) return fmt::format("is {} bytes long", text.size());
    return std::nullopt;
}

std::string orEmpty(Empty empty) {
    return empty == Empty::kAllowed ? "\"\" or " : "";
}

}  // namespace

TextRule idRule(Empty empty, std::string meaningOfEmpty) {
    const std::string note = meaningOfEmpty.empty() ? "" : fmt::format(" (\"\" = {})", meaningOfEmpty);
    return {fmt::format("letters, digits, '_' and '-', at most {}{}", kMaxIdBytes, note),
            [empty](std::string_view text) -> Complaint {
                if (auto complaint = complaintOfLength(text, kMaxIdBytes, empty)) return complaint;
                if (!std::all_of(text.begin(), text.end(), isIdLetter)) return "has other characters";
                return std::nullopt;
            }};
}

TextRule plainTextRule(std::size_t maxBytes, Empty empty) {
    return {fmt::format("{}a text of at most {} bytes without control characters", orEmpty(empty), maxBytes),
            [maxBytes, empty](std::string_view text) -> Complaint {
                if (auto complaint = complaintOfLength(text, maxBytes, empty)) return complaint;
                if (hasForbiddenCharacter(text)) return "has a control character";
                return std::nullopt;
            }};
}

TextRule pathRule(Empty empty) {
    return {fmt::format("{}an absolute path of at most {} bytes", orEmpty(empty), kMaxPathBytes),
            [empty](std::string_view text) -> Complaint {
                if (auto complaint = complaintOfLength(text, kMaxPathBytes, empty)) return complaint;
                if (!text.empty() && text.front() != '/') return kNotAbsolute;
                if (hasForbiddenCharacter(text)) return "has a control character";
                return std::nullopt;
            }};
}

TextRule socketRule() {
    constexpr std::size_t kMaxSocketBytes = sizeof(sockaddr_un::sun_path) - 1;
    return {fmt::format("\"\" or an absolute path of at most {} bytes", kMaxSocketBytes),
            [](std::string_view text) -> Complaint {
                if (auto complaint = complaintOfLength(text, kMaxSocketBytes, Empty::kAllowed)) return complaint;
                if (!text.empty() && text.front() != '/') return kNotAbsolute;
                if (hasForbiddenCharacter(text)) return "has a control character";
                return std::nullopt;
            }};
}

TextRule passwordFileRule() {
    const auto check = [](std::string_view text) -> Complaint {
        const bool isPath = text.find('/') != std::string_view::npos;
        if (auto complaint = complaintOfLength(text, isPath ? kMaxPathBytes : kMaxCredentialBytes, Empty::kAllowed)) {
            return complaint;
        }
        if (isPath && text.front() != '/') return kNotAbsolute;
        if (text == "." || text == ".." || hasForbiddenCharacter(text)) return "is not a path or a credential's name";
        return std::nullopt;
    };
    return {"\"\", an absolute path, or the name of a systemd credential (not the password itself)", check, false};
}

Complaint complaintOfTopic(std::string_view topic, std::size_t maxBytes) {
    if (topic.empty()) return "is empty";
    if (topic.size() > maxBytes) return fmt::format("is {} bytes long", topic.size());
    if (topic.front() == '$') return "begins with '$', which belongs to the broker";
    if (topic.find_first_of("+#") != std::string_view::npos) return "has a wildcard";
    if (!isValidUtf8(topic) || hasForbiddenCharacter(topic)) return "has a control character";
    return std::nullopt;
}

TextRule topicRule(Empty empty, std::size_t maxBytes) {
    return {
        fmt::format("{}a topic without '+', '#' and control characters, not beginning with '$', of at most {} bytes",
                    orEmpty(empty), maxBytes),
        [empty, maxBytes](std::string_view text) -> Complaint {
            if (text.empty() && empty == Empty::kAllowed) return std::nullopt;
            if (const std::string mistaken = mistakenId(text); !mistaken.empty())
                return fmt::format("has {}, did you mean {{id}}?", mistaken);
            return complaintOfTopic(text, maxBytes);
        }};
}

TextRule wordRule(std::vector<std::string> words) {
    std::vector<std::string> shown{"\"\""};
    for (const std::string& word : words) shown.push_back(inQuotes(word));
    return {listed(shown), [words = std::move(words)](std::string_view text) -> Complaint {
                if (text.empty() || std::find(words.begin(), words.end(), text) != words.end()) return std::nullopt;
                const std::string meant = nearest(text, words);
                return meant.empty() ? "is not known" : fmt::format("is not known, did you mean {}?", inQuotes(meant));
            }};
}

}  // namespace edge
