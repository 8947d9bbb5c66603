// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// Why TLS to this server does not work: a handshake with the rules of the real connection, without a word of MQTT.
/// Paho only says "TCP/TLS connect failure", and a person needs to know whether the clock, the certificate, the name or
/// the CA is wrong. nullopt when the handshake works. Blocks, at most `limit`.
[[nodiscard]] std::optional<ConnectionFailure> probeTls(const ConnectOptions& options, milliseconds limit);

}  // namespace edge
