// SPDX-License-Identifier: MIT
#include "services/presence/last_connection.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

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

}  // namespace

std::optional<milliseconds> LastConnection::away(const JournalSnapshot& snapshot) const {
    try {
        const Json saved = Json::parse(savedState(snapshot, kStateKey));
        // Within one boot no clock adjustment can mislead.
        if (saved.at("boot").get<std::string>() == bootId_)
            return sinceBoot() - milliseconds{saved.at("boot_ms").get<std::int64_t>()};
        const auto wall = milliseconds{saved.at("wall_ms").get<std::int64_t>()};
        return std::max(sinceEpoch(loop_.clock().wallNow()) - wall, milliseconds{0});
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

void LastConnection::onConnected(int protocolVersion) {
    isNeeded_ = protocolVersion != kMqtt5;
    if (isNeeded_) saveRegularly();
}

void LastConnection::onDisconnected() {
    regular_.cancel();
    if (isNeeded_) save();
    isNeeded_ = false;
}

void LastConnection::saveRegularly() {
    save();
    regular_ = loop_.after(std::max(config_.mqtt.sessionExpiry / 4, kShortestPeriod), [this] { saveRegularly(); });
}

void LastConnection::save() {
    const Json json{
        {"wall_ms", sinceEpoch(loop_.clock().wallNow()).count()}, {"boot_ms", sinceBoot().count()}, {"boot", bootId_}};
    journal_.saveState(kStateKey, json.dump(), {});
}

}  // namespace edge
