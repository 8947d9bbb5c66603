// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <cstdlib>
#include <string>

#include <fmt/core.h>

#include "config/checks.hpp"
#include "config/load.hpp"
#include "config/mistakes.hpp"
#include "config/openness.hpp"
#include "config/regular_file.hpp"

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

[[noreturn]] void rejectPassword(const Config& config, std::string text) {
    const std::string key = "mqtt.password_file";
    Mistakes mistakes(config.file);
    mistakes.add(lineOf(config, key), key, std::move(text));
    throw ConfigError(mistakes.text());
}

enum class Pem { kCertificate, kKey };

std::string complaintOfPem(const std::string& path, Pem kind, const std::string& credentials) {
    const auto file = readRegularFile(path, kind == Pem::kKey ? kMaxSecretBytes : kMaxCertificatesBytes);
    if (!file) return fmt::format("{} {}; allowed: a PEM file that this user can read", path, file.error().message);
    const auto has = [&](const char* words) { return file->content.find(words) != std::string::npos; };
    const bool isPem = has("-----BEGIN ");
    if (kind == Pem::kCertificate) {
        if (isPem && has("CERTIFICATE-----")) return "";
        return fmt::format("{} {}; allowed: a PEM file with a line -----BEGIN CERTIFICATE-----", path,
                           file->content.empty() ? "is empty" : "holds no certificate");
    }
    if (!isPem || !has("PRIVATE KEY-----")) {
        return fmt::format("{} {}; allowed: a PEM file with a line -----BEGIN PRIVATE KEY-----", path,
                           file->content.empty() ? "is empty" : "holds no private key");
    }
    if (has("ENCRYPTED")) return path + " is locked with a passphrase; allowed: a key without one, closed by its mode";
    return complaintOfOpenness(*file, path, credentials);
}

}  // namespace

std::string loadPassword(const Config& config) {
    const std::string& setting = config.mqtt.passwordFile;
    if (setting.empty()) return "";
    const std::string credentials = credentialsDirectory();
    const bool isPath = setting.find('/') != std::string::npos;
    if (!isPath && credentials.empty()) {
        rejectPassword(
            config,
            "names a systemd credential, but $CREDENTIALS_DIRECTORY is not set; allowed: a path with a '/', or a name "
            "that the service has in LoadCredential=");
    }
    const std::string path = isPath ? setting : credentials + '/' + setting;
    auto file = readRegularFile(path, kMaxSecretBytes);
    if (!file) {
        // What could not be opened may be the password itself, written in the wrong place: it is not repeated.
        rejectPassword(config, fmt::format("the {} it names {}; allowed: a file that this user can read",
                                           isPath ? "file" : "credential", file.error().message));
    }
    if (const auto complaint = complaintOfOpenness(*file, path, credentials); !complaint.empty()) {
        rejectPassword(config, complaint);
    }
    std::string password = std::move(file->content);
    if (password.ends_with('\n')) password.pop_back();
    if (password.ends_with('\r')) password.pop_back();
    if (password.empty()) rejectPassword(config, path + " is empty; allowed: the password, on one line");
    if (password.size() > kMaxPasswordBytes) {
        rejectPassword(config, fmt::format("{} is too long; allowed: {} bytes", path, kMaxPasswordBytes));
    }
    return password;
}

void checkTlsFiles(const Config& config) {
    const std::string credentials = credentialsDirectory();
    Mistakes mistakes(config.file);
    const auto check = [&](const std::string& key, const std::string& path, Pem kind) {
        if (path.empty()) return;
        std::string complaint = complaintOfPem(path, kind, credentials);
        if (!complaint.empty()) mistakes.add(lineOf(config, key), key, std::move(complaint));
    };
    check("mqtt.tls.ca_file", config.mqtt.tls.caFile, Pem::kCertificate);
    check("mqtt.tls.cert_file", config.mqtt.tls.certFile, Pem::kCertificate);
    check("mqtt.tls.key_file", config.mqtt.tls.keyFile, Pem::kKey);
    if (!mistakes.empty()) throw ConfigError(mistakes.text());
}

}  // namespace edge
