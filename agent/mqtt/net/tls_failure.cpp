// SPDX-License-Identifier: MIT
#include "mqtt/net/tls_failure.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/text.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

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
    auto& finding = *static_cast<TlsFinding*>(SSL_get_app_data(static_cast<SSL*>(ssl)));
    finding.error = X509_STORE_CTX_get_error(store);
    X509* const current = X509_STORE_CTX_get_current_cert(store);
    if (finding.error == X509_V_ERR_IP_ADDRESS_MISMATCH && current != nullptr &&
        X509_check_host(current, finding.host.data(), finding.host.size(), 0, nullptr) == 1) {
        // Many a certificate has the address as its name (CN, DNS) and not as an address; Paho accepts that.
        finding.error = X509_V_OK;
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    finding.depth = X509_STORE_CTX_get_error_depth(store);
    if (const X509* certificate = X509_STORE_CTX_get_current_cert(store)) {
        finding.notBefore = isoDate(X509_get0_notBefore(certificate));
        finding.notAfter = isoDate(X509_get0_notAfter(certificate));
        finding.subject = nameOf(X509_get_subject_name(certificate));
        finding.issuer = nameOf(X509_get_issuer_name(certificate));
        finding.isIssuerNameKnown = holdsName(store, X509_get_issuer_name(certificate));
    }
    return 0;
}

std::string adviceForMissingIssuer(const TlsFinding& finding, const TlsConfig& tls) {
    if (tls.caFile.empty()) return "set mqtt.tls.ca_file to the certificate of the CA";
    if (finding.isIssuerNameKnown) {
        return "the CA in mqtt.tls.ca_file has the same name and another key; if the CA was replaced, copy its new "
               "certificate";
    }
    if (finding.depth > 0 || finding.error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
        return "mqtt.tls.ca_file needs the certificate of the root CA, not of an intermediate one";
    }
    return fmt::format(
        "it is not in mqtt.tls.ca_file, and the broker does not send it; put the certificate of \"{}\" into "
        "mqtt.tls.ca_file, or, if it is an intermediate CA, have the broker send it after its own certificate",
        finding.issuer);
}

ConnectionFailure describeCertificate(const TlsFinding& finding, const ConnectOptions& options) {
    const std::string& host = options.server.host;
    const std::string whose = finding.depth == 0
                                  ? "the certificate of " + host
                                  : fmt::format("the certificate of \"{}\", a CA of {},", finding.subject, host);
    switch (finding.error) {
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return tlsFailure(
                fmt::format("{} is not valid before {}; is this machine's clock right?", whose, finding.notBefore),
                Kind::kTlsNotYetValid);
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return tlsFailure(
                fmt::format("{} expired on {}; renew it on the broker, or set the clock", whose, finding.notAfter));
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return tlsFailure(
                fmt::format("the certificate is not for {}; use the name in the certificate in mqtt.servers", host));
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return tlsFailure(fmt::format("the certificate of {} comes from an unknown CA, \"{}\": {}", host,
                                          finding.issuer, adviceForMissingIssuer(finding, options.tls)));
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return tlsFailure(
                fmt::format("the certificate of {} is self-signed, and not the one in mqtt.tls.ca_file; copy it "
                            "there if you are sure that it is the broker's",
                            host));
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return tlsFailure(
                fmt::format("{} is too weak ({}); create one with RSA of at least 2048 bits or an elliptic "
                            "curve, and SHA-256",
                            whose, X509_verify_cert_error_string(finding.error)));
        default:
            return tlsFailure(
                fmt::format("{} is not accepted: {}", whose, X509_verify_cert_error_string(finding.error)));
    }
}

}  // namespace

void prepareHandshake(SSL* ssl, const std::string& host, TlsFinding& finding) {
    if (SSL_get_app_data(ssl) != nullptr) return;
    SSL_set_app_data(ssl, &finding);
    finding.host = host;
    SSL_set_verify(ssl, SSL_VERIFY_PEER, &onVerify);
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) {
        // An address is not a server name (RFC 6066, section 3).
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, nullptr);
    } else {
        SSL_set1_host(ssl, host.c_str());
    }
}

ConnectionFailure describeHandshake(const TlsFinding& finding, const ConnectOptions& options) {
    if (finding.error != X509_V_OK) return describeCertificate(finding, options);
    if (auto alert = describeTlsAlert(options)) return *std::move(alert);
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    const bool isNoTls =
        reason == 0 || reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return tlsFailure(fmt::format("TLS with {} port {} failed: {}{}", options.server.host, options.server.port,
                                  lastTlsError(),
                                  isNoTls ? "; is this a port without TLS, for mqtt:// or ws://?" : ""));
}

std::optional<ConnectionFailure> checkTlsFiles(const TlsConfig& tls) {
    ERR_clear_error();
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    const auto failure = [](const char* key, const std::string& file) {
        return tlsFailure(fmt::format("{} {}: {}", key, file, lastTlsError()));
    };
    if (!tls.caFile.empty() && SSL_CTX_load_verify_locations(context.get(), tls.caFile.c_str(), nullptr) != 1) {
        return failure("mqtt.tls.ca_file", tls.caFile);
    }
    if (tls.certFile.empty()) return std::nullopt;
    if (SSL_CTX_use_certificate_chain_file(context.get(), tls.certFile.c_str()) != 1) {
        return failure("mqtt.tls.cert_file", tls.certFile);
    }
    if (SSL_CTX_use_PrivateKey_file(context.get(), tls.keyFile.c_str(), SSL_FILETYPE_PEM) != 1) {
        return failure("mqtt.tls.key_file", tls.keyFile);
    }
    return std::nullopt;
}

std::optional<ConnectionFailure> describeTlsAlert(const ConnectOptions& options) {
    const unsigned long error = ERR_peek_last_error();
    const int reason = ERR_GET_REASON(error);
    if (ERR_GET_LIB(error) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET) return std::nullopt;
    const int alert = reason - SSL_AD_REASON_OFFSET;
    const std::string& file = options.tls.certFile;
    if (file.empty() && (alert == SSL_AD_CERTIFICATE_REQUIRED || alert == SSL_AD_HANDSHAKE_FAILURE)) {
        return tlsFailure(
            "the broker wants a client certificate, and none is configured; set mqtt.tls.cert_file and "
            "mqtt.tls.key_file");
    }
    if (!file.empty() && alert == SSL_AD_CERTIFICATE_EXPIRED) {
        return tlsFailure(fmt::format(
            "the client certificate in mqtt.tls.cert_file {} has expired by the broker's clock; renew it", file));
    }
    constexpr std::array kAboutOurCertificate{SSL_AD_UNKNOWN_CA,          SSL_AD_BAD_CERTIFICATE,
                                              SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNSUPPORTED_CERTIFICATE,
                                              SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_REQUIRED,
                                              SSL_AD_DECRYPT_ERROR,       SSL_AD_ACCESS_DENIED};
    const char* text = ERR_reason_error_string(error);
    const std::string said = text == nullptr ? fmt::format("alert {}", alert) : text;
    if (!file.empty() && std::ranges::find(kAboutOurCertificate, alert) != kAboutOurCertificate.end()) {
        return tlsFailure(
            fmt::format("the broker does not accept the client certificate in mqtt.tls.cert_file {} ({}); use one "
                        "that its CA issued",
                        file, said));
    }
    return tlsFailure(fmt::format("{} port {} ended TLS: {}", options.server.host, options.server.port, said));
}

}  // namespace edge
