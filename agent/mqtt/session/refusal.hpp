// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// What a CONNACK or DISCONNECT with this code means to us. `protocolVersion` is what we asked for: a 3.1.1 broker
/// answers a CONNECT of MQTT 5 with a code of its own. `reason` is the broker's Reason String, "" where it gave none.
[[nodiscard]] ConnectionFailure describeRefusal(int protocolVersion, int code, const std::string& reason);

}  // namespace edge
