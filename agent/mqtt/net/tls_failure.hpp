// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "mqtt/mqtt_client.hpp"

struct ssl_st;  // OpenSSL's SSL

namespace edge {

// Why TLS to a server does not work, read off the failed handshake. Paho only reports "TCP/TLS connect failure", and a
// person needs to know whether the clock, the certificate, the name or the CA is wrong.

/// The first thing that verification found wrong, and in which certificate.
struct TlsFinding {
    std::string host;  ///< whom the certificate must be for
    int error = 0;     ///< X509_V_OK
    std::string notBefore;
    std::string notAfter;
    std::string subject;
    std::string issuer;
    int depth = 0;                   ///< 0 = the broker's own certificate
    bool isIssuerNameKnown = false;  ///< a certificate of that name is trusted, with another key
};

/// Call before each step of a handshake: verifies the host name or address, and records in `finding`, which must
/// outlive the handshake, why verification fails.
void prepareHandshake(ssl_st* ssl, const std::string& host, TlsFinding& finding);

/// Call on the thread of the failed step, while its error is still in OpenSSL's queue.
[[nodiscard]] ConnectionFailure describeHandshake(const TlsFinding& finding, const ConnectOptions& options);

/// What OpenSSL's last error says if it is an alert of the broker's, else nullopt. With TLS 1.3 the broker verifies our
/// certificate after the handshake, so that the alert arrives with the first read.
[[nodiscard]] std::optional<ConnectionFailure> describeTlsAlert(const ConnectOptions& options);

/// The first file that OpenSSL cannot load; nullopt where all can be.
[[nodiscard]] std::optional<ConnectionFailure> checkTlsFiles(const TlsConfig& tls);

}  // namespace edge
