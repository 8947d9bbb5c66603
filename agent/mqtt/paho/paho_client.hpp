// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "core/loop/loop.hpp"
#include "mqtt/mqtt_client.hpp"

namespace edge {

/// Clients on Eclipse Paho, which is called on `strand`: it can block for as long as a name server does (give the
/// strand a stall limit of minutes). Only publications go to it straight from the loop: there is a connection then, so
/// that nothing is looked up. Destroying a client returns at once; what is left of it ends on the strand. Sets SIGPIPE
/// to be ignored, as Paho does.
MqttClientFactory makePahoClientFactory(Loop& loop, std::shared_ptr<Executor> strand);

}  // namespace edge
