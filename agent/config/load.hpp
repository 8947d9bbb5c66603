// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/settings.hpp"
#include "core/exit_codes.hpp"
#include "core/result.hpp"
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

/// Comes last after the installed configuration (kConfigFile): the partition of a Raspberry Pi's card that every
/// computer can write.
inline constexpr const char* kBootConfigFile = "/boot/firmware/pi-edge-agent.toml";

/// The service that `path` is the configuration of: "" for kConfigFile and pi-edge-agent.service, "front" for
/// front/agent.toml beside it and pi-edge-agent@front.service; nullopt for any other file. A service has its own socket
/// to the camera program, journal and device.id by default, so that two on one machine share nothing.
std::optional<std::string> instanceOf(const std::string& path);

/// The files of the configuration `path`, in the order in which they are read: `path`, the files agent.d/*.toml beside
/// it by name, and for the installed configuration `bootFile` where it exists.
Result<std::vector<std::string>> configurationFiles(const std::string& path,
                                                    const std::string& bootFile = kBootConfigFile);

/// A file of a configuration as it was read. Kept by the agent: other settings must not bring in what has changed on
/// the disk since.
struct ConfigSource {
    std::string name;
    std::string text;
};
using ConfigSources = std::vector<ConfigSource>;

/// Reads configurationFiles(path). Throws ConfigError.
ConfigSources readConfig(const std::string& path);

/// Checks the files, of which each adds to those before and replaces what they set. Reports all errors, in the order of
/// files and lines. Opens no secret. Throws ConfigError.
Config parseConfig(const ConfigSources& sources, const Identity& identity);
/// The same with `settings` in place of what the files say. Their errors have no place: "KEY: what is wrong, …".
Config parseConfig(const ConfigSources& sources, const Identity& identity, const Settings& settings);
/// The same, without those that cannot be used; why comes into `dropped`. Throws only for errors of the files.
Config parseValid(const ConfigSources& sources, const Identity& identity, const Settings& settings,
                  std::vector<std::string>& dropped);
/// readConfig() and parseConfig().
Config loadConfig(const std::string& path, const Identity& identity);

/// The effective configuration as TOML, with the place where each value is set, or "default", as a comment. What could
/// be a password is masked. Throws ConfigError.
std::string showConfig(const std::string& path, const Identity& identity, const Settings& settings = {});

/// What image.timestamp draws: the name, or the id if the name is not ASCII, because there is no font for it.
[[nodiscard]] std::string drawnName(const DeviceConfig& device);

/// The files of `config`, for the log: "agent.toml + agent.d/10-broker.toml".
[[nodiscard]] std::string filesOf(const Config& config);

/// What is allowed, but may surprise the author: "FILE:LINE: KEY: …".
[[nodiscard]] std::vector<std::string> configurationWarnings(const Config& config,
                                                             const std::string& bootFile = kBootConfigFile);

/// The broker's password: "" if none is configured. A path must be a regular file that group and others cannot read
/// (checked on the open descriptor); a credential is looked up in $CREDENTIALS_DIRECTORY. The final newline is not part
/// of it. Throws ConfigError (SecretUnreadable if only this user is the reason), which never contains a byte of the
/// secret.
std::string loadPassword(const Config& config);

/// Checks that the files of [mqtt.tls] can be read and are what they should be, and that only the owner can read the
/// key. Returns a digest that changes with their content; "" without files. Throws ConfigError (SecretUnreadable if
/// only this user is the reason).
std::string checkTlsFiles(const Config& config);

/// When a file of [mqtt.tls] ends: a client certificate with the first certificate in it, a file of authorities with
/// the last.
struct CertificateEnd {
    std::string key;  ///< "mqtt.tls.cert_file"
    std::string file;
    WallTime end;
};

/// Of the files that this user can read. The configuration has passed checkTlsFiles().
std::vector<CertificateEnd> certificateEnds(const Config& config);

/// camera.masks where people see them: after rotation and flip.
[[nodiscard]] std::vector<PictureArea> masksAsSeen(const CameraConfig& camera);

}  // namespace edge
