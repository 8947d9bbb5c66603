// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "config/load.hpp"
#include "config/schema/diagnostics.hpp"
#include "config/secrets/pem.hpp"
#include "config/secrets/secret_file.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxSecretBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxPasswordBytes = 65'535;  // MQTT 5, 3.1.3.6
constexpr std::size_t kMaxCertificatesBytes = std::size_t{1} << 20;

/// The directory of credentials that systemd gives to the service; "" if there is none.
std::string credentialsDirectory() {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    return directory == nullptr ? "" : directory;
}

std::string validatePermissions(const RegularFile& file, const std::string& path) {
    const std::string directory = credentialsDirectory();
    const bool isCredential =
        !directory.empty() && path.starts_with(directory + '/') && path.find("/../") == std::string::npos;
    return validatePermissions(file, path, isCredential ? SecretPlace::kCredential : SecretPlace::kFile, ::geteuid());
}

/// The error in mqtt.password_file as text, with file and line.
std::string passwordError(const Config& config, const std::string& text) {
    Diagnostics diagnostics(config);
    diagnostics.add("mqtt.password_file", text);
    return diagnostics.text();
}

/// Removes what an editor adds. Returns what is wrong with the rest; "" if nothing is.
std::string trimPassword(std::string& password) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (password.starts_with(kByteOrderMark)) password.erase(0, kByteOrderMark.size());
    password.erase(password.find_last_not_of("\r\n") + 1);
    if (!isValidUtf8(password) || password.find('\0') != std::string::npos)
        return "is not UTF-8 text; allowed: the password in UTF-8, on one line";
    if (password.find('\n') != std::string::npos)
        return "has more than one line; allowed: the password alone, on one line";
    if (password.empty()) return "is empty; allowed: the password, on one line";
    return password.size() > kMaxPasswordBytes ? fmt::format("is too long; allowed: {} bytes", kMaxPasswordBytes) : "";
}

std::string validateCertificateFile(const RegularFile& file, const std::string& path) {
    const std::string error = validateCertificates(file.content);
    return error.empty()
               ? ""
               : fmt::format("{} {}; allowed: a PEM file with a line -----BEGIN CERTIFICATE-----", path, error);
}

std::string validateKeyFile(const RegularFile& file, const std::string& path) {
    const std::string error = validatePrivateKey(file.content);
    if (error.empty()) return validatePermissions(file, path);
    return fmt::format(
        "{} {}; allowed: a PEM file with a line -----BEGIN PRIVATE KEY-----, without a passphrase, that "
        "only its owner can read",
        path, error);
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
            passwordError(config,
                          "names a systemd credential, but $CREDENTIALS_DIRECTORY is not set; allowed: a path with a "
                          "'/', or a name that the service has in LoadCredential="));
    }
    const std::string path = isPath ? setting : credentials + '/' + setting;
    auto file = readRegularFile(path, kMaxSecretBytes);
    if (!file) {
        // The value may be the password itself, written in the wrong place: it is not repeated.
        const std::string error =
            passwordError(config, fmt::format("the {} it names {}; allowed: a file that this user can read",
                                              isPath ? "file" : "credential", file.error().message));
        if (file.error().code == Errc::kPermission)
            throw SecretUnreadable(SecretUnreadable::Reason::kPermission, error);
        throw ConfigError(error);
    }
    if (const auto error = validatePermissions(*file, path); !error.empty())
        throw ConfigError(passwordError(config, error));
    if (const auto error = trimPassword(file->content); !error.empty())
        throw ConfigError(passwordError(config, path + ' ' + error));
    return std::move(file->content);
}

std::string checkTlsFiles(const Config& config) {
    const TlsConfig& tls = config.mqtt.tls;
    Diagnostics diagnostics(config);
    bool isOnlyUnreadable = true;
    const auto read = [&](const char* key, const std::string& path, std::size_t maxBytes, auto validateFile) {
        if (path.empty()) return std::string();
        auto file = readRegularFile(path, maxBytes);
        const std::string error =
            file ? validateFile(*file, path)
                 : fmt::format("{} {}; allowed: a PEM file that this user can read", path, file.error().message);
        if (!error.empty()) {
            diagnostics.add(key, error);
            isOnlyUnreadable = isOnlyUnreadable && !file && file.error().code == Errc::kPermission;
        }
        return file ? std::move(file->content) : std::string();
    };
    const std::string ca = read("mqtt.tls.ca_file", tls.caFile, kMaxCertificatesBytes, validateCertificateFile);
    const std::string certificate =
        read("mqtt.tls.cert_file", tls.certFile, kMaxCertificatesBytes, validateCertificateFile);
    const std::string key = read("mqtt.tls.key_file", tls.keyFile, kMaxSecretBytes, validateKeyFile);
    const bool hasPair = !certificate.empty() && !key.empty() && diagnostics.count() == 0;
    if (hasPair && !isKeyOf(key, certificate)) {
        isOnlyUnreadable = false;
        diagnostics.add(
            "mqtt.tls.key_file",
            fmt::format("{} is not the key of {}; allowed: the key of that certificate", tls.keyFile, tls.certFile));
    }
    if (diagnostics.count() > 0 && isOnlyUnreadable)
        throw SecretUnreadable(SecretUnreadable::Reason::kPermission, diagnostics.text());
    diagnostics.throwIfAny();
    const std::string all = ca + certificate + key;
    return all.empty() ? "" : sha256Hex(all);
}

std::vector<CertificateEnd> certificateEnds(const Config& config) {
    std::vector<CertificateEnd> found;
    const auto add = [&](const char* key, const std::string& path, auto choose) {
        const auto file = path.empty() ? fail(Errc::kNotFound, "") : readRegularFile(path, kMaxCertificatesBytes);
        const auto ends = file ? endsOfCertificates(file->content) : std::vector<WallTime>{};
        if (!ends.empty()) found.push_back({key, path, *choose(ends.begin(), ends.end())});
    };
    using Iterator = std::vector<WallTime>::const_iterator;
    add("mqtt.tls.cert_file", config.mqtt.tls.certFile, std::min_element<Iterator>);
    add("mqtt.tls.ca_file", config.mqtt.tls.caFile, std::max_element<Iterator>);
    return found;
}

}  // namespace edge
