// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/core.h>

#include "core/text.hpp"
#include "mqtt/net/resolver.hpp"

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
    if (error == EAI_NONAME) return "there is no such name; check mqtt.servers";
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

/// The bookkeeping outlives the resolver as long as a look-up is under way, which nothing can end.
class SystemResolver : public Resolver {
  public:
    SystemResolver(Loop& loop, StrandFactory makeStrand) : loop_(loop), makeStrand_(std::move(makeStrand)) {}

    void resolve(const std::string& host, std::uint16_t, Handler done) override {
        if (isNumeric(host)) {
            loop_.post([done = std::move(done), host] { done(Addresses{host}); });
            return;
        }
        // RFC 6761, section 6.3: known without asking anybody, also where /etc/hosts has been lost.
        if (toLower(host) == "localhost") {
            loop_.post([done = std::move(done)] { done(Addresses{"127.0.0.1", "::1"}); });
            return;
        }
        LookUp& lookUp = lookUps_[host];
        lookUp.waiting.push_back(std::move(done));
        if (lookUp.waiting.size() > 1) return;
        if (!lookUp.strand) lookUp.strand = makeStrand_("resolver for " + host);
        lookUp.strand->post([gate = gate_, host] {
            Result<Addresses> result = edge::lookUp(host);
            gate->deliver(host, std::move(result));
        });
    }

  private:
    struct LookUp {
        std::shared_ptr<Executor> strand;
        std::vector<Handler> waiting;
    };

    /// Where a strand hands over its result; closed when the resolver goes, before the loop does.
    struct Gate : std::enable_shared_from_this<Gate> {
        Gate(Loop& to, SystemResolver& resolver) : loop(&to), owner(&resolver) {}

        void deliver(const std::string& host, Result<Addresses> result) {
            const std::lock_guard lock(mutex);
            if (loop == nullptr) return;
            loop->post([self = shared_from_this(), host, result = std::move(result)] {
                if (self->owner != nullptr) self->owner->finish(host, result);
            });
        }
        void close() {
            const std::lock_guard lock(mutex);
            loop = nullptr;
            owner = nullptr;  // read on the loop only
        }

        std::mutex mutex;
        Loop* loop;
        SystemResolver* owner;
    };
    struct Closer {
        std::shared_ptr<Gate> gate;
        ~Closer() { gate->close(); }
    };

    void finish(const std::string& host, const Result<Addresses>& result) {
        for (const Handler& done : std::exchange(lookUps_[host].waiting, {})) done(result);
    }

    Loop& loop_;
    StrandFactory makeStrand_;
    std::map<std::string, LookUp> lookUps_;
    std::shared_ptr<Gate> gate_ = std::make_shared<Gate>(loop_, *this);
    Closer closer_{gate_};
};

}  // namespace

std::unique_ptr<Resolver> makeSystemResolver(Loop& loop, StrandFactory makeStrand) {
    return std::make_unique<SystemResolver>(loop, std::move(makeStrand));
}

}  // namespace edge
