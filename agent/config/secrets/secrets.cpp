// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "config/load.hpp"
#include "config/schema/checks.hpp"
#include "config/schema/mistakes.hpp"
#include "config/secrets/openness.hpp"
#include "config/secrets/pem.hpp"
#include "config/secrets/regular_file.hpp"
#include "core/system/sha256.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxSecretBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxPasswordBytes = 65'535;  // MQTT 5, 3.1.3.6
constexpr std::size_t kMaxCertificatesBytes = std::size_t{1} << 20;

/// systemd's directory of credentials, "" where there is none.
std::string credentialsDirectory() {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory == nullptr ? "" : directory;
}

bool isInside(const std::string& path, const std::string& directory) {
    return !directory.empty() && path.starts_with(directory + '/') && path.find("/../") == std::string::npos;
}

std::string complaintOfOpenness(const RegularFile& file, const std::string& path, const std::string& credentials) {
    const auto place = isInside(path, credentials) ? SecretPlace::kCredential : SecretPlace::kFile;
    return complaintOfOpenness(file, path, place, ::geteuid());
}

std::string passwordMistake(const Config& config, std::string text) {
    const std::string key = "mqtt.password_file";
    Mistakes mistakes(config.file);
    mistakes.add(lineOf(config, key), key, std::move(text));
    return mistakes.text();
}

[[noreturn]] void rejectPassword(const Config& config, std::string text) {
    throw ConfigError(passwordMistake(config, std::move(text)));
}

/// A PEM file of the configuration, and what is wrong with it.
struct PemFile {
    std::string content;
    std::string complaint;      ///< "" = nothing
    bool isUnreadable = false;  ///< the complaint is that this user may not read it
};

PemFile cannotRead(const std::string& path, const Error& error) {
    return {"", fmt::format("{} {}; allowed: a PEM file that this user can read", path, error.message),
            error.code == Errc::kPermission};
}

PemFile readCertificates(const std::string& path) {
    auto file = readRegularFile(path, kMaxCertificatesBytes);
    if (!file) return cannotRead(path, file.error());
    std::string complaint = complaintOfCertificates(file->content);
    if (!complaint.empty()) {
        complaint = fmt::format("{} {}; allowed: a PEM file with a line -----BEGIN CERTIFICATE-----", path, complaint);
    }
    return {std::move(file->content), std::move(complaint), false};
}

PemFile readPrivateKey(const std::string& path, const std::string& credentials) {
    auto file = readRegularFile(path, kMaxSecretBytes);
    if (!file) return cannotRead(path, file.error());
    std::string complaint = complaintOfPrivateKey(file->content);
    if (!complaint.empty()) {
        complaint = fmt::format(
            "{} {}; allowed: a PEM file with a line -----BEGIN PRIVATE KEY-----, without a passphrase, closed by its "
            "mode",
            path, complaint);
    } else {
        complaint = complaintOfOpenness(*file, path, credentials);
    }
    return {std::move(file->content), std::move(complaint), false};
}

}  // namespace

std::string SecretUnreadable::remedy() const {
    return reason_ == Reason::kCredential
               ? "systemd gives a credential to the service alone, so it cannot be checked here"
               : "run this as root (sudo) to check it, too";
}

std::string loadPassword(const Config& config) {
    const std::string& setting = config.mqtt.passwordFile;
    if (setting.empty()) return "";
    const std::string credentials = credentialsDirectory();
    const bool isPath = setting.find('/') != std::string::npos;
    if (!isPath && credentials.empty()) {
        throw SecretUnreadable(
            SecretUnreadable::Reason::kCredential,
            passwordMistake(config,
                            "names a systemd credential, but $CREDENTIALS_DIRECTORY is not set; allowed: a path with a "
                            "'/', or a name that the service has in LoadCredential="));
    }
    const std::string path = isPath ? setting : credentials + '/' + setting;
    auto file = readRegularFile(path, kMaxSecretBytes);
    if (!file) {
        // What could not be opened may be the password itself, written in the wrong place: it is not repeated.
        const std::string text = fmt::format("the {} it names {}; allowed: a file that this user can read",
                                             isPath ? "file" : "credential", file.error().message);
        if (file.error().code == Errc::kPermission)
            throw SecretUnreadable(SecretUnreadable::Reason::kPermission, passwordMistake(config, text));
        rejectPassword(config, text);
    }
    if (const auto complaint = complaintOfOpenness(*file, path, credentials); !complaint.empty()) {
        rejectPassword(config, complaint);
    }
    std::string password = std::move(file->content);
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (password.starts_with(kByteOrderMark)) password.erase(0, kByteOrderMark.size());
    password.erase(password.find_last_not_of("\r\n") + 1);
    if (!isValidUtf8(password) || password.find('\0') != std::string::npos) {
        rejectPassword(config, path + " is not UTF-8 text; allowed: the password in UTF-8, on one line");
    }
    if (password.find('\n') != std::string::npos) {
        rejectPassword(config, path + " has more than one line; allowed: the password alone, on one line");
    }
    if (password.empty()) rejectPassword(config, path + " is empty; allowed: the password, on one line");
    if (password.size() > kMaxPasswordBytes) {
        rejectPassword(config, fmt::format("{} is too long; allowed: {} bytes", path, kMaxPasswordBytes));
    }
    return password;
}

std::string checkTlsFiles(const Config& config) {
    const TlsConfig& tls = config.mqtt.tls;
    Mistakes mistakes(config.file);
    bool isOnlyUnreadable = true;
    const auto complain = [&](const std::string& key, const PemFile& file) {
        if (file.complaint.empty()) return;
        mistakes.add(lineOf(config, key), key, file.complaint);
        isOnlyUnreadable = isOnlyUnreadable && file.isUnreadable;
    };
    const PemFile ca = tls.caFile.empty() ? PemFile{} : readCertificates(tls.caFile);
    complain("mqtt.tls.ca_file", ca);
    const PemFile certificate = tls.certFile.empty() ? PemFile{} : readCertificates(tls.certFile);
    const PemFile key = tls.keyFile.empty() ? PemFile{} : readPrivateKey(tls.keyFile, credentialsDirectory());
    complain("mqtt.tls.cert_file", certificate);
    complain("mqtt.tls.key_file", key);
    const bool canBeCompared = !tls.certFile.empty() && !tls.keyFile.empty() && mistakes.empty();
    if (canBeCompared && !isKeyOf(key.content, certificate.content)) {
        complain("mqtt.tls.key_file",
                 {"",
                  fmt::format("{} is not the key of {}; allowed: the one that the certificate was made for",
                              tls.keyFile, tls.certFile),
                  false});
    }
    if (!mistakes.empty() && isOnlyUnreadable)
        throw SecretUnreadable(SecretUnreadable::Reason::kPermission, mistakes.text());
    if (!mistakes.empty()) throw ConfigError(mistakes.text());
    const std::string all = ca.content + certificate.content + key.content;
    return all.empty() ? "" : sha256Hex(all);
}

}  // namespace edge
