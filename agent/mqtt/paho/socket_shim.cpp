// SPDX-License-Identifier: MIT
#include "mqtt/paho/socket_shim.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "mqtt/net/tls_failure.hpp"
#include "mqtt/paho/inbound_stream.hpp"
#include "mqtt/paho/poll_shim.hpp"

namespace edge {

using Kind = ConnectionFailure::Kind;

constexpr int kFirstSocket = 100;
constexpr int kLastSocket = 500;

/// The socket and the problem are under the mutex of Routes, the rest under Paho's.
struct PahoRoute::State {
    explicit State(const ConnectOptions& o)
        : options(o),
          // A topic of 64 KiB may precede the payload: what is left of a message must exceed what is accepted.
          stream(usesWebsocket(o.server.scheme) ? InboundStream::Framing::kWebsocket : InboundStream::Framing::kMqtt,
                 std::size_t{2} * o.maximumPacketSize) {}

    const ConnectOptions options;
    InboundStream stream;
    TlsFinding finding{};
    int socket = -1;
    std::optional<ConnectionFailure> problem{};
};

namespace {

using Route = std::shared_ptr<PahoRoute::State>;

bool isPahoThread() {
    thread_local const bool isPahos = isThreadNamed("MQTTAsync_");
    return isPahos;
}

/// All routes, the newest last.
struct Routes {
    template <typename Condition>
    Route newest(Condition condition) {
        if (!isPahoThread()) return nullptr;
        const std::lock_guard lock(mutex);
        const auto it = std::find_if(routes.rbegin(), routes.rend(), condition);
        return it == routes.rend() ? nullptr : *it;
    }
    Route of(int socket) {
        return newest([socket](const Route& route) { return route->socket == socket; });
    }
    void note(const Route& route, ConnectionFailure problem) {
        const std::lock_guard lock(mutex);
        route->problem = std::move(problem);
    }

    std::mutex mutex;
    std::vector<Route> routes;
};

/// Never destroyed: Paho's threads outlive main().
Routes& all() {
    static auto* const instance = new Routes;
    return *instance;
}

/// Without brackets and zone.
std::string bare(std::string_view host) {
    while (host.starts_with('[')) host.remove_prefix(1);
    while (host.ends_with(']')) host.remove_suffix(1);
    return std::string(host.substr(0, host.find('%')));
}

/// What the process would call without this file.
template <typename Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// Of the look-up before the connect() on this thread: Paho goes from one to the other, and loses the zone.
struct Destination {
    Route route;
    std::uint32_t zone = 0;
};
thread_local Destination destination;

/// And not only has to be called again.
bool hasFailed(SSL* ssl, int result) {
    const int error = SSL_get_error(ssl, result);
    return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
}

std::ptrdiff_t readThrough(const Route& route, void* to, std::size_t size, const InboundStream::Source& source) {
    InboundStream& stream = route->stream;
    const std::ptrdiff_t got = stream.read(static_cast<char*>(to), size, std::chrono::steady_clock::now(), source);
    if (stream.isDiscarding()) noteLineProgress();
    if (got == 0 && !stream.problem().empty()) all().note(route, {Kind::kServer, -1, stream.problem()});
    return got;
}

}  // namespace

PahoRoute::PahoRoute(const ConnectOptions& options) : state_(std::make_shared<State>(options)) {
    const std::lock_guard lock(all().mutex);
    all().routes.push_back(state_);
}

PahoRoute::~PahoRoute() {
    const std::lock_guard lock(all().mutex);
    std::erase(all().routes, state_);
}

std::string PahoRoute::uri() const {
    const ServerAddress& server = state_->options.server;
    const bool isTls = usesTls(server.scheme);
    const bool isWebsocket = usesWebsocket(server.scheme);
    std::string host = bare(server.host);
    // Of a host in brackets Paho strips the last one, and sends the rest as Host header.
    if (isWebsocket && host.find(':') != std::string::npos) host = "[" + host + "]]";
    const char* scheme = isWebsocket ? (isTls ? "wss" : "ws") : (isTls ? "ssl" : "tcp");
    return fmt::format("{}://{}:{}{}", scheme, host, server.port, server.path);
}

std::optional<ConnectionFailure> PahoRoute::problem() const {
    const std::lock_guard lock(all().mutex);
    return state_->problem;
}

std::size_t PahoRoute::unacknowledgedBytes() const {
    const std::lock_guard lock(all().mutex);
    int bytes = 0;
    if (state_->socket < 0 || ::ioctl(state_->socket, SIOCOUTQ, &bytes) < 0) return 0;
    return static_cast<std::size_t>(std::max(bytes, 0));
}

ConnectionFailure cannotConnect(const ConnectOptions& options, const std::string& why) {
    return {Kind::kNetwork, -1,
            fmt::format("cannot connect to {} port {}{}; is the broker running there{}?", options.server.host,
                        options.server.port, why.empty() ? "" : " (" + why + ")",
                        usesWebsocket(options.server.scheme)
                            ? ", and is it a port for websockets (ws:// without TLS, wss:// with)"
                            : "")};
}

// As in poll_shim.cpp.
extern "C" int edgeGetaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) __asm__("getaddrinfo");
extern "C" int edgeSocket(int, int, int) __asm__("socket");
extern "C" int edgeConnect(int, const sockaddr*, socklen_t) __asm__("connect");
extern "C" int edgeGetsockopt(int, int, int, void*, socklen_t*) __asm__("getsockopt");
extern "C" ssize_t edgeRecv(int, void*, std::size_t, int) __asm__("recv");
extern "C" int edgeSslConnect(SSL*) __asm__("SSL_connect");
extern "C" int edgeSslRead(SSL*, void*, int) __asm__("SSL_read");
extern "C" int edgeSslWrite(SSL*, const void*, int) __asm__("SSL_write");
extern "C" int edgeX509CheckIpAsc(X509*, const char*, unsigned) __asm__("X509_check_ip_asc");

