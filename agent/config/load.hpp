// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/system/identity.hpp"

namespace edge {

/// The configuration cannot be used. what() is for people, one line for each error: "FILE:LINE: key: what is wrong,
/// what is allowed". Programs exit with kExitConfig.
class ConfigError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// No error was found, but this user cannot check everything: what() says what could not be read, and remedy() how it
/// can be checked. A running agent needs it, so for `run` it is a ConfigError like any other.
class SecretUnreadable : public ConfigError {
  public:
    enum class Reason {
        kPermission,  ///< the service's user, or root, may read it
        kCredential,  ///< systemd gives it to the service alone
    };
    SecretUnreadable(Reason reason, const std::string& text) : ConfigError(text), reason_(reason) {}
    [[nodiscard]] Reason reason() const { return reason_; }
    [[nodiscard]] std::string remedy() const;

  private:
    Reason reason_;
};

inline constexpr int kExitConfig = 78;  // EX_CONFIG of sysexits.h; systemd does not restart on it

/// Reads and checks `path`; reports all errors, in the order of their lines. Opens no secret. Throws ConfigError.
Config loadConfig(const std::string& path, const Identity& identity);

/// The same from text; `name` stands for the file in messages.
Config parseConfig(std::string_view text, const std::string& name, const Identity& identity);

/// What image.timestamp draws: the name, or the id if the name is not ASCII, because there is no font for it.
[[nodiscard]] std::string drawnName(const DeviceConfig& device);

/// What is allowed, but may surprise the author: "FILE:LINE: KEY: …".
[[nodiscard]] std::vector<std::string> configurationWarnings(const Config& config);

/// The broker's password: "" if none is configured. A path must be a regular file that group and others cannot read
/// (checked on the open descriptor); a credential is looked up in $CREDENTIALS_DIRECTORY. The final newline is not part
/// of it. Throws ConfigError (SecretUnreadable if only this user is the reason), which never contains a byte of the
/// secret.
std::string loadPassword(const Config& config);

/// Checks that the files of [mqtt.tls] can be read and are what they should be, and that only the owner can read the
/// key. Returns a digest that changes with their content; "" without files. Throws ConfigError (SecretUnreadable if
/// only this user is the reason).
std::string checkTlsFiles(const Config& config);

}  // namespace edge
