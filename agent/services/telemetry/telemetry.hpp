// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/scope.hpp"
#include "services/service.hpp"
#include "services/telemetry/delivery_tracker.hpp"
#include "services/telemetry/sensor_channel.hpp"

namespace edge {

/// Makes a sensor ready to be read.
using SensorFactory = std::function<SensorSlot(const SensorConfig&)>;

/// Periodic readings: what starts and stops them, and the state that survives a restart. That state is `state_` in
/// memory and the key "telemetry" in the journal; resume() is the only place that reads it.
class Telemetry : Service {
  public:
    /// How long the reply to `start` waits for the first readings.
    static constexpr seconds kStartReportLimit{2};

    /// `boot` identifies this start of the agent in the readings' JSON: with the sequence number it identifies each
    /// reading.
    Telemetry(const ServiceContext& context, SensorFactory makeSensor, std::string boot);

    /// Continues as telemetry.on_boot and what the last run saved say. From now on the sensors are read, published or
    /// not.
    void resume(const JournalSnapshot& snapshot);

    /// Removed sensors end, new ones begin, changed ones continue with their new settings: a sensor is made again only
    /// where it is another device. Publishing and the sequence numbers continue.
    void onReload(const Config& before);

    /// The `start` command. Without an interval: the configured one. A sensor with an interval of its own keeps it.
    /// `done` gets `{"interval":"2s","sensors":[{"name":"room","status":"online",…}]}` when every sensor was read once,
    /// after kStartReportLimit at the latest.
    void start(std::optional<milliseconds> interval, std::function<void(std::string report)> done);
    /// Ends what `start` was given: from now on telemetry.interval counts.
    void useConfiguredInterval() { change({state_.isPublishing, std::nullopt}); }
    /// The `stop` command. `done` is called when no live reading is under way any more.
    void stop(Task done);
    /// At the end of the program: as stop(), but the next run continues where this one was.
    void shutDown(Task done);

    [[nodiscard]] bool isPublishing() const { return state_.isPublishing; }
    /// How often readings are published, or would be, except for sensors with an interval of their own.
    [[nodiscard]] milliseconds interval() const { return state_.interval.value_or(config_.telemetry.interval); }
    /// The same; nullopt while nothing is published.
    [[nodiscard]] std::optional<milliseconds> publishingInterval() const;

    /// `<base>/publishing`.
    void publishSwitch();
    /// Publishes the sensors' states; then the backlog.
    void onConnected();
    void onDisconnected() { delivery_.onDisconnected(); }
    /// The `status` command: publishing, states, the last readings with the times they were taken.
    void republish();
    /// The last readings of slow sensors, for a client that has just subscribed and would wait an interval for the
    /// next.
    void repeatReadings();

    [[nodiscard]] std::vector<SensorState> sensors() const;
    [[nodiscard]] const ReadingCounters& counters() const { return delivery_.counters(); }

  private:
    /// What a restart remembers.
    struct State {
        bool isPublishing = false;
        std::optional<milliseconds> interval;  ///< nullopt: the configured one

        bool operator==(const State&) const = default;
    };
    /// A reply to `start` that waits for the first readings.
    struct Report {
        std::function<void(std::string)> done;
        std::vector<std::uint64_t> marks;  ///< reads() of each channel when the command came
        Timer limit;
    };

    static State parseState(const std::string& text);
    static std::string formatState(const State& state);
    std::unique_ptr<SensorChannel> makeChannel(const SensorConfig& sensor);
    [[nodiscard]] std::string describeState() const;
    void change(const State& wanted);
    void checkReports();
    void finishReport(std::list<Report>::iterator report);
    void finishReports();

    ServiceContext context_;  ///< for the channels
    SensorFactory makeSensor_;
    std::string boot_;
    std::map<std::string, std::uint64_t> seqs_;  ///< by name: a sensor that comes back must not count from 1 again
    DeliveryTracker delivery_;
    std::vector<std::unique_ptr<SensorChannel>> channels_;
    State state_;
    std::list<Report> reports_;
    Scope scope_;
};

}  // namespace edge
