// SPDX-License-Identifier: MIT
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/core.h>
#include <toml++/toml.h>

#include "config/schema/types.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

struct SchemeRow {
    std::string_view name;
    Scheme scheme;
    std::uint16_t port;
    bool hasPath;
};
constexpr std::array<SchemeRow, 4> kSchemes{{{"mqtt", Scheme::kMqtt, 1883, false},
                                             {"mqtts", Scheme::kMqtts, 8883, false},
                                             {"ws", Scheme::kWs, 80, true},
                                             {"wss", Scheme::kWss, 443, true}}};

tl::unexpected<Error> invalid(std::string message) {
    return fail(Errc::kInvalid, std::move(message));
}

bool isLabel(std::string_view label) {
    constexpr std::size_t kMaxBytes = 63;  // RFC 1035, 2.3.4
    return !label.empty() && label.size() <= kMaxBytes && isWord(label, "_-");
}

bool isAddress(int family, const std::string& text) {
    std::array<std::byte, sizeof(in6_addr)> address{};
    // inet_pton() stops at a NUL.
    return text.find('\0') == std::string::npos && ::inet_pton(family, text.c_str(), address.data()) == 1;
}

/// With or without a zone ("fe80::1%eth0").
bool isIpv6(const std::string& text) {
    const auto percent = text.find('%');
    const bool isZoneGood = percent == std::string::npos || isLabel(std::string_view(text).substr(percent + 1));
    return isZoneGood && isAddress(AF_INET6, text.substr(0, percent));
}

bool isHostName(std::string_view host) {
    constexpr std::size_t kMaxBytes = 253;  // RFC 1035, 2.3.4
    if (host.size() > kMaxBytes) return false;
    if (host.ends_with('.')) host.remove_suffix(1);
    auto dot = host.find('.');
    for (; dot != std::string_view::npos; dot = host.find('.')) {
        if (!isLabel(host.substr(0, dot))) return false;
        host.remove_prefix(dot + 1);
    }
    // "10.0.0.256" is a mistyped address: no top-level domain is a number.
    return isLabel(host) && host.find_first_not_of("0123456789") != std::string_view::npos;
}

/// Takes the host from the front of `text`, and the brackets of an IPv6 address.
Result<std::string> takeHost(std::string_view& text) {
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return invalid("has a '[' without its ']'");
        std::string host(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
        if (!isIpv6(host)) return invalid("has no IPv6 address between the brackets");
        return host;
    }
    std::string host(text.substr(0, text.find(':')));
    text.remove_prefix(host.size());
    if (text.find(':') != text.rfind(':')) return invalid("has an IPv6 address without brackets");
    if (host.empty()) return invalid("has no host");
    if (!isHostName(host) && !isAddress(AF_INET, host))
        return invalid("has a host that is neither a name nor an address");
    return host;
}

Result<std::uint16_t> parsePort(std::string_view text, std::uint16_t defaultPort) {
    if (text.empty()) return defaultPort;
    if (text.front() != ':') return invalid("has something between host and port");
    const auto port = parseNumber<std::uint16_t>(text.substr(1)).value_or(0);
    if (port == 0) return invalid("has a port outside 1 to 65535");
    return port;
}

bool isUrlLetter(char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '<' && c != '>' && c != '#';
}

}  // namespace

Result<ServerAddress> parseServerAddress(std::string_view text) {
    const auto separator = text.find("://");
    if (separator == std::string_view::npos) return invalid("has no scheme such as mqtt://");
    const std::string scheme = toLower(text.substr(0, separator));
    const auto* row = std::ranges::find(kSchemes, scheme, &SchemeRow::name);
    if (row == kSchemes.end()) return invalid("has an unknown scheme");

    std::string_view authority = text.substr(separator + 3);
    const auto slash = std::min(authority.find_first_of("/?#"), authority.size());
    const std::string_view path = authority.substr(slash);
    authority = authority.substr(0, slash);
    if (authority.find('@') != std::string_view::npos)
        return invalid("contains a user name or password: use mqtt.username and mqtt.password_file");
    std::string host = TRY(takeHost(authority));
    const std::uint16_t port = TRY(parsePort(authority, row->port));

    constexpr std::size_t kMaxUrlPathBytes = 1024;
    const bool isBare = path.empty() || path == "/";
    if (!isBare && !row->hasPath) return invalid("has a path, which only ws and wss have");
    if (!isBare && path.front() != '/') return invalid("has a path that does not begin with '/'");
    if (path.size() > kMaxUrlPathBytes || !std::ranges::all_of(path, isUrlLetter))
        return invalid("has a path that is too long or has characters to be percent-encoded");
    return ServerAddress{row->scheme, std::move(host), port, row->hasPath ? std::string(path) : ""};
}

Key serversKey(std::string name, std::vector<ServerAddress>& into) {
    constexpr std::size_t kMaxServers = 16;
    std::string shown;
    for (const ServerAddress& server : into) shown += (shown.empty() ? "" : ", ") + inQuotes(toString(server));
    Key key(std::move(name), '[' + shown + ']',
            fmt::format("a list of 1 to {} different addresses like \"mqtt://host\", \"mqtts://host:8883\", "
                        "\"ws://host/path\", \"wss://[::1]\"",
                        kMaxServers));
    key.read = [&into](const toml::node& value) -> ValueErrors {
        const auto* list = value.as_array();
        if (list == nullptr) return {{"is not a list in brackets"}};
        if (list->empty()) return {{"is an empty list"}};
        if (list->size() > kMaxServers) return {{fmt::format("has {} addresses", list->size())}};
        into.clear();
        ValueErrors errors;
        for (const toml::node& element : *list) {
            const auto* text = element.as_string();
            auto address =
                text == nullptr ? fail(Errc::kInvalid, "is not a text in quotes") : parseServerAddress(text->get());
            if (address && std::ranges::find(into, *address) != into.end())
                address = fail(Errc::kInvalid, "is a duplicate");
            if (address) {
                into.push_back(*std::move(address));
            } else {
                errors.push_back(
                    {fmt::format("address {} {}", into.size() + errors.size() + 1, address.error().message),
                     locationOf(element)});
            }
        }
        return errors;
    };
    return key;
}

}  // namespace edge
