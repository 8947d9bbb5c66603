// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "services/telemetry/reading_ledger.hpp"
#include "services/telemetry/sensor_channel.hpp"

namespace edge {

/// Makes a sensor ready to be read.
using SensorFactory = std::function<SensorSlot(const SensorConfig&)>;

/// Periodic readings: what starts and stops them, the state that survives a restart, and the backlog of what the broker
/// missed. Thread: the loop's, callbacks too.
class Telemetry {
  public:
    /// How long the answer to `start` waits for the first readings.
    static constexpr seconds kStartReportLimit{2};

    /// `boot` names this start of the agent in the readings' JSON: with the sequence number it tells every reading
    /// apart.
    Telemetry(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, SensorFactory makeSensor,
              const std::string& boot);
    ~Telemetry();

    /// As telemetry.on_boot and what the last run saved say. From now on the sensors are looked at, published or not.
    void resume(const JournalSnapshot& snapshot);

    /// Sensors that are gone end, new ones begin, changed ones go on with their new settings: a sensor is made anew
    /// only where it is another device. What is published and the sequence numbers go on.
    void onReload(const Config& before);

    /// The `start` command. Without an interval: the configured one. A sensor with an interval of its own keeps it.
    /// `done` gets `{"interval":"2s","sensors":[{"name":"room","status":"online",…}]}` when every sensor was read once,
    /// after kStartReportLimit at the latest.
    void start(std::optional<milliseconds> interval, std::function<void(std::string report)> done);
    /// The `stop` command. `done` is called when no live reading is under way any more.
    void stop(Task done);
    /// At the end of the program: as stop(), but the next run goes on where this one was.
    void shutDown(Task done);

    [[nodiscard]] bool isPublishing() const;
    /// How often, save for sensors with an interval of their own; nullopt while nothing is published.
    [[nodiscard]] std::optional<milliseconds> publishingInterval() const;

    /// `<base>/publishing`.
    void publishState();
    /// The sensors' states; then the backlog begins to leave.
    void onConnected();
    void onDisconnected();
    /// The `status` command: publishing, states, the last readings with the times they were taken.
    void republish();
    /// The last readings of slow sensors, for who has just subscribed and would wait an interval for the next ones.
    void repeatReadings();

    /// A live reading was handed to the broker.
    void onPublished(Task handler);
    /// Something that people look at changed.
    void onChange(Task handler);

    [[nodiscard]] std::vector<SensorState> sensors() const;
    [[nodiscard]] const ReadingCounters& counters() const;
    /// Readings of the past that the broker got, of this run and of earlier ones.
    [[nodiscard]] std::uint64_t backlogDelivered() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
