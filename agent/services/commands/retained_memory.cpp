// SPDX-License-Identifier: MIT
#include "services/commands/retained_memory.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/system/sha256.hpp"

namespace edge {
namespace {

constexpr const char* kStateKey = "retained_seen";

}  // namespace

void RetainedMemory::restore(const JournalSnapshot& snapshot) {
    const auto it = snapshot.state.find(kStateKey);
    if (it == snapshot.state.end()) return;
    const auto list = nlohmann::json::parse(it->second, nullptr, /*allow_exceptions=*/false);
    for (const auto& item : list) {
        if (item.is_string() && seen_.size() < kCapacity) seen_.push_back(item.get<std::string>());
    }
}

bool RetainedMemory::isNew(const std::string& topic, const std::string& payload) {
    const std::string hash = sha256Hex(topic + '\0' + payload);
    if (std::find(seen_.begin(), seen_.end(), hash) != seen_.end()) return false;
    seen_.push_back(hash);
    if (seen_.size() > kCapacity) seen_.pop_front();
    journal_.saveState(kStateKey, nlohmann::json(seen_).dump(), {});
    return true;
}

}  // namespace edge
