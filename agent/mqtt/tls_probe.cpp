// SPDX-License-Identifier: MIT
#include "mqtt/tls_probe.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/files.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;
using Deadline = SteadyTime;

template <auto function>
struct Deleter {
    template <typename T>
    void operator()(T* pointer) const {
        function(pointer);
    }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Deleter<SSL_free>>;

/// What the verification found wrong first, and when that certificate is valid.
struct Finding {
    int error = X509_V_OK;
    std::string notBefore;
    std::string notAfter;
};

ConnectionFailure tlsFailure(std::string message, Kind kind = Kind::kTls) {
    return {kind, -1, std::move(message)};
}

std::string lastTlsError() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "the connection was closed during the handshake";
}

std::string isoDate(const ASN1_TIME* time) {
    std::tm parsed{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parsed) != 1) return "?";
    return fmt::format("{:04}-{:02}-{:02}", parsed.tm_year + 1900, parsed.tm_mon + 1, parsed.tm_mday);
}

int onVerify(int isFine, X509_STORE_CTX* store) {
    if (isFine == 1) return 1;
    void* ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    auto* finding = static_cast<Finding*>(SSL_get_ex_data(static_cast<SSL*>(ssl), 0));
    finding->error = X509_STORE_CTX_get_error(store);
    if (const X509* certificate = X509_STORE_CTX_get_current_cert(store)) {
        finding->notBefore = isoDate(X509_get0_notBefore(certificate));
        finding->notAfter = isoDate(X509_get0_notAfter(certificate));
    }
    return 0;
}

ConnectionFailure describe(const Finding& finding, const ConnectOptions& options) {
    const std::string& host = options.server.host;
    switch (finding.error) {
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return tlsFailure(fmt::format("the certificate of {} is valid only from {}: is this machine's clock right?",
                                          host, finding.notBefore),
                              Kind::kTlsNotYetValid);
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return tlsFailure(
                fmt::format("the certificate of {} expired on {}; renew it on the broker, or set the clock", host,
                            finding.notAfter));
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return tlsFailure(
                fmt::format("the certificate is not for {}; use the name that it is for in mqtt.servers", host));
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return tlsFailure(fmt::format("the certificate of {} comes from an unknown CA; {}", host,
                                          options.tls.caFile.empty()
                                              ? "set mqtt.tls.ca_file to the CA's certificate"
                                              : "mqtt.tls.ca_file is not the CA that signed it"));
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return tlsFailure(fmt::format(
                "the certificate of {} is self-signed, and not the one in mqtt.tls.ca_file; copy the broker's "
                "own there, if you know that it is the broker's",
                host));
        default:
            return tlsFailure(fmt::format("the certificate of {} is refused: {}", host,
                                          X509_verify_cert_error_string(finding.error)));
    }
}

bool waitFor(int fd, short event, Deadline deadline) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{fd, event, 0};
    return left.count() > 0 && poll(&ready, 1, static_cast<int>(left.count())) == 1;
}

UniqueFd connectTcp(const ConnectOptions& options, Deadline deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    addrinfo* address = nullptr;
    const std::string port = std::to_string(options.server.port);
    if (getaddrinfo(options.resolvedAddress.c_str(), port.c_str(), &hints, &address) != 0) {
        errno = EADDRNOTAVAIL;
        return {};
    }
    const std::unique_ptr<addrinfo, Deleter<freeaddrinfo>> owner(address);
    UniqueFd fd(socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd || connect(fd.get(), address->ai_addr, address->ai_addrlen) == 0) return fd;
    if (errno != EINPROGRESS) return {};
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (waitFor(fd.get(), POLLOUT, deadline)) getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    errno = error;
    return error == 0 ? std::move(fd) : UniqueFd{};
}

/// The same rules as Paho's: TLS 1.2 at least, the system's trust store unless a CA is given.
std::optional<ConnectionFailure> configure(SSL_CTX* context, const TlsConfig& tls) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    const bool isTrustLoaded = tls.caFile.empty()
                                   ? SSL_CTX_set_default_verify_paths(context) == 1
                                   : SSL_CTX_load_verify_locations(context, tls.caFile.c_str(), nullptr) == 1;
    if (!isTrustLoaded) return tlsFailure(fmt::format("mqtt.tls.ca_file {}: {}", tls.caFile, lastTlsError()));
    if (tls.certFile.empty()) return std::nullopt;
    if (SSL_CTX_use_certificate_chain_file(context, tls.certFile.c_str()) != 1) {
        return tlsFailure(fmt::format("mqtt.tls.cert_file {}: {}", tls.certFile, lastTlsError()));
    }
    if (SSL_CTX_use_PrivateKey_file(context, tls.keyFile.c_str(), SSL_FILETYPE_PEM) != 1) {
        return tlsFailure(fmt::format("mqtt.tls.key_file {}: {}", tls.keyFile, lastTlsError()));
    }
    return std::nullopt;
}

void expectServer(SSL* ssl, const std::string& host) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return;
    SSL_set1_host(ssl, host.c_str());
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
}

/// nullopt when it worked.
std::optional<std::string> handshake(SSL* ssl, int fd, Deadline deadline) {
    while (true) {
        ERR_clear_error();
        const int result = SSL_connect(ssl);
        if (result == 1) return std::nullopt;
        const int error = SSL_get_error(ssl, result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return lastTlsError();
        const short event = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        if (!waitFor(fd, event, deadline)) return "the broker does not answer the handshake; is this port for TLS?";
    }
}

}  // namespace

std::optional<ConnectionFailure> probeTls(const ConnectOptions& options, milliseconds limit) {
    const Deadline deadline = std::chrono::steady_clock::now() + limit;
    const ContextPtr context(SSL_CTX_new(TLS_client_method()));
    if (auto failure = configure(context.get(), options.tls)) return failure;

    const UniqueFd fd = connectTcp(options, deadline);
    if (!fd) {
        return ConnectionFailure{Kind::kNetwork, -1,
                                 fmt::format("cannot connect to {} port {}: {}", options.server.host,
                                             options.server.port, std::strerror(errno))};
    }
    Finding finding;
    const SslPtr ssl(SSL_new(context.get()));
    SSL_set_ex_data(ssl.get(), 0, &finding);
    SSL_set_verify(ssl.get(), SSL_VERIFY_PEER, &onVerify);
    expectServer(ssl.get(), options.server.host);
    SSL_set_fd(ssl.get(), fd.get());
    const auto error = handshake(ssl.get(), fd.get(), deadline);
    if (!error) return std::nullopt;
    if (finding.error != X509_V_OK) return describe(finding, options);
    return tlsFailure(
        fmt::format("TLS with {} port {} does not work: {}", options.server.host, options.server.port, *error));
}

}  // namespace edge
