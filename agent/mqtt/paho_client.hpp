// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "core/loop.hpp"
#include "mqtt/mqtt_client.hpp"

namespace edge {

/// Clients on Eclipse Paho. Paho is called on `strand` only: it can block for as long as a name server does (give the
/// strand a stall limit of minutes). Destroying a client returns at once; what is left of it ends on the strand. Sets
/// SIGPIPE to be ignored, as Paho does.
MqttClientFactory makePahoClientFactory(Loop& loop, std::shared_ptr<Executor> strand);

}  // namespace edge
