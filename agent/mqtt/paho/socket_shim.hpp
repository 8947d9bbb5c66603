// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// What Paho's sockets do, corrected, in the same way as in poll_shim.hpp: the source file defines getaddrinfo(),
/// socket(), connect(), getsockopt(), recv(), SSL_connect(), SSL_read(), SSL_write() and X509_check_ip_asc(), which do
/// what the libraries' do except on Paho's threads:
/// - a name has the one address that is to be tried, so that Paho can be given the name (for the certificate and for
///   the Host header) and all its addresses are tried; the zone of a link-local address is kept;
/// - input comes through an InboundStream;
/// - no address is sent as a server name (RFC 6066, section 3), and one in brackets is verified as an address;
/// - the reason of a failure is kept: the system's error, the TLS handshake's, the web server's in front of the broker.
/// A Paho that does not call these functions looks names up by itself, and accepts whatever it is sent.
///
/// A PahoRoute is the way of one connection. Thread: any.
class PahoRoute {
  public:
    /// From now on, as long as it lives.
    explicit PahoRoute(const ConnectOptions& options);
    ~PahoRoute();
    PahoRoute(const PahoRoute&) = delete;
    PahoRoute& operator=(const PahoRoute&) = delete;

    /// What Paho is given to connect to.
    [[nodiscard]] std::string uri() const;
    /// Why the connection failed or ended, as far as known.
    [[nodiscard]] std::optional<ConnectionFailure> problem() const;

    /// As MqttClient's.
    [[nodiscard]] std::size_t unacknowledgedBytes() const;

    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// `why` is the system's or Paho's text, or "".
[[nodiscard]] ConnectionFailure cannotConnect(const ConnectOptions& options, const std::string& why);

}  // namespace edge
