// SPDX-License-Identifier: MIT
#include "mqtt/net/tls_probe.hpp"

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

#include "core/system/files.hpp"
#include "core/text.hpp"

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

/// What the verification found wrong first, and at which certificate.
struct Finding {
    int error = X509_V_OK;
    std::string notBefore;
    std::string notAfter;
    std::string subject;
    std::string issuer;
    int depth = 0;                   ///< 0 = the broker's own certificate
    bool isIssuerNameKnown = false;  ///< a certificate of that name is trusted, with another key
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

/// What people call it.
std::string nameOf(const X509_NAME* name) {
    std::array<char, 200> text{};
    for (const int part : {NID_commonName, NID_organizationalUnitName, NID_organizationName}) {
        if (X509_NAME_get_text_by_NID(const_cast<X509_NAME*>(name), part, text.data(), text.size()) > 0) {
            return printable(text.data());
        }
    }
    return "?";
}

bool holdsName(X509_STORE_CTX* store, const X509_NAME* name) {
    X509_OBJECT* object = X509_STORE_CTX_get_obj_by_subject(store, X509_LU_X509, name);
    X509_OBJECT_free(object);
    return object != nullptr;
}

int onVerify(int isFine, X509_STORE_CTX* store) {
    if (isFine == 1) return 1;
    void* ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    auto* finding = static_cast<Finding*>(SSL_get_ex_data(static_cast<SSL*>(ssl), 0));
    finding->error = X509_STORE_CTX_get_error(store);
    finding->depth = X509_STORE_CTX_get_error_depth(store);
    if (const X509* certificate = X509_STORE_CTX_get_current_cert(store)) {
        finding->notBefore = isoDate(X509_get0_notBefore(certificate));
        finding->notAfter = isoDate(X509_get0_notAfter(certificate));
        finding->subject = nameOf(X509_get_subject_name(certificate));
        finding->issuer = nameOf(X509_get_issuer_name(certificate));
        finding->isIssuerNameKnown = holdsName(store, X509_get_issuer_name(certificate));
    }
    return 0;
}

ConnectionFailure describeMissingIssuer(const Finding& finding, const ConnectOptions& options) {
    const std::string unknown =
        fmt::format("the certificate of {} comes from an unknown CA, \"{}\"", options.server.host, finding.issuer);
    if (options.tls.caFile.empty()) {
        return tlsFailure(unknown + "; set mqtt.tls.ca_file to the certificate of the CA");
    }
    if (finding.isIssuerNameKnown) {
        return tlsFailure(
            fmt::format("{}: the one in mqtt.tls.ca_file has the same name and another key; was the CA made "
                        "anew? copy its certificate again",
                        unknown));
    }
    if (finding.depth > 0 || finding.error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
        return tlsFailure(
            fmt::format("{}, whose certificate is missing in mqtt.tls.ca_file: put that of the root there, "
                        "not one in between",
                        unknown));
    }
    return tlsFailure(
        fmt::format("{}, whose certificate is missing: it is not in mqtt.tls.ca_file, and the broker does not "
                    "send it; where \"{}\" is the CA, put it there, and where it is one in between, let the "
                    "broker send it behind its own certificate",
                    unknown, finding.issuer));
}

ConnectionFailure describe(const Finding& finding, const ConnectOptions& options) {
    const std::string& host = options.server.host;
    const std::string whose = finding.depth == 0
                                  ? "the certificate of " + host
                                  : fmt::format("the certificate of \"{}\", a CA of {},", finding.subject, host);
    switch (finding.error) {
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return tlsFailure(
                fmt::format("{} is valid only from {}: is this machine's clock right?", whose, finding.notBefore),
                Kind::kTlsNotYetValid);
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return tlsFailure(
                fmt::format("{} expired on {}; renew it on the broker, or set the clock", whose, finding.notAfter));
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return tlsFailure(
                fmt::format("the certificate is not for {}; use the name that it is for in mqtt.servers", host));
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return describeMissingIssuer(finding, options);
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return tlsFailure(fmt::format(
                "the certificate of {} is self-signed, and not the one in mqtt.tls.ca_file; copy the broker's "
                "own there, if you know that it is the broker's",
                host));
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return tlsFailure(
                fmt::format("{} is too weak ({}); make one with at least 2048 bits of RSA or an elliptic "
                            "curve, and SHA-256",
                            whose, X509_verify_cert_error_string(finding.error)));
        default:
            return tlsFailure(fmt::format("{} is refused: {}", whose, X509_verify_cert_error_string(finding.error)));
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

/// The same rules as the connection's: TLS 1.2 at least, security level 2, the system's trust store unless a CA is
/// given.
std::optional<ConnectionFailure> configure(SSL_CTX* context, const TlsConfig& tls) {
    SSL_CTX_set_security_level(context, 1);  // to load the files
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    const bool isTrustLoaded = tls.caFile.empty()
                                   ? SSL_CTX_set_default_verify_paths(context) == 1
                                   : SSL_CTX_load_verify_locations(context, tls.caFile.c_str(), nullptr) == 1;
    if (!isTrustLoaded) return tlsFailure(fmt::format("mqtt.tls.ca_file {}: {}", tls.caFile, lastTlsError()));
    if (!tls.certFile.empty()) {
        if (SSL_CTX_use_certificate_chain_file(context, tls.certFile.c_str()) != 1) {
            return tlsFailure(fmt::format("mqtt.tls.cert_file {}: {}", tls.certFile, lastTlsError()));
        }
        if (SSL_CTX_use_PrivateKey_file(context, tls.keyFile.c_str(), SSL_FILETYPE_PEM) != 1) {
            return tlsFailure(fmt::format("mqtt.tls.key_file {}: {}", tls.keyFile, lastTlsError()));
        }
    }
    SSL_CTX_set_security_level(context, 2);
    return std::nullopt;
}

void expectServer(SSL* ssl, const std::string& host) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return;
    SSL_set1_host(ssl, host.c_str());
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
}

/// nullopt when it worked; the error is still OpenSSL's last one.
std::optional<std::string> handshake(SSL* ssl, int fd, Deadline deadline) {
    while (true) {
        ERR_clear_error();
        const int result = SSL_connect(ssl);
        if (result == 1) return std::nullopt;
        const int error = SSL_get_error(ssl, result);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return lastTlsError();
        const short event = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        if (!waitFor(fd, event, deadline)) return "the broker does not answer the handshake";
    }
}

int noteRequest(SSL*, void* isRequested) {
    *static_cast<bool*>(isRequested) = true;
    return 1;
}

/// With TLS 1.3 what the broker thinks of our certificate comes after the handshake: an alert, or nothing at all.
std::optional<ConnectionFailure> waitForVerdict(SSL* ssl, int fd, const ConnectOptions& options, Deadline deadline) {
    char byte = 0;
    while (true) {
        ERR_clear_error();
        const int result = SSL_read(ssl, &byte, 1);
        if (result > 0) return std::nullopt;
        if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) return describeTlsAlert(ERR_peek_last_error(), options);
        if (!waitFor(fd, POLLIN, deadline)) return std::nullopt;
    }
}

}  // namespace

