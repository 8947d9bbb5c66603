// SPDX-License-Identifier: MIT
#include "mqtt/paho/paho_sockets.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <pthread.h>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "mqtt/net/tls_probe.hpp"
#include "mqtt/paho/inbound_stream.hpp"
#include "mqtt/paho/paho_waits.hpp"

namespace edge {

using Kind = ConnectionFailure::Kind;

struct PahoRoute::State {
    explicit State(const ConnectOptions& o)
        : options(o),
          isTls(o.server.scheme == Scheme::kMqtts || o.server.scheme == Scheme::kWss),
          isWebsocket(o.server.scheme == Scheme::kWs || o.server.scheme == Scheme::kWss),
          // A topic of 64 KiB may come before the payload: what is cut off must leave more of it than anybody takes.
          stream(isWebsocket ? InboundStream::Framing::kWebsocket : InboundStream::Framing::kMqtt,
                 std::size_t{2} * o.maximumPacketSize) {}

    const ConnectOptions options;
    const bool isTls;
    const bool isWebsocket;
    InboundStream stream;  ///< under Paho's mutex
    std::mutex mutex;
    std::optional<ConnectionFailure> problem{};  ///< under the mutex
};

/// All of them, and the sockets they have. Never destroyed: Paho's threads outlive main().
struct PahoRoutes {
    using State = PahoRoute::State;

    static PahoRoutes& all() {
        static auto* const instance = new PahoRoutes;
        return *instance;
    }

    void add(std::shared_ptr<State> state) {
        const std::lock_guard lock(mutex);
        states.push_back(std::move(state));
    }
    void remove(const std::shared_ptr<State>& state) {
        const std::lock_guard lock(mutex);
        states.erase(std::remove(states.begin(), states.end(), state), states.end());
        std::erase_if(sockets, [&](const auto& entry) { return entry.second == state; });
    }
    /// The newest to this host; `port` 0 = to any.
    std::shared_ptr<State> find(std::string_view host, std::uint16_t port) {
        const std::lock_guard lock(mutex);
        const auto it = std::find_if(states.rbegin(), states.rend(), [&](const auto& state) {
            const ServerAddress& server = state->options.server;
            return bare(server.host) == bare(host) && (port == 0 || server.port == port);
        });
        return it == states.rend() ? nullptr : *it;
    }
    void connects(int socket, std::shared_ptr<State> state) {
        const std::lock_guard lock(mutex);
        sockets[socket] = std::move(state);
    }
    std::shared_ptr<State> of(int socket) {
        const std::lock_guard lock(mutex);
        const auto it = sockets.find(socket);
        return it == sockets.end() ? nullptr : it->second;
    }

    /// Without brackets and zone.
    static std::string_view bare(std::string_view host) {
        while (host.starts_with('[')) host.remove_prefix(1);
        while (host.ends_with(']')) host.remove_suffix(1);
        return host.substr(0, host.find('%'));
    }

    std::mutex mutex;
    std::vector<std::shared_ptr<State>> states;
    std::map<int, std::shared_ptr<State>> sockets;
};

namespace {

bool isPahosThread() {
    thread_local const bool isPahos = [] {
        std::array<char, 16> name{};
        return pthread_getname_np(pthread_self(), name.data(), name.size()) == 0 &&
               std::string_view(name.data()).starts_with("MQTTAsync_");
    }();
    return isPahos;
}

bool isAddress(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    return inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
           inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

/// What the process would have called without this file.
template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// Of the look-up before the connect() on this thread: Paho goes from one to the other, and loses the zone.
struct Destination {
    std::string host;
    std::uint32_t zone = 0;
};
Destination& destination() {
    thread_local Destination instance;
    return instance;
}

}  // namespace

PahoRoute::PahoRoute(const ConnectOptions& options) : state_(std::make_shared<State>(options)) {
    PahoRoutes::all().add(state_);
}

PahoRoute::~PahoRoute() {
    PahoRoutes::all().remove(state_);
}

std::string PahoRoute::uri() const {
    const ServerAddress& server = state_->options.server;
    std::string host(PahoRoutes::bare(server.host));
    // Of a host in brackets Paho strips the last one, and sends the rest as Host header.
    if (state_->isWebsocket && host.find(':') != std::string::npos) host = "[" + host + "]]";
    const char* scheme = state_->isTls ? "ssl://" : "tcp://";
    if (state_->isWebsocket) scheme = state_->isTls ? "wss://" : "ws://";
    return scheme + host + ":" + std::to_string(server.port) + server.path;
}

std::optional<ConnectionFailure> PahoRoute::problem() const {
    const std::lock_guard lock(state_->mutex);
    return state_->problem;
}

namespace {

std::ptrdiff_t readThrough(PahoRoutes::State& state, char* to, std::size_t size, const InboundStream::Source& source) {
    const std::ptrdiff_t got = state.stream.read(to, size, std::chrono::steady_clock::now(), source);
    if (state.stream.isDiscarding()) noteLineProgress();
    if (got == 0 && !state.stream.problem().empty()) {
        const std::lock_guard lock(state.mutex);
        state.problem = ConnectionFailure{Kind::kServer, -1, state.stream.problem()};
    }
    return got;
}

}  // namespace

// As in paho_waits.cpp.
extern "C" int edgeGetaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) __asm__("getaddrinfo");
extern "C" int edgeConnect(int, const sockaddr*, socklen_t) __asm__("connect");
extern "C" ssize_t edgeRecv(int, void*, std::size_t, int) __asm__("recv");
extern "C" int edgeSslRead(SSL*, void*, int) __asm__("SSL_read");
extern "C" long edgeSslCtrl(SSL*, int, long, void*) __asm__("SSL_ctrl");
extern "C" int edgeX509CheckIpAsc(X509*, const char*, unsigned) __asm__("X509_check_ip_asc");

extern "C" int edgeGetaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** result) {
    static auto* const real = next<decltype(edgeGetaddrinfo)>("getaddrinfo");
    const auto state = isPahosThread() && host != nullptr ? PahoRoutes::all().find(host, 0) : nullptr;
    if (!state) return real(host, service, hints, result);
    addrinfo numeric = hints == nullptr ? addrinfo{} : *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    const int error = real(state->options.resolvedAddress.c_str(), service, &numeric, result);
    if (error != 0) return error;
    destination() = {host, 0};
    if ((*result)->ai_family == AF_INET6) {
        destination().zone = reinterpret_cast<const sockaddr_in6*>((*result)->ai_addr)->sin6_scope_id;
    }
    return 0;
}

