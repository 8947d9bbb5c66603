// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sensors/sensor.hpp"
#include "services/service.hpp"
#include "services/telemetry/delivery_tracker.hpp"
#include "services/telemetry/sensor_poll.hpp"

namespace edge {

/// A configured sensor, ready to be read.
struct SensorSlot {
    SensorConfig config;
    std::shared_ptr<Sensor> sensor;
    std::shared_ptr<Executor> strand;
};

/// The state of one sensor.
struct SensorState {
    enum class Kind { kUnknown, kOnline, kOffline };
    std::string name;
    Kind kind = Kind::kUnknown;  ///< kUnknown: not read yet
    std::string problem{};       ///< why it is offline, and what to do; "" otherwise
    std::uint64_t readings = 0;  ///< good ones since start
    std::uint64_t faults = 0;    ///< refused ones since start
    double value = 0;            ///< of the last good one, if there is one
    WallTime time{};             ///< when it was read
    std::string unit{};          ///< its unit
};

/// "online", "offline" or "unknown".
const char* toString(SensorState::Kind kind);

/// One sensor: reads it on its schedule, publishes its readings while publishing is on, and its status.
class SensorChannel : Service {
  public:
    /// While nothing is published, the sensor is read this often, so that its status is right.
    static constexpr seconds kIdleInterval{60};
    static constexpr seconds kSlow{10};

    /// `seq` is the number of the last reading of this name. `wasRead` is called after every read.
    SensorChannel(const ServiceContext& context, DeliveryTracker& delivery, SensorSlot slot, std::string boot,
                  std::uint64_t& seq, Task wasRead);

    /// Reads now; from now on every reading is published: at the sensor's own interval, or else at `common`. Without
    /// `common` nothing is published, and the sensor is read every kIdleInterval.
    void publishEvery(std::optional<milliseconds> common);
    /// The sensor is not read any more.
    void shutDown();

    /// Whether apply() is enough for these settings: the same sensor, read in the same way.
    [[nodiscard]] bool canTake(const SensorConfig& config) const;
    /// Continues with them; `common` is the interval of sensors without one of their own.
    void apply(const SensorConfig& config, milliseconds common);

    /// Publishes the retained status.
    void publishStatus();
    /// Publishes the last reading again, as JSON with its own time; a plain topic carries live ones only.
    void republishReading();
    /// The same, if a client that missed it would wait long for the next one (kSlow) and it is still true: good, and at
    /// most two intervals old.
    void repeatReading();

    [[nodiscard]] const SensorState& state() const { return state_; }
    /// How often it is read while published.
    [[nodiscard]] milliseconds intervalFor(milliseconds common) const {
        return config_.interval.count() > 0 ? config_.interval : common;
    }
    /// So far, good or not.
    [[nodiscard]] std::uint64_t reads() const { return reads_; }

  private:
    void handle(const Result<double>& value);
    void handleReading(double value);
    void handleFault(const Error& error);
    void changeTo(SensorState::Kind kind);

    DeliveryTracker& delivery_;
    SensorConfig config_;
    std::string boot_;
    std::uint64_t& seq_;
    Task wasRead_;
    SensorState state_;
    Errc problemCode_ = Errc::kInternal;
    std::uint64_t reads_ = 0;
    bool isPublishing_ = false;
    milliseconds interval_{0};  ///< at which it is read
    std::optional<ReadingRecord> last_;
    SensorPoll poll_;
};

}  // namespace edge
