// SPDX-License-Identifier: MIT
#include "services/presence/presence.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/version.hpp"
#include "services/commands/command.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "connection";
constexpr int kMqtt5 = 5;
constexpr milliseconds kShortestPeriod = seconds{10};

milliseconds sinceEpoch(WallTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch());
}
milliseconds sinceBoot() {
    return std::chrono::duration_cast<milliseconds>(bootTimeNow());
}

template <typename Block>
Json namesOf(const std::vector<Block>& blocks) {
    Json names = Json::array();
    for (const Block& block : blocks) names.push_back(block.name);
    return names;
}

Json capabilities(const Config& config) {
    Json sensors = Json::array();
    for (const SensorConfig& sensor : config.sensors) {
        sensors.push_back({{"name", sensor.name},
                           {"topic", sensor.topic},
                           {"unit", unitOf(sensor)},
                           {"quantity", infoOf(sensor.quantity).name}});
    }
    return {{"commands", commandNames()},
            {"sensors", sensors},
            {"camera",
             {{"backend", kBackendNames.at(static_cast<std::size_t>(config.camera.backend))},
              {"topic", config.image.topic},
              {"motion", config.camera.motion.enabled}}},
            {"gpio", {{"inputs", namesOf(config.gpio.inputs)}, {"outputs", namesOf(config.gpio.outputs)}}},
            {"schedules", namesOf(config.schedules)}};
}

std::string makeInfo(const Config& config, const Identity& identity, WallTime startedAt) {
    const Json info{{"id", config.device.id},
                    {"name", config.device.name},
                    {"version", kVersion},
                    {"model", identity.model},
                    {"os", identity.os},
                    {"capabilities", capabilities(config)},
                    {"started_at", formatRfc3339(startedAt)}};
    return info.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Presence::Presence(const ServiceContext& context, const Identity& identity, std::function<std::string()> makeHealth)
    : Service(context), identity_(identity), startedAt_(loop_.clock().wallNow()), makeHealth_(std::move(makeHealth)) {}

Publication Presence::lastWill(const Config& config) {
    return {.topic = config.topics.base + "/status", .payload = "offline", .retain = Retain::kYes};
}

void Presence::onReload(const Config& before) {
    std::string info = makeInfo(config_, identity_, startedAt_);
    if (info != makeInfo(before, identity_, startedAt_)) publishState("info", std::move(info));
    healthChanged();
}

void Presence::announce() {
    publishState("status", "online");
    publishState("info", makeInfo(config_, identity_, startedAt_));
    publishHealth();
}

void Presence::healthChanged() {
    if (std::exchange(isSoonPending_, true)) return;
    soon_ = loop_.after(kHealthDelay, [this] { publishHealth(); });
}

void Presence::publishHealth() {
    isSoonPending_ = false;
    soon_.cancel();
    regular_ = loop_.after(kHealthInterval, [this] { publishHealth(); });
    if (publisher_.connection() != nullptr) publishState("health", makeHealth_());
}

// ---- when it was last connected

std::optional<milliseconds> Presence::away(const JournalSnapshot& snapshot) const {
    try {
        const Json saved = Json::parse(savedState(snapshot, kStateKey));
        // Within one boot no clock adjustment can mislead.
        if (saved.at("boot").get<std::string>() == identity_.bootId)
            return sinceBoot() - milliseconds{saved.at("boot_ms").get<std::int64_t>()};
        const auto wall = milliseconds{saved.at("wall_ms").get<std::int64_t>()};
        return std::max(sinceEpoch(loop_.clock().wallNow()) - wall, milliseconds{0});
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

void Presence::onConnected(int protocolVersion) {
    isConnectionSaved_ = protocolVersion != kMqtt5;
    if (isConnectionSaved_) saveConnectionRegularly();
    announce();
}

void Presence::onDisconnected() {
    saving_.cancel();
    if (isConnectionSaved_) saveConnection();
    isConnectionSaved_ = false;
}

void Presence::saveConnectionRegularly() {
    saveConnection();
    saving_ =
        loop_.after(std::max(config_.mqtt.sessionExpiry / 4, kShortestPeriod), [this] { saveConnectionRegularly(); });
}

void Presence::saveConnection() {
    const Json json{{"wall_ms", sinceEpoch(loop_.clock().wallNow()).count()},
                    {"boot_ms", sinceBoot().count()},
                    {"boot", identity_.bootId}};
    journal_.saveState(kStateKey, json.dump(), {});
}

}  // namespace edge
