// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "core/loop/loop.hpp"
#include "mqtt/mqtt_client.hpp"

namespace edge {

/// Clients on Eclipse Paho, which is called on `strand`: a call can block for as long as Paho looks up a name (give the
/// strand a stall limit of minutes). Only publications go to it straight from the loop. Destroying a client returns at
/// once; what is left of it ends on the strand. `loop` must outlive the tasks of the strand. Sets SIGPIPE to be
/// ignored, as Paho does.
MqttClientFactory makePahoClientFactory(Loop& loop, std::shared_ptr<Executor> strand);

/// Removes http_proxy and https_proxy from the environment: Paho 1.3.12 would send plain MQTT through them. Call at
/// start, before the first thread.
void ignoreProxyEnvironment();

}  // namespace edge
