// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "integration/support/temp_dir.hpp"
#include "integration/support/test_process.hpp"

namespace edge {

/// A mosquitto of the test's own on free ports of 127.0.0.1. `config` is written to its configuration file after
/// `${PORT}`, `${PORT2}` (free ports) and `${DIR}` (its directory, where more files can be put before start()) were
/// replaced. Ended with its owner.
class Mosquitto {
  public:
    /// Any client may do anything.
    static constexpr const char* kOpen = "listener ${PORT} 127.0.0.1\nallow_anonymous true\n";

    explicit Mosquitto(std::string config = kOpen);

    /// Returns when it accepts connections on both ports that its configuration uses. Throws with its log when it does
    /// not.
    void start();
    /// Ends it cleanly (SIGTERM), or as a crash would (SIGKILL). It can be started again, on the same ports.
    void end(int signal);
    /// Ends and starts it with the configuration lines of now.
    void restart(int signal);
    /// SIGSTOP and SIGCONT: a broker that holds its connections and says nothing.
    void freeze();
    void thaw();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::uint16_t port2() const { return port2_; }
    [[nodiscard]] const TempDir& dir() const { return dir_; }
    [[nodiscard]] std::string log() const;
    /// "user:password" lines become a password file at ${DIR}/passwords. Before start().
    void setPasswords(const std::vector<std::string>& lines) const;

    /// Publishes with mosquitto_pub, an implementation that is not ours; `options` go to its command line ("-t", …).
    /// Returns its exit code.
    int publish(const std::vector<std::string>& options) const;
    /// Subscribes with mosquitto_sub until `count` messages came, at most 10 s; one line a message, as its `options`
    /// say.
    [[nodiscard]] std::string receive(int count, const std::vector<std::string>& options) const;

  private:
    [[nodiscard]] std::string expanded() const;

    TempDir dir_;
    std::string config_;
    std::uint16_t port_;
    std::uint16_t port2_;
    std::unique_ptr<TestProcess> process_;
};

}  // namespace edge
