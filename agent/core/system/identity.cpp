// SPDX-License-Identifier: MIT
#include "core/system/identity.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "core/system/files.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// Six hex digits that tell machines apart and do not give the serial number or machine id away.
std::string hashDigits(const std::string& secret) {
    return sha256Hex("pi-edge-agent device id v1:" + secret).substr(0, 6);
}

std::string hostname() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "pi";
    return name.data();
}

/// Only what may stand in a topic level and a client id.
std::string sanitise(std::string_view name) {
    std::string clean;
    for (const char c : name.substr(0, name.find('.'))) {
        const bool isAllowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        clean += isAllowed ? c : '-';
    }
    constexpr std::size_t kLongest = 32;
    clean.resize(std::min(clean.size(), kLongest));
    return clean.empty() ? "pi" : clean;
}

/// The first of the files that says something. Boards without a serial number say 0000….
std::string firstText(const std::string& root, std::initializer_list<const char*> paths) {
    for (const char* path : paths) {
        std::string text = readText(root + path);
        if (text.find_first_not_of('0') != std::string::npos) return text;
    }
    return "";
}

std::string prettyOs(const std::string& root) {
    const auto release = readSmallFile(root + "/etc/os-release", 16384);
    constexpr std::string_view kKey = "PRETTY_NAME=";
    if (!release) return "unknown";
    std::size_t at = release->find(kKey);
    if (at == std::string::npos) return "unknown";
    at += kKey.size();
    std::string_view value = trim(std::string_view(*release).substr(at, release->find('\n', at) - at));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return std::string(value);
}

}  // namespace

Identity readIdentity(const std::string& root) {
    Identity identity;
    identity.hostname = root.empty() ? hostname() : readText(root + "/etc/hostname");
    std::string unique = firstText(
        root, {"/sys/firmware/devicetree/base/serial-number", "/proc/device-tree/serial-number", "/etc/machine-id"});
    // Neither (a container without a machine id): the name alone still tells machines of one network apart.
    if (unique.empty()) unique = identity.hostname;
    identity.deviceId = sanitise(identity.hostname) + "-" + hashDigits(unique);
    identity.model = firstText(
        root, {"/sys/firmware/devicetree/base/model", "/proc/device-tree/model", "/sys/class/dmi/id/product_name"});
    if (identity.model.empty()) identity.model = "unknown";
    identity.os = prettyOs(root);
    identity.bootId = readText(root + "/proc/sys/kernel/random/boot_id");
    std::erase(identity.bootId, '-');
    if (identity.bootId.empty()) identity.bootId = std::string(32, '0');
    return identity;
}

}  // namespace edge
