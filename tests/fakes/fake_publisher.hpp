// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// Records what services publish. The test decides how each publication ends: at once (`outcome`), or later, one by one
/// (`outcome` empty, then `finish`). As in the real one, a handler runs from the loop, never inside publish(), and
/// while disconnected everything but a reply that is not retained ends as kLost.
class FakePublisher : public Publisher {
  public:
    struct Sent {
        Publication publication;
        Priority priority = Priority::kLive;
        DeliveryHandler done;
        bool isFinished = false;
    };

    explicit FakePublisher(Executor& loop) : loop_(loop) {}

    [[nodiscard]] const ConnectionInfo* connection() const override { return info_ ? &*info_ : nullptr; }

    using Publisher::publish;
    void publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) override {
        const bool mayWait = priority == Priority::kReply && publication->retain == Retain::kNo;
        sent.push_back(Sent{*publication, priority, std::move(done), false});
        if (!info_) {
            if (!mayWait) finish(sent.size() - 1, Delivery::kLost);
            return;
        }
        if (outcome) finish(sent.size() - 1, *outcome);
    }

    [[nodiscard]] std::size_t maxPayload(const std::string& topic) const override {
        const auto it = topicLimits.find(topic);
        return it == topicLimits.end() ? limit : it->second;
    }

    [[nodiscard]] std::size_t outstandingBytes() const override { return outstanding; }

    /// Connects. Tell the services yourself: the agent does that through MqttSession's handlers.
    void connect(ConnectionInfo info = {}) { info_ = std::move(info); }

    /// Disconnects; what was not finished ends as kLost, save replies that may wait.
    void disconnect() {
        info_.reset();
        for (std::size_t i = 0; i < sent.size(); ++i) {
            const bool mayWait = sent[i].priority == Priority::kReply && sent[i].publication.retain == Retain::kNo;
            if (!sent[i].isFinished && !mayWait) finish(i, Delivery::kLost);
        }
    }

    /// Ends the `index`-th publication: its handler is posted. Once only.
    void finish(std::size_t index, Delivery delivery) {
        Sent& entry = sent.at(index);
        if (std::exchange(entry.isFinished, true) || !entry.done) return;
        loop_.post([done = std::move(entry.done), delivery] { done(delivery); });
        entry.done = nullptr;
    }

    /// Ends everything that is still open, oldest first.
    void finishAll(Delivery delivery) {
        for (std::size_t i = 0; i < sent.size(); ++i) finish(i, delivery);
    }

    /// What was sent on `topic`, oldest first.
    [[nodiscard]] std::vector<Publication> on(const std::string& topic) const {
        std::vector<Publication> found;
        for (const Sent& entry : sent) {
            if (entry.publication.topic == topic) found.push_back(entry.publication);
        }
        return found;
    }

    /// The last payload on `topic`; nullopt when there was none.
    [[nodiscard]] std::optional<std::string> lastPayload(const std::string& topic) const {
        const auto it = std::find_if(sent.rbegin(), sent.rend(),
                                     [&](const Sent& entry) { return entry.publication.topic == topic; });
        if (it == sent.rend()) return std::nullopt;
        return it->publication.payload;
    }

    std::vector<Sent> sent;                                  ///< everything, oldest first
    std::optional<Delivery> outcome = Delivery::kDelivered;  ///< how publications end; empty = when the test says so
    std::size_t limit = std::numeric_limits<std::size_t>::max();  ///< maxPayload()
    std::map<std::string, std::size_t> topicLimits;               ///< maxPayload() of single topics
    std::size_t outstanding = 0;                                  ///< outstandingBytes()

  private:
    Executor& loop_;
    std::optional<ConnectionInfo> info_ = ConnectionInfo{};
};

}  // namespace edge
