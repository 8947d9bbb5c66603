// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "config/load.hpp"
#include "core/system/identity.hpp"
#include "core/time/time.hpp"
#include "doctor/checks/checks.hpp"
#include "mqtt/settings.hpp"
#include "services/schedule/schedule_service.hpp"
#include "services/settings/settings_service.hpp"

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
    std::string unread;
    try {
        config = effectiveConfig(readConfig(path), readIdentity(), unread);
        checkScheduleOptions(*config);
    } catch (const ConfigError& error) {
        return {{Severity::kError, kCheck, error.what(), "fix these lines; docs/configuration.md has every key"}};
    }
    Findings findings;
    for (const std::string& line : describeOverrides(*config)) {
        findings.push_back({Severity::kNote, kCheck, line,
                            "to return to the file: pi-edge-agent request set values='{\"" +
                                line.substr(0, line.find(' ')) + "\":null}'"});
    }
    if (!unread.empty()) findings.push_back({Severity::kNote, kCheck, unread});
    for (const std::string& warning : configurationWarnings(*config))
        findings.push_back({Severity::kWarning, kCheck, warning});
    for (const std::string& warning : connectionWarnings(config->mqtt))
        findings.push_back({Severity::kWarning, kCheck, warning});
    Findings secrets = trySecret([&] { checkTlsFiles(*config); });
    std::optional<std::string> loaded;
    append(secrets, trySecret([&] { loaded = loadPassword(*config); }));
    // A login takes all of them.
    if (secrets.empty()) password = std::move(loaded);
    append(findings, std::move(secrets));
    if (std::ranges::count(findings, Severity::kError, &Finding::severity) > 0) return findings;
    findings.insert(findings.begin(), {Severity::kFine, kCheck,
                                       fmt::format("{}: device {}, {} sensors", filesOf(*config), config->device.id,
                                                   config->sensors.size())});
    return findings;
}

Findings checkCertificates(const Config& config, WallTime now) {
    constexpr std::chrono::days kNotice{30};
    Findings findings;
    for (const CertificateEnd& certificate : certificateEnds(config)) {
        const auto left = certificate.end - now;
        if (left > kNotice) continue;
        const std::string date = formatRfc3339(certificate.end).substr(0, std::string_view("2026-11-20").size());
        const std::string text = left <= std::chrono::seconds{0}
                                     ? fmt::format("{}: {} ended on {}", certificate.key, certificate.file, date)
                                     : fmt::format("{}: {} ends on {}, in {} days", certificate.key, certificate.file,
                                                   date, std::chrono::duration_cast<std::chrono::days>(left).count());
        findings.push_back({left <= std::chrono::seconds{0} ? Severity::kError : Severity::kWarning, kCheck, text,
                            "replace the file, then: sudo systemctl reload pi-edge-agent"});
    }
    return findings;
}

}  // namespace edge
