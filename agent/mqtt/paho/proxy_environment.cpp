// SPDX-License-Identifier: MIT
#include "mqtt/paho/proxy_environment.hpp"

#include <cstdlib>
#include <initializer_list>

namespace edge {

void neutraliseProxyEnvironment() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) unsetenv(name);
}

}  // namespace edge
