// SPDX-License-Identifier: MIT
#include "core/system/board.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <ifaddrs.h>
#include <memory>
#include <sstream>
#include <system_error>

#include <net/if.h>

#include "core/system/files.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// The zone of the processor ("cpu-thermal" on a Pi, "x86_pkg_temp" on a PC).
std::optional<double> cpuCelsius(const std::string& root) {
    std::error_code error;
    for (const auto& zone : std::filesystem::directory_iterator(root + "/sys/class/thermal", error)) {
        const std::string type = readText(zone.path() / "type");
        if (!type.starts_with("cpu") && type != "x86_pkg_temp") continue;
        if (const auto milli = parseNumber<int>(readText(zone.path() / "temp"))) return *milli / 1000.0;
    }
    return std::nullopt;
}

std::optional<double> load(const std::string& root) {
    double mean = 0;
    return std::ifstream(root + "/proc/loadavg") >> mean ? std::optional(mean) : std::nullopt;
}

std::optional<std::uint64_t> memoryAvailable(const std::string& root) {
    std::ifstream file(root + "/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        std::string key;
        std::uint64_t kib = 0;
        if (std::istringstream(line) >> key >> kib && key == "MemAvailable:") return kib;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> diskFree(std::string path) {
    struct statvfs system {};
    while (::statvfs(path.c_str(), &system) != 0) {
        const std::size_t slash = path.rfind('/');
        if (slash == std::string::npos || path == "/") return std::nullopt;
        path.resize(std::max<std::size_t>(slash, 1));  // the folder above: the file may not be there yet
    }
    return std::uint64_t{system.f_bavail} * system.f_frsize / 1024;
}

/// A line of /proc/net/wireless: "wlan0: 0000   54.  -56.  -256 …", the second number in dBm. Unconnected interfaces
/// have a link quality of 0 or no line.
std::optional<BoardHealth::Wifi> wifi(const std::string& root) {
    std::ifstream file(root + "/proc/net/wireless");
    for (std::string line; std::getline(file, line);) {
        std::string name;
        std::string status;
        std::string quality;
        double dbm = 0;
        if (!(std::istringstream(line) >> name >> status >> quality >> dbm) || !name.ends_with(':')) continue;
        name.pop_back();
        if (quality != "0." && dbm < 0) return BoardHealth::Wifi{name, static_cast<int>(dbm)};
    }
    return std::nullopt;
}

std::string addressOf(const ifaddrs& entry) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* address = nullptr;
    if (entry.ifa_addr->sa_family == AF_INET) {
        address = &reinterpret_cast<const sockaddr_in*>(entry.ifa_addr)->sin_addr;
    } else if (entry.ifa_addr->sa_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6*>(entry.ifa_addr)->sin6_addr;
        if (!IN6_IS_ADDR_LINKLOCAL(&v6)) address = &v6;
    }
    if (address == nullptr) return "";
    return ::inet_ntop(entry.ifa_addr->sa_family, address, text.data(), text.size()) == nullptr ? "" : text.data();
}

std::vector<std::string> addresses() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, ::freeifaddrs);
    std::vector<std::string> all;
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_LOOPBACK) != 0) continue;
        if (std::string address = addressOf(*entry); !address.empty()) all.push_back(std::move(address));
    }
    return all;
}

BoardHealth::Flag flagOf(unsigned bits, unsigned mask) {
    constexpr unsigned kBefore = 16;
    return {(bits & mask) != 0, (bits >> kBefore & mask) != 0};
}

}  // namespace

std::optional<unsigned> throttledBits(const std::string& root) {
    std::error_code error;
    // "soc/soc:firmware" up to the Pi 4, "soc@107c000000/soc@107c000000:firmware" on a Pi 5.
    for (const auto& soc : std::filesystem::directory_iterator(root + "/sys/devices/platform", error)) {
        const std::string name = soc.path().filename().string();
        if (!name.starts_with("soc")) continue;
        std::string text = readText(soc.path() / (name + ":firmware") / "get_throttled");
        if (text.starts_with("0x")) text.erase(0, 2);
        if (const auto bits = parseNumber<unsigned>(text, 16)) return bits;
    }
    return std::nullopt;
}

BoardHealth readBoard(const std::string& disk, const std::string& root) {
    constexpr unsigned kUndervoltage = 1;
    constexpr unsigned kThrottled = 4;
    BoardHealth board;
    board.cpuCelsius = cpuCelsius(root);
    board.load = load(root);
    board.memoryAvailableKib = memoryAvailable(root);
    board.diskFreeKib = diskFree(root + disk);
    if (const auto bits = throttledBits(root)) {
        board.undervoltage = flagOf(*bits, kUndervoltage);
        board.throttled = flagOf(*bits, kThrottled);
    }
    board.wifi = wifi(root);
    board.addresses = addresses();
    return board;
}

}  // namespace edge
