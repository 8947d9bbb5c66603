// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/system/files.hpp"
#include "core/system/identity.hpp"
#include "core/text.hpp"
#include "core/time/time.hpp"
#include "doctor/checks/checks.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

constexpr const char* kCheck = "others";
constexpr const char* kProgram = "pi-edge-agent";
constexpr std::size_t kEvents = 1000;
/// Between the time in "info" and that of the journal's row about the same start; opening a journal may take seconds.
constexpr seconds kStartTolerance{15};
/// How long a row may wait for its way into the file, beyond journal.flush.
constexpr seconds kUnwritten{60};

std::string textIn(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() || !found->is_string() ? "" : found->get<std::string>();
}

/// "garden (Raspberry Pi 4, started at …)"
std::string describe(const Json& info) {
    return fmt::format("{} ({}, started at {})", printable(textIn(info, "name")), printable(textIn(info, "model")),
                       printable(textIn(info, "started_at")));
}

/// When agents with this journal have started, as far as it goes back.
std::vector<WallTime> startsOf(const Config& config) {
    std::vector<WallTime> starts;
    auto reader = JournalReader::open(config.journal.path, {"event", std::nullopt});
    if (!reader || !reader->skipToLast(kEvents)) return starts;
    const auto rows = reader->next(kEvents);
    for (const JournalRow& row : rows.value_or(std::vector<JournalRow>())) {
        const auto* event = std::get_if<Stored<EventRecord>>(&row);
        if (event != nullptr && event->record.kind == "start") starts.push_back(event->stamp.time);
    }
    return starts;
}

/// True only where it is certain: the agent of this machine has not written this.
bool isOfAnother(const Json& info, const Config& config) {
    if (textIn(info, "model") != readIdentity().model) return true;
    const auto startedAt = parseRfc3339(textIn(info, "started_at"));
    const std::vector<WallTime> starts = startsOf(config);
    if (!startedAt || starts.empty() || *startedAt < starts.front()) return false;
    if (SystemClock().wallNow() - *startedAt < config.journal.flush + kUnwritten) return false;
    return std::ranges::none_of(
        starts, [&](WallTime start) { return std::chrono::abs(start - *startedAt) <= kStartTolerance; });
}

Findings checkOwnId(const Config& config, AgentState agent, const Announcements& announcements) {
    const std::string& id = config.device.id;
    const auto told = announcements.info.find(id);
    const Json info = told == announcements.info.end() ? Json() : Json::parse(told->second, nullptr, false);
    constexpr const char* kRemedy =
        "two agents with one device.id end each other's connections: give one of them another";
    if (agent == AgentState::kRunning && info.is_object() && isOfAnother(info, config))
        return {{Severity::kError, kCheck,
                 fmt::format("another agent uses device.id \"{}\", too: {}", id, describe(info)), kRemedy}};
    if (agent == AgentState::kStopped && announcements.online.count(id) != 0)
        return {{Severity::kWarning, kCheck,
                 fmt::format("device.id \"{}\" is online at the broker, but no agent with this journal runs here{}", id,
                             info.is_object() ? ": " + describe(info) : ""),
                 kRemedy}};
    return {};
}

/// The plain topics that an agent publishes on, as its "info" has them.
std::vector<std::string> topicsOf(const Json& info) {
    std::vector<std::string> topics;
    const Json capabilities = info.value("capabilities", Json::object());
    if (!capabilities.is_object()) return topics;
    const auto add = [&topics](const Json& part) {
        if (part.is_object()) topics.push_back(textIn(part, "topic"));
    };
    const Json camera = capabilities.value("camera", Json());
    if (camera.is_object() && textIn(camera, "backend") != "none") add(camera);
    const Json sensors = capabilities.value("sensors", Json::array());
    for (const Json& sensor : sensors) add(sensor);
    return topics;
}

/// This agent's: topic → the key that sets it.
std::map<std::string, std::string> topicsOf(const Config& config) {
    std::map<std::string, std::string> topics;
    for (const SensorConfig& sensor : config.sensors) {
        if (!sensor.topic.empty()) topics.emplace(sensor.topic, fmt::format("topic of sensor \"{}\"", sensor.name));
    }
    if (config.camera.backend != CameraBackend::kNone) topics.emplace(config.image.topic, "image.topic");
    return topics;
}

/// The device.id in another agent's topics.base; "" where it is not one like ours.
std::string deviceIdIn(const std::string& base, const Config& config) {
    if (base == config.topics.base) return config.device.id;
    const std::string any = baseOfAnyDevice(config);
    const std::size_t at = any.find('+');
    if (at == std::string::npos || base.size() < any.size()) return "";
    const std::string tail = any.substr(at + 1);
    const std::string id = base.substr(at, base.size() - at - tail.size());
    return base.substr(0, at) == any.substr(0, at) && base.ends_with(tail) ? id : "";
}

}  // namespace

std::string baseOfAnyDevice(const Config& config) {
    std::string any = '/' + config.topics.base + '/';
    const std::string own = '/' + config.device.id + '/';
    if (const std::size_t at = any.rfind(own); at != std::string::npos) any.replace(at, own.size(), "/+/");
    return any.substr(1, any.size() - 2);
}

void Announcements::add(const InboundMessage& message, const Config& config) {
    const std::size_t slash = message.topic.rfind('/');
    if (slash == std::string::npos) return;
    const std::string id = deviceIdIn(message.topic.substr(0, slash), config);
    if (id.empty()) return;
    const std::string leaf = message.topic.substr(slash + 1);
    if (leaf == "status" && message.payload == "online") online.insert(id);
    if (leaf == "info") info[id] = message.payload;
}

AgentState stateOfAgent(const Config& config, const Machine& machine) {
    // The command doctor starts this program. Its agent runs, also without a journal or with one at a former path.
    if (machine.processName(::getppid()) == kProgram) return AgentState::kRunning;
    const auto word = readSmallFile(machine.path(config.journal.path + ".lock"));
    if (!word) return word.error().code == Errc::kPermission ? AgentState::kUnknown : AgentState::kStopped;
    const auto pid = parseNumber<pid_t>(trim(*word));
    return pid && machine.processName(*pid) == kProgram ? AgentState::kRunning : AgentState::kStopped;
}

Findings checkOthers(const Config& config, AgentState agent, const Announcements& announcements) {
    Findings findings = checkOwnId(config, agent, announcements);
    for (const auto& [topic, key] : topicsOf(config)) {
        std::vector<std::string> others;
        for (const auto& [id, text] : announcements.info) {
            const Json info = Json::parse(text, nullptr, false);
            if (id == config.device.id || announcements.online.count(id) == 0 || !info.is_object()) continue;
            const std::vector<std::string> theirs = topicsOf(info);
            if (std::find(theirs.begin(), theirs.end(), topic) != theirs.end()) others.push_back(printable(id));
        }
        if (others.empty()) continue;
        constexpr std::size_t kShown = 3;
        const std::size_t more = others.size() - std::min(others.size(), kShown);
        others.resize(std::min(others.size(), kShown));
        findings.push_back(
            {Severity::kWarning, kCheck,
             fmt::format("\"{}\" is also published by {}{}: a subscriber cannot tell whose message it is", topic,
                         fmt::join(others, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
             fmt::format("put {{id}} into the {}, for example \"{{id}}/{}\"", key, topic)});
    }
    return findings;
}

}  // namespace edge