extern "C" int edgeGetaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** result) {
    static auto* const real = next<decltype(edgeGetaddrinfo)>("getaddrinfo");
    const Route route = host == nullptr ? nullptr : all().newest([name = bare(host)](const Route& candidate) {
        return candidate->socket < 0 && bare(candidate->options.server.host) == name;
    });
    if (!route) return real(host, service, hints, result);
    addrinfo numeric = hints == nullptr ? addrinfo{} : *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    const int error = real(route->options.resolvedAddress.c_str(), service, &numeric, result);
    if (error != 0) return error;
    destination = {route, 0};
    if ((*result)->ai_family == AF_INET6) {
        destination.zone = reinterpret_cast<const sockaddr_in6*>((*result)->ai_addr)->sin6_scope_id;
    }
    return 0;
}

/// With a number that the socket before did not have: Paho 1.3.12 takes the late end of a closed one for that of the
/// new.
extern "C" int edgeSocket(int domain, int type, int protocol) {
    static auto* const real = next<decltype(edgeSocket)>("socket");
    const int socket = real(domain, type, protocol);
    if (socket < 0 || !isPahoThread()) return socket;
    static std::atomic<int> last{kFirstSocket};
    const int moved = ::fcntl(socket, F_DUPFD_CLOEXEC, last < kLastSocket ? last + 1 : kFirstSocket);
    if (moved < 0) return socket;
    ::close(socket);
    return last = moved;
}

extern "C" int edgeConnect(int socket, const sockaddr* address, socklen_t size) {
    static auto* const real = next<decltype(edgeConnect)>("connect");
    const Destination to = std::exchange(destination, {});
    sockaddr_in6 copy{};
    if (!to.route || size > sizeof copy) return real(socket, address, size);
    std::memcpy(&copy, address, size);
    if (address->sa_family == AF_INET6) copy.sin6_scope_id = to.zone;
    {
        const std::lock_guard lock(all().mutex);
        to.route->socket = socket;
    }
    const int result = real(socket, reinterpret_cast<const sockaddr*>(&copy), size);
    const int error = errno;
    if (result != 0 && error != EINPROGRESS)
        all().note(to.route, cannotConnect(to.route->options, std::strerror(error)));
    errno = error;
    return result;
}

/// How Paho learns that a connection was refused; it does not pass the error on.
extern "C" int edgeGetsockopt(int socket, int level, int option, void* value, socklen_t* size) {
    static auto* const real = next<decltype(edgeGetsockopt)>("getsockopt");
    const int result = real(socket, level, option, value, size);
    if (result != 0 || level != SOL_SOCKET || option != SO_ERROR) return result;
    const int error = *static_cast<const int*>(value);
    const Route route = error == 0 ? nullptr : all().of(socket);
    if (route) all().note(route, cannotConnect(route->options, std::strerror(error)));
    return 0;
}

extern "C" ssize_t edgeRecv(int socket, void* to, std::size_t size, int flags) {
    const auto source = [&](char* into, std::size_t bytes) {
        return ::recvfrom(socket, into, bytes, flags, nullptr, nullptr);
    };
    const Route route = size > 0 ? all().of(socket) : nullptr;
    if (!route || usesTls(route->options.server.scheme)) return source(static_cast<char*>(to), size);
    return readThrough(route, to, size, source);
}

extern "C" int edgeSslConnect(SSL* ssl) {
    static auto* const real = next<decltype(edgeSslConnect)>("SSL_connect");
    const Route route = all().of(SSL_get_fd(ssl));
    if (!route) return real(ssl);
    prepareHandshake(ssl, bare(route->options.server.host), route->finding);
    const int result = real(ssl);
    if (result != 1 && hasFailed(ssl, result)) all().note(route, describeHandshake(route->finding, route->options));
    return result;
}

extern "C" int edgeSslRead(SSL* ssl, void* to, int size) {
    static auto* const real = next<decltype(edgeSslRead)>("SSL_read");
    const Route route = size > 0 ? all().of(SSL_get_fd(ssl)) : nullptr;
    if (!route) return real(ssl, to, size);
    const auto source = [&](char* into, std::size_t bytes) -> std::ptrdiff_t {
        const int got = real(ssl, into, static_cast<int>(bytes));
        if (got > 0) return got;
        if (auto failure = describeTlsAlert(route->options)) all().note(route, *std::move(failure));
        return got;
    };
    return static_cast<int>(readThrough(route, to, static_cast<std::size_t>(size), source));
}

/// A broker that does not accept our certificate may have closed the connection by now (TLS 1.3): it says so in an
/// alert that Paho does not read any more.
extern "C" int edgeSslWrite(SSL* ssl, const void* from, int size) {
    static auto* const real = next<decltype(edgeSslWrite)>("SSL_write");
    const int result = real(ssl, from, size);
    char byte = 0;
    if (result <= 0 && isPahoThread() && hasFailed(ssl, result)) (void)SSL_read(ssl, &byte, 1);
    return result;
}

extern "C" int edgeX509CheckIpAsc(X509* certificate, const char* address, unsigned flags) {
    static auto* const real = next<decltype(edgeX509CheckIpAsc)>("X509_check_ip_asc");
    if (!isPahoThread() || address == nullptr) return real(certificate, address, flags);
    return real(certificate, bare(address).c_str(), flags);
}

}  // namespace edge
