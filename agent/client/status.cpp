// SPDX-License-Identifier: MIT
#include <ostream>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "client/broker_connection.hpp"
#include "client/client.hpp"
#include "client/device_status.hpp"
#include "config/load.hpp"
#include "core/exit_codes.hpp"
#include "core/system/files.hpp"
#include "core/system/identity.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"
#include "doctor/checks/checks.hpp"

namespace edge {
namespace {

/// For what the broker retains, after it granted the subscription; less where everything has come.
constexpr seconds kRetainedLimit{2};

/// Collects what the broker retains.
Result<DeviceStatus> readStatus(const Config& config, const DeviceTopics& topics, std::string password) {
    DeviceStatus device;
    device.id = topics.id;
    std::string denied;
    Timer limit;
    BrokerConnection* running = nullptr;
    const std::vector<std::pair<std::string, std::string*>> parts{{topics.base + "/status", &device.status},
                                                                  {topics.base + "/info", &device.info},
                                                                  {topics.base + "/health", &device.health},
                                                                  {topics.base + "/settings", &device.settings}};
    std::vector<std::string> subscriptions;
    for (const auto& [topic, part] : parts) subscriptions.push_back(topic);
    BrokerConnection connection(config, std::move(password), "status", subscriptions,
                                {[&] {
                                     for (const std::string& topic : running->session().health().deniedTopics)
                                         denied = describeDenied("read", topic);
                                     limit = running->loop().after(kRetainedLimit, [&] { running->close(); });
                                 },
                                 [&](const InboundMessage& message) {
                                     bool isWhole = true;
                                     for (const auto& [topic, part] : parts) {
                                         if (message.topic == topic) *part = message.payload;
                                         isWhole = isWhole && !part->empty();
                                     }
                                     if (isWhole && running->session().connection() != nullptr) running->close();
                                 }});
    running = &connection;
    TRY(connection.run());
    limit.cancel();
    device.server = connection.server();
    if (device.status.empty() && !denied.empty()) return fail(Errc::kPermission, denied);
    return device;
}

/// What this machine knows without a broker.
void describeLocal(const Config& config, std::ostream& err) {
    const Machine machine;
    const AgentState state = stateOfAgent(config, machine);
    const std::string& path = config.journal.path;
    if (state == AgentState::kRunning) {
        const auto pid = readSmallFile(path + ".lock");
        err << fmt::format("this machine: an agent runs with {} (pid {})\n", path, pid ? trim(*pid) : "?");
    } else if (state == AgentState::kStopped) {
        err << fmt::format("this machine: no agent runs with {}\n", path);
    }
    for (const Finding& finding : checkService(config, machine)) {
        err << fmt::format("this machine: {}{}\n", printableLines(finding.text),
                           finding.remedy.empty() ? "" : "; " + printableLines(finding.remedy));
    }
}

Result<DeviceStatus> askBroker(const Config& config, const std::string& device) {
    if (config.topics.base.empty())
        return fail(Errc::kInvalid, "topics.base is \"\": the agent publishes no status, info or health");
    const DeviceTopics topics = TRY(topicsOf(config, device));
    return readStatus(config, topics, TRY(loginOf(config)));
}

}  // namespace

int printStatus(const std::string& configPath, const std::string& device, bool isJson, std::ostream& out,
                std::ostream& err) {
    log::setLevel(log::Level::kError);  // the reason for a failure is printed once, below
    const Config config = loadConfig(configPath, readIdentity());
    const bool isOwn = device.empty() || device == config.device.id;
    const auto status = askBroker(config, device);
    if (!status) err << status.error().message << '\n';
    if (status) out << (isJson ? formatStatusJson(*status) + '\n' : formatStatus(*status, SystemClock().wallNow()));
    if (status && status->isOnline()) return 0;
    if (status && status->status.empty())
        err << fmt::format(
            "{} keeps no status of it: an agent with this id has not connected there yet, or the access list does not "
            "let this user read \"{}/status\"\n",
            status->server, topicsOf(config, device)->base);
    if (isOwn) describeLocal(config, err);
    return kExitFailed;
}

}  // namespace edge
