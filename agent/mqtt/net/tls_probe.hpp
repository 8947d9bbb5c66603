// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// Why TLS to this server does not work: a handshake with the rules of the real connection, without a word of MQTT.
/// Paho only says "TCP/TLS connect failure", and a person needs to know whether the clock, the certificate, the name or
/// the CA is wrong. nullopt when the handshake works. Blocks, at most `limit`.
[[nodiscard]] std::optional<ConnectionFailure> probeTls(const ConnectOptions& options, milliseconds limit);

/// What OpenSSL's error says when it is an alert of the broker's; nullopt where it is not. With TLS 1.3 the broker
/// looks at our certificate after the handshake.
[[nodiscard]] std::optional<ConnectionFailure> describeTlsAlert(unsigned long error, const ConnectOptions& options);

}  // namespace edge