extern "C" int edgeConnect(int socket, const sockaddr* address, socklen_t size) {
    static auto* const real = next<decltype(edgeConnect)>("connect");
    if (!isPahosThread() || address == nullptr) return real(socket, address, size);
    const Destination to = std::exchange(destination(), {});
    sockaddr_in6 copy{};
    if (size > sizeof copy) return real(socket, address, size);
    std::memcpy(&copy, address, size);
    // The port is at the same place in both families.
    if (auto state = PahoRoutes::all().find(to.host, ntohs(copy.sin6_port))) {
        PahoRoutes::all().connects(socket, std::move(state));
        if (address->sa_family == AF_INET6) copy.sin6_scope_id = to.zone;
    }
    return real(socket, reinterpret_cast<const sockaddr*>(&copy), size);
}

extern "C" ssize_t edgeRecv(int socket, void* to, std::size_t size, int flags) {
    const auto source = [&](char* into, std::size_t bytes) {
        return ::recvfrom(socket, into, bytes, flags, nullptr, nullptr);
    };
    const auto state = isPahosThread() && size > 0 ? PahoRoutes::all().of(socket) : nullptr;
    if (!state || state->isTls) return source(static_cast<char*>(to), size);
    return readThrough(*state, static_cast<char*>(to), size, source);
}

extern "C" int edgeSslRead(SSL* ssl, void* to, int size) {
    static auto* const real = next<decltype(edgeSslRead)>("SSL_read");
    const auto state = isPahosThread() ? PahoRoutes::all().of(SSL_get_fd(ssl)) : nullptr;
    if (!state || size <= 0) return real(ssl, to, size);
    const auto source = [&](char* into, std::size_t bytes) -> std::ptrdiff_t {
        const int got = real(ssl, into, static_cast<int>(bytes));
        if (got > 0 || ERR_peek_last_error() == 0) return got;
        if (auto failure = describeTlsAlert(ERR_peek_last_error(), state->options)) {
            const std::lock_guard lock(state->mutex);
            state->problem = std::move(failure);
        }
        return got;
    };
    return static_cast<int>(readThrough(*state, static_cast<char*>(to), static_cast<std::size_t>(size), source));
}

extern "C" long edgeSslCtrl(SSL* ssl, int command, long number, void* value) {
    static auto* const real = next<decltype(edgeSslCtrl)>("SSL_ctrl");
    const bool isServerName = command == SSL_CTRL_SET_TLSEXT_HOSTNAME && value != nullptr && isPahosThread();
    if (isServerName && isAddress(std::string(PahoRoutes::bare(static_cast<const char*>(value))))) return 1;
    return real(ssl, command, number, value);
}

extern "C" int edgeX509CheckIpAsc(X509* certificate, const char* address, unsigned flags) {
    static auto* const real = next<decltype(edgeX509CheckIpAsc)>("X509_check_ip_asc");
    if (!isPahosThread() || address == nullptr) return real(certificate, address, flags);
    return real(certificate, std::string(PahoRoutes::bare(address)).c_str(), flags);
}

}  // namespace edge
