// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "sensors/sensor.hpp"
#include "services/service.hpp"
#include "services/telemetry/delivery_tracker.hpp"

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

/// A sensor's raw value with the configured scale and offset; Errc::kFault where it is no number or out of range.
Result<double> validateReading(const SensorConfig& config, const Result<double>& raw);

/// One sensor: reads it on its strand and on its schedule, publishes its readings while publishing is on, and its
/// status.
///
/// The schedule has no drift (next = previous + interval): a read that takes longer than the interval skips turns. Only
/// one read is ever under way; one that takes longer than kAnswerLimit, or waits longer than kStartLimit for a thread,
/// is reported once as a fault, and its late value is dropped.
class SensorChannel : Service {
  public:
    static constexpr seconds kAnswerLimit{5};
    static constexpr seconds kStartLimit{60};
    /// A read that failed with Errc::kIo, as a DHT22's often does, is tried again within the interval, this often,
    /// after a quarter of it or kRetryPause, whichever is shorter. Then it is a fault.
    static constexpr int kRetries = 2;
    static constexpr seconds kRetryPause{2};
    /// While nothing is published, the sensor is read this often, so that its status is right.
    static constexpr seconds kIdleInterval{60};
    static constexpr seconds kSlow{10};

    /// `seq` is the number of the last reading of this name. `wasRead` is called after every read.
    SensorChannel(const ServiceContext& context, DeliveryTracker& delivery, SensorSlot slot, std::string boot,
                  std::uint64_t& seq, Task wasRead);

    /// Reads now; from now on every reading is published: at the sensor's own interval, or else at `common`. Without
    /// `common` nothing is published, and the sensor is read every kIdleInterval.
    void publishEvery(std::optional<milliseconds> common);
    /// The sensor is not read any more; the value of a read that is under way is dropped.
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
    [[nodiscard]] std::uint64_t reads() const { return state_.readings + state_.faults; }

  private:
    /// Reads now, and every `interval` from now on. At the same interval the schedule stays as it is.
    void readEvery(milliseconds interval);
    void onTimer();
    void read();
    void checkLimit();
    void finishRead(const Result<double>& raw);
    [[nodiscard]] bool retry(const Result<double>& raw);

    void handle(const Result<double>& value);
    void handleReading(double value);
    void handleFault(const Error& error);
    void changeTo(SensorState::Kind kind);

    DeliveryTracker& delivery_;
    SensorConfig config_;
    std::shared_ptr<Sensor> sensor_;
    std::shared_ptr<Executor> strand_;
    std::string boot_;
    std::uint64_t& seq_;
    Task wasRead_;
    SensorState state_;
    Errc problemCode_ = Errc::kInternal;
    bool isPublishing_ = false;
    std::optional<ReadingRecord> last_;

    milliseconds interval_{0};  ///< at which it is read
    SteadyTime next_{};
    Timer timer_;
    Timer limit_;
    Timer retry_;
    int retries_ = 0;                                   ///< of this turn
    SteadyTime startDue_{};                             ///< the read must have begun by then
    std::shared_ptr<std::atomic<SteadyTime>> begunAt_;  ///< set on the strand; max: it waits for a thread
    bool isReading_ = false;                            ///< the strand is inside the sensor
    bool isWanted_ = false;                             ///< its value is
    bool isGivenUp_ = false;                            ///< it took longer than kAnswerLimit
    Scope scope_;
};

}  // namespace edge
