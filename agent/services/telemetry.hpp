// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// A configured sensor, ready to be read.
struct SensorSlot {
    SensorConfig config;
    std::shared_ptr<Sensor> sensor;
    std::shared_ptr<Executor> strand;
};

/// How one sensor is.
struct SensorState {
    enum class Kind { kUnknown, kOnline, kOffline };
    std::string name;
    Kind kind = Kind::kUnknown;     ///< kUnknown: not read yet
    std::string problem;            ///< "" while online
    std::optional<double> value;    ///< °C, the last good one
    std::uint64_t readings = 0;     ///< good ones since start
    std::uint64_t faults = 0;       ///< refused ones since start
};

/// What became of the readings of this run. At any time:
/// produced = delivered + underWay + handed to the journal (which delivers, queues or drops them, and counts).
struct TelemetryCounters {
    std::uint64_t produced = 0;
    std::uint64_t delivered = 0;         ///< acknowledged by the broker, live
    std::uint64_t underWay = 0;          ///< published, not acknowledged yet
    std::uint64_t journaled = 0;         ///< given to the journal because they were not delivered live
    std::uint64_t backlogDelivered = 0;  ///< sent later, of this run and of earlier ones
};

/// Periodic readings: schedule, formats, faults, the state that survives a restart, and the backlog.
/// Thread: the loop's, callbacks too.
class Telemetry {
  public:
    static constexpr std::size_t kBacklogBatch = 10;            ///< readings taken from the journal at a time …
    static constexpr milliseconds kBacklogPause{500};           ///< … and then this long a pause: 20 a second
    static constexpr seconds kStartReportLimit{2};

    Telemetry(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, std::vector<SensorSlot> sensors,
              std::string bootId);
    ~Telemetry();

    /// As telemetry.on_boot and what the last run saved say. After this the sensors are looked at once, so that their
    /// state is known.
    void resume(const JournalSnapshot& snapshot);

    /// The `start` command. Without an interval: the configured one. `done` gets `{"interval":"2s","sensors":[…]}` when every
    /// sensor was read once, after kStartReportLimit at the latest.
    void start(std::optional<milliseconds> interval, std::function<void(std::string report)> done);
    /// The `stop` command. `done` is called when no live reading is under way any more.
    void stop(Task done);
    /// At the end of the program: as stop(), but the next run goes on.
    void shutDown(Task done);

    [[nodiscard]] bool isPublishing() const;

    /// `<base>/publishing` and the sensors' states; then the backlog begins to leave.
    void onConnected();
    void onDisconnected();
    /// The `status` command: publishing, states, the last readings.
    void republish();

    /// A live reading was handed to the broker.
    void onPublished(Task handler);
    /// Something that people look at changed.
    void onChange(Task handler);

    [[nodiscard]] std::vector<SensorState> sensors() const;
    [[nodiscard]] const TelemetryCounters& counters() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
