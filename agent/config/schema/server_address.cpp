// SPDX-License-Identifier: MIT
#include "config/schema/server_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxServers = 16;
constexpr std::size_t kMaxHostBytes = 253;  // RFC 1035, 2.3.4
constexpr std::size_t kMaxLabelBytes = 63;
constexpr std::size_t kMaxPathBytes = 1024;

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

tl::unexpected<Error> wrong(std::string message) {
    return fail(Errc::kInvalid, std::move(message));
}

bool isLabel(std::string_view label) {
    const auto isLetter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= kMaxLabelBytes && std::all_of(label.begin(), label.end(), isLetter);
}

/// inet_pton() stops at a NUL; an address has none.
bool isNumeric(int family, const std::string& text) {
    std::array<std::byte, sizeof(in6_addr)> address{};
    return text.find('\0') == std::string::npos && ::inet_pton(family, text.c_str(), address.data()) == 1;
}

bool isIpv4(const std::string& text) {
    return isNumeric(AF_INET, text);
}

/// With or without a zone ("fe80::1%eth0").
bool isIpv6(const std::string& text) {
    const auto percent = text.find('%');
    const bool isZoneGood = percent == std::string::npos || isLabel(std::string_view(text).substr(percent + 1));
    return isZoneGood && isNumeric(AF_INET6, text.substr(0, percent));
}

bool isHostName(std::string_view host) {
    if (host.empty() || host.size() > kMaxHostBytes) return false;
    if (host.back() == '.') host.remove_suffix(1);
    std::string_view label;
    while (true) {
        const auto dot = host.find('.');
        label = host.substr(0, dot);
        if (!isLabel(label)) return false;
        if (dot == std::string_view::npos) break;
        host.remove_prefix(dot + 1);
    }
    // "10.0.0.256" is a mistyped address, not a name: no top-level domain is a number.
    return label.find_first_not_of("0123456789") != std::string_view::npos;
}

Result<std::string> takeHost(std::string_view& text) {
    if (text.empty() || text.front() != '[') {
        const std::string host(text.substr(0, text.find(':')));
        text.remove_prefix(host.size());
        if (text.find(':') != text.rfind(':')) return wrong("has an IPv6 address without brackets");
        if (host.empty()) return wrong("has no host");
        if (!isHostName(host) && !isIpv4(host)) return wrong("has a host that is neither a name nor an address");
        return host;
    }
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong("has a '[' without its ']'");
    std::string host(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
    if (!isIpv6(host)) return wrong("has no IPv6 address between the brackets");
    return host;
}

Result<std::uint16_t> takePort(std::string_view text, std::uint16_t fallback) {
    if (text.empty()) return fallback;
    if (text.front() != ':') return wrong("has something between host and port");
    text.remove_prefix(1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0)
        return wrong("has a port outside 1 to 65535");
    return port;
}

bool isUrlLetter(char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '<' && c != '>' && c != '#';
}

}  // namespace

Result<ServerAddress> parseServerAddress(std::string_view text) {
    const auto separator = text.find("://");
    if (separator == std::string_view::npos) return wrong("has no scheme such as mqtt://");
    const std::string scheme = toLower(text.substr(0, separator));
    const auto* row =
        std::find_if(kSchemes.begin(), kSchemes.end(), [&](const SchemeRow& r) { return r.name == scheme; });
    if (row == kSchemes.end()) return wrong("has a scheme that is not known");

    std::string_view rest = text.substr(separator + 3);
    const auto slash = rest.find_first_of("/?#");
    const std::string_view path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
    rest = rest.substr(0, slash);
    if (rest.find('@') != std::string_view::npos) {
        return wrong("holds a user name or password: use mqtt.username and mqtt.password_file");
    }
    auto host = takeHost(rest);
    if (!host) return tl::unexpected(host.error());
    const auto port = takePort(rest, row->port);
    if (!port) return tl::unexpected(port.error());

    const bool isBare = path.empty() || path == "/";
    if (!isBare && !row->hasPath) return wrong("has a path, which only ws and wss have");
    if (!isBare && path.front() != '/') return wrong("has a path that does not begin with '/'");
    if (path.size() > kMaxPathBytes || !std::all_of(path.begin(), path.end(), isUrlLetter)) {
        return wrong("has a path that is too long or has characters to be percent-encoded");
    }
    return ServerAddress{row->scheme, *std::move(host), *port, row->hasPath ? std::string(path) : ""};
}

KeyFacts ServersRule::facts() const {
    KeyFacts facts;
    facts.kind = KeyKind::kServers;
    facts.allowed = fmt::format(
        "a list of 1 to {} different addresses like \"mqtt://host\", \"mqtts://host:8883\", \"ws://host/path\", "
        "\"wss://[::1]\"",
        kMaxServers);
    return facts;
}

std::string ServersRule::show(const std::vector<ServerAddress>& servers) const {
    std::string out;
    for (const ServerAddress& server : servers) out += (out.empty() ? "" : ", ") + inQuotes(toString(server));
    return '[' + out + ']';
}

Complaint ServersRule::read(const Value& value, std::vector<ServerAddress>& into) const {
    const auto* list = value.as<List>();
    if (list == nullptr) return "is not a list in brackets";
    if (list->empty()) return "is an empty list";
    if (list->size() > kMaxServers) return fmt::format("has {} addresses", list->size());
    std::vector<Objection> objections;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const Value& element = (*list)[i];
        const auto objectTo = [&](std::string_view what) {
            objections.emplace_back(fmt::format("address {} {}", i + 1, what));
            objections.back().line = element.line;
        };
        const auto* text = element.as<std::string>();
        auto address = text == nullptr ? fail(Errc::kInvalid, "is not a text in quotes") : parseServerAddress(*text);
        if (!address) {
            objectTo(address.error().message);
        } else if (std::find(into.begin(), into.end(), *address) != into.end()) {
            objectTo("is there twice");
        } else {
            into.push_back(*std::move(address));
        }
    }
    return together(std::move(objections));
}

}  // namespace edge
