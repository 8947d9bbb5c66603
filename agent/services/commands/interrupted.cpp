// SPDX-License-Identifier: MIT
#include "services/commands/interrupted.hpp"

#include <nlohmann/json.hpp>

namespace edge {
namespace {

constexpr const char* kStateKey = "owed_replies";
using Json = nlohmann::json;

}  // namespace

void InterruptedSeries::add(const void* id, const ReplyTarget& target, const std::string& reply) {
    if (target.topic.empty()) return;
    owed_[id] = {target, reply};
    save();
}

void InterruptedSeries::remove(const void* id) {
    if (owed_.erase(id) > 0) save();
}

void InterruptedSeries::save() {
    Json list = Json::array();
    for (const auto& [id, owed] : owed_) {
        Json item{{"topic", owed.target.topic}, {"reply", owed.reply}};
        if (owed.target.correlationData) {
            // Any bytes, so not a JSON string.
            item["correlation"] =
                std::vector<unsigned char>(owed.target.correlationData->begin(), owed.target.correlationData->end());
        }
        list.push_back(std::move(item));
    }
    journal_.saveState(kStateKey, list.dump(), {});
}

std::vector<std::pair<ReplyTarget, std::string>> InterruptedSeries::restore(const JournalSnapshot& snapshot) {
    std::vector<std::pair<ReplyTarget, std::string>> replies;
    const auto it = snapshot.state.find(kStateKey);
    if (it == snapshot.state.end()) return replies;
    const Json list = Json::parse(it->second, nullptr, /*allow_exceptions=*/false);
    for (const Json& item : list) {
        if (!item.is_object() || !item.contains("topic") || !item.contains("reply")) continue;
        ReplyTarget target{item.at("topic").get<std::string>(), std::nullopt};
        if (item.contains("correlation")) {
            const auto bytes = item.at("correlation").get<std::vector<unsigned char>>();
            target.correlationData.emplace(bytes.begin(), bytes.end());
        }
        replies.emplace_back(std::move(target), item.at("reply").get<std::string>());
    }
    if (!replies.empty()) save();
    return replies;
}

}  // namespace edge
