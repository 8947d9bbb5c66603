// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// What all services work with; it outlives them.
struct ServiceContext {
    Loop& loop;
    Publisher& publisher;
    Journal& journal;
    const Config& config;    ///< in force: a reload replaces what is in it
    Task changed = [] {};    ///< called when something that health shows has changed
    Task published = [] {};  ///< called when a reading or a picture went to the broker
};

/// Base of the services: the context, and what most of them do with it. Thread: the loop's, as of all services.
class Service {
  public:
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

  protected:
    explicit Service(const ServiceContext& context)
        : loop_(context.loop),
          publisher_(context.publisher),
          journal_(context.journal),
          config_(context.config),
          changed_(context.changed),
          published_(context.published) {}
    ~Service() = default;

    /// Publishes a retained state on `<base>/<leaf>`; nothing where topics.base is "".
    void publishState(const std::string& leaf, std::string payload, DeliveryHandler done = {}) const {
        if (config_.topics.base.empty()) return;
        publisher_.publish(
            {.topic = config_.topics.base + "/" + leaf, .payload = std::move(payload), .retain = Retain::kYes},
            Priority::kReply, std::move(done));
    }
    void recordEvent(const std::string& kind, const std::string& text) const {
        journal_.record(EventRecord{loop_.clock().wallNow(), kind, text});
    }
    /// What Journal::saveState() kept under `key`; "" if nothing.
    [[nodiscard]] static std::string savedState(const JournalSnapshot& snapshot, const std::string& key) {
        const auto found = snapshot.state.find(key);
        return found == snapshot.state.end() ? "" : found->second;
    }

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    const Task changed_;
    const Task published_;
};

}  // namespace edge
