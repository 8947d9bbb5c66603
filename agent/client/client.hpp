// SPDX-License-Identifier: MIT
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/time/time.hpp"

/// The subcommands that talk to an agent through the configured broker, with the login of the configuration. They throw
/// ConfigError for a configuration that cannot be used.
namespace edge {

/// The arguments of `request`.
struct RequestOptions {
    std::string device;                   ///< device.id of another agent; "" = the configured one
    std::string command;                  ///< "capture"
    std::vector<std::string> options;     ///< "width=640"
    std::string output;                   ///< of a picture: a path, "-" for standard output, "" = it is not saved
    std::optional<milliseconds> timeout;  ///< for reply and picture; nullopt: what the command may take
    bool json = false;                    ///< print the reply as it came
};

/// `request`: sends a command, waits for its reply and prints its data; saves the pictures of `capture`. Returns 0; or
/// 1 (an error reply, no reply, no broker) or 2 (wrong usage), with the reason on `err`.
int sendRequest(const std::string& configPath, const RequestOptions& request, std::ostream& out, std::ostream& err);

/// `status`: prints what the broker keeps about a device ("" = the configured one); where the broker has nothing, also
/// what this machine knows about its own agent. Returns 0 if the device is online, else 1.
int printStatus(const std::string& configPath, const std::string& device, bool isJson, std::ostream& out,
                std::ostream& err);

}  // namespace edge
