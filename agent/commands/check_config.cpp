// SPDX-License-Identifier: MIT
#include <ostream>

#include "commands/commands.hpp"
#include "config/load.hpp"
#include "core/system/identity.hpp"
#include "core/text.hpp"
#include "mqtt/settings.hpp"
#include "services/schedule/schedule_action.hpp"
#include "services/settings/settings_service.hpp"

namespace edge {

int checkConfig(const std::string& configPath, bool show, std::ostream& out, std::ostream& err) {
    std::string unread;
    const Config config = effectiveConfig(readConfig(configPath), readIdentity(), unread);
    checkScheduleOptions(config);
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
    for (const std::string& warning : connectionWarnings(config.mqtt))
        err << configPath << ": warning: " << warning << '\n';
    if (!unread.empty()) err << "note: " << unread << '\n';
    if (show) {
        out << showConfig(configPath, readIdentity(), changedSettings(config));
        return 0;
    }
    out << filesOf(config) << ": fine. Device " << config.device.id << ", " << config.sensors.size()
        << " sensors, broker " << toString(config.mqtt.servers.front()) << '\n';
    for (const std::string& line : describeOverrides(config)) out << printable(line) << '\n';
    return 0;
}

int printId(const std::string& configPath, std::ostream& out) {
    out << loadConfig(configPath, readIdentity()).device.id << '\n';
    return 0;
}

}  // namespace edge
