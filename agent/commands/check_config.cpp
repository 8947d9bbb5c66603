// SPDX-License-Identifier: MIT
#include "commands/check_config.hpp"

#include <ostream>

#include "config/load.hpp"
#include "config/warnings.hpp"
#include "core/system/identity.hpp"
#include "mqtt/warnings.hpp"

namespace edge {

int checkConfig(const std::string& path, std::ostream& out, std::ostream& err) {
    const Config config = loadConfig(path, readIdentity());
    const auto check = [&err](const auto& part) {
        try {
            part();
        } catch (const SecretUnreadable& error) {
            err << "warning: " << error.what() << "\nwarning: " << error.remedy() << '\n';
        }
    };
    check([&config] { checkTlsFiles(config); });
    check([&config] { (void)loadPassword(config); });
    for (const std::string& warning : configurationWarnings(config)) err << "warning: " << warning << '\n';
    for (const std::string& warning : connectionWarnings(config.mqtt)) err << path << ": warning: " << warning << '\n';
    out << path << ": fine. Device " << config.device.id << ", " << config.sensors.size() << " sensors, broker "
        << toString(config.mqtt.servers.front()) << '\n';
    return 0;
}

}  // namespace edge
