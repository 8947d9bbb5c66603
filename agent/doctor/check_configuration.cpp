// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "config/load.hpp"
#include "core/identity.hpp"
#include "doctor/checks.hpp"
#include "doctor/report.hpp"
#include "mqtt/warnings.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = kConfigurationCheck;

/// A credential is opened by systemd for the service alone.
bool isCredential(const Config& config) {
    return !config.mqtt.passwordFile.empty() && config.mqtt.passwordFile.find('/') == std::string::npos;
}

Findings checkSecrets(const Config& config, std::string& password) {
    Findings findings;
    try {
        checkTlsFiles(config);
        if (isCredential(config)) {
            findings.push_back({Severity::kNote, kCheck,
                                fmt::format("the password is systemd's credential \"{}\", which only the service can "
                                            "open: the login is not tried",
                                            config.mqtt.passwordFile),
                                "the service's own words: journalctl -u pi-edge-agent"});
        } else {
            password = loadPassword(config);
        }
    } catch (const ConfigError& error) {
        findings.push_back({Severity::kError, kCheck, error.what(),
                            "repair what the line says; where only the service's user may read the file, run "
                            "\"sudo pi-edge-agent doctor\""});
    }
    return findings;
}

}  // namespace

Findings checkConfiguration(const std::string& path, std::optional<Config>& config, std::string& password) {
    Findings findings;
    try {
        config = loadConfig(path, readIdentity());
    } catch (const ConfigError& error) {
        findings.push_back(
            {Severity::kError, kCheck, error.what(), "repair these lines; docs/configuration.md has every key"});
        return findings;
    }
    findings.push_back({Severity::kFine, kCheck,
                        fmt::format("{}: device {}, {} sensors", path, config->device.id, config->sensors.size()), ""});
    for (const std::string& warning : connectionWarnings(config->mqtt))
        findings.push_back({Severity::kWarning, kCheck, warning, ""});
    append(findings, checkSecrets(*config, password));
    return findings;
}

}  // namespace edge
