// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/system/identity.hpp"
#include "doctor/checks/checks.hpp"
#include "mqtt/settings.hpp"

namespace edge {
namespace {

constexpr const char* kCheck = kConfigurationCheck;

/// What `check` has against a secret: nothing, a mistake, or that this user cannot tell.
template <typename Check>
Findings trySecret(const Check& check) {
    try {
        check();
        return {};
    } catch (const SecretUnreadable& error) {
        const bool canBeHelped = error.reason() == SecretUnreadable::Reason::kPermission;
        return {{canBeHelped ? Severity::kWarning : Severity::kNote, kCheck, error.what(), error.remedy()}};
    } catch (const ConfigError& error) {
        return {{Severity::kError, kCheck, error.what(), "fix what the line says"}};
    }
}

}  // namespace

Findings checkConfiguration(const std::string& path, std::optional<Config>& config,
                            std::optional<std::string>& password) {
    try {
        config = loadConfig(path, readIdentity());
    } catch (const ConfigError& error) {
        return {{Severity::kError, kCheck, error.what(), "fix these lines; docs/configuration.md has every key"}};
    }
    Findings findings;
    for (const std::string& warning : configurationWarnings(*config))
        findings.push_back({Severity::kWarning, kCheck, warning, ""});
    for (const std::string& warning : connectionWarnings(config->mqtt))
        findings.push_back({Severity::kWarning, kCheck, warning, ""});
    Findings secrets = trySecret([&] { checkTlsFiles(*config); });
    std::optional<std::string> loaded;
    append(secrets, trySecret([&] { loaded = loadPassword(*config); }));
    // A login takes all of them.
    if (secrets.empty()) password = std::move(loaded);
    append(findings, std::move(secrets));
    const bool isWrong = std::any_of(findings.begin(), findings.end(),
                                     [](const Finding& finding) { return finding.severity == Severity::kError; });
    if (isWrong) return findings;
    findings.insert(
        findings.begin(),
        {Severity::kFine, kCheck,
         fmt::format("{}: device {}, {} sensors", filesOf(*config), config->device.id, config->sensors.size()), ""});
    return findings;
}

}  // namespace edge
