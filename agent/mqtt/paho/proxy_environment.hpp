// SPDX-License-Identifier: MIT
#pragma once

namespace edge {

/// Removes http_proxy and https_proxy from the environment: Paho 1.3.12 would send plain MQTT through them, and no
/// configuration of ours says so. Call at start, before the first thread.
void neutraliseProxyEnvironment();

}  // namespace edge
