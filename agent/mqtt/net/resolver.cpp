// SPDX-License-Identifier: MIT
#include "mqtt/net/resolver.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "core/loop/scope.hpp"
#include "core/text.hpp"

namespace edge {

namespace {

using Addresses = std::vector<std::string>;

bool isNumeric(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    const std::string withoutZone = host.substr(0, host.find('%'));
    return inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
           inet_pton(AF_INET6, withoutZone.c_str(), parsed.data()) == 1;
}

std::string adviceFor(int error) {
    if (error == EAI_AGAIN) return "the name server does not answer; check the network";
    if (error == EAI_NONAME) return "no such host; check mqtt.servers";
    return gai_strerror(error);
}

/// Blocks, for as long as the system's resolver likes.
Result<Addresses> lookUp(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (error != 0) {
        return fail(Errc::kUnavailable, fmt::format("cannot look up {}: {}", printable(host), adviceFor(error)));
    }
    Addresses addresses;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
            continue;
        }
        const std::string address = text.data();
        if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
    }
    freeaddrinfo(found);
    if (addresses.empty()) return fail(Errc::kUnavailable, fmt::format("{} has no address", printable(host)));
    return addresses;
}

class SystemResolver : public Resolver {
  public:
    SystemResolver(Loop& loop, StrandFactory makeStrand) : loop_(loop), makeStrand_(std::move(makeStrand)) {}

    void resolve(const std::string& host, Handler done) override {
        if (isNumeric(host)) return loop_.post([done = std::move(done), host] { done(Addresses{host}); });
        // RFC 6761, section 6.3: known without a look-up, also where /etc/hosts is lost.
        if (toLower(host) == "localhost") {
            return loop_.post([done = std::move(done)] { done(Addresses{"127.0.0.1", "::1"}); });
        }
        LookUp& lookUp = lookUps_[host];
        lookUp.waiting.push_back(std::move(done));
        if (lookUp.waiting.size() > 1) return;
        if (!lookUp.strand) lookUp.strand = makeStrand_("resolver for " + host);
        runOn(
            *lookUp.strand, loop_, scope_, [host] { return edge::lookUp(host); },
            [this, host](const Result<Addresses>& result) {
                for (const Handler& waiting : std::exchange(lookUps_[host].waiting, {})) waiting(result);
            });
    }

  private:
    struct LookUp {
        std::shared_ptr<Executor> strand;
        std::vector<Handler> waiting;
    };

    Loop& loop_;
    const StrandFactory makeStrand_;
    std::map<std::string, LookUp> lookUps_;
    Scope scope_;
};

}  // namespace

std::unique_ptr<Resolver> makeSystemResolver(Loop& loop, StrandFactory makeStrand) {
    return std::make_unique<SystemResolver>(loop, std::move(makeStrand));
}

}  // namespace edge
