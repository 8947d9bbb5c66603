// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// What Paho's sockets do, made right, by the same means as paho_waits.hpp: this room defines getaddrinfo(), connect(),
/// recv(), SSL_read(), SSL_ctrl() and X509_check_ip_asc(), which do what the libraries' do except on Paho's threads:
/// - a name has the one address that is to be tried, so that Paho can be given the name (for the certificate and for
///   the Host header) and all addresses of it are tried; the zone of a link-local address is kept;
/// - what the broker sends comes through an InboundStream;
/// - no address is sent as a server name (RFC 6066, section 3), and one in brackets is verified as the address it is;
/// - why a connection ended is kept, where TLS or the web server in front of the broker said so.
/// A Paho that does not call these functions looks names up by itself, and takes whatever it is sent.
///
/// A route is the way of one connection. Any thread.
class PahoRoute {
  public:
    /// From now on, as long as it lives.
    explicit PahoRoute(const ConnectOptions& options);
    ~PahoRoute();
    PahoRoute(const PahoRoute&) = delete;
    PahoRoute& operator=(const PahoRoute&) = delete;

    /// What Paho is given to connect to.
    [[nodiscard]] std::string uri() const;
    /// Why it ended, as far as anybody said.
    [[nodiscard]] std::optional<ConnectionFailure> problem() const;

  private:
    struct State;
    friend struct PahoRoutes;
    std::shared_ptr<State> state_;
};

}  // namespace edge