std::optional<ConnectionFailure> probeTls(const ConnectOptions& options, milliseconds limit) {
    const Deadline deadline = std::chrono::steady_clock::now() + limit;
    const ContextPtr context(SSL_CTX_new(TLS_client_method()));
    if (auto failure = configure(context.get(), options.tls)) return failure;
    bool isCertificateRequested = false;
    SSL_CTX_set_cert_cb(context.get(), &noteRequest, &isCertificateRequested);

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
    expectServer(ssl.get(), options.server.host.substr(0, options.server.host.find('%')));  // no zone in a certificate
    SSL_set_fd(ssl.get(), fd.get());
    const auto error = handshake(ssl.get(), fd.get(), deadline);
    if (!error) {
        const bool isJudgedLater = isCertificateRequested && SSL_version(ssl.get()) >= TLS1_3_VERSION;
        return isJudgedLater ? waitForVerdict(ssl.get(), fd.get(), options, deadline) : std::nullopt;
    }
    if (finding.error != X509_V_OK) return describe(finding, options);
    if (auto alert = describeTlsAlert(ERR_peek_last_error(), options)) return alert;
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    const bool isNoTls =
        reason == 0 || reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return tlsFailure(fmt::format("TLS with {} port {} does not work: {}{}", options.server.host, options.server.port,
                                  *error, isNoTls ? "; is this a port without TLS, for mqtt:// or ws://?" : ""));
}

std::optional<ConnectionFailure> describeTlsAlert(unsigned long error, const ConnectOptions& options) {
    const int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET) return std::nullopt;
    const std::string& file = options.tls.certFile;
    const int alert = reason - SSL_AD_REASON_OFFSET;
    const bool wantsCertificate =
        alert == SSL_AD_CERTIFICATE_REQUIRED || (file.empty() && alert == SSL_AD_HANDSHAKE_FAILURE);
    if (wantsCertificate && file.empty()) {
        return tlsFailure(
            "the broker wants a client certificate, and none is configured; set mqtt.tls.cert_file and "
            "mqtt.tls.key_file");
    }
    const char* text = ERR_reason_error_string(error);
    const std::string said = text == nullptr ? fmt::format("alert {}", alert) : text;
    if (!file.empty()) {
        switch (alert) {
            case SSL_AD_CERTIFICATE_EXPIRED:
                return tlsFailure(
                    fmt::format("the client certificate in mqtt.tls.cert_file {} has expired by the broker's "
                                "clock; renew it",
                                file));
            case SSL_AD_UNKNOWN_CA:
            case SSL_AD_BAD_CERTIFICATE:
            case SSL_AD_CERTIFICATE_UNKNOWN:
            case SSL_AD_UNSUPPORTED_CERTIFICATE:
            case SSL_AD_CERTIFICATE_REVOKED:
            case SSL_AD_CERTIFICATE_REQUIRED:
            case SSL_AD_DECRYPT_ERROR:
            case SSL_AD_ACCESS_DENIED:
                return tlsFailure(
                    fmt::format("the broker does not accept the client certificate in mqtt.tls.cert_file {} "
                                "({}); use one that its CA issued",
                                file, said));
            default:
                break;
        }
    }
    return tlsFailure(fmt::format("{} port {} ended TLS: {}", options.server.host, options.server.port, said));
}

}  // namespace edge
