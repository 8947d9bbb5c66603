// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// A sensor's raw value with the configured scale and offset; Errc::kFault where it is no number or out of range.
Result<double> validateReading(const SensorConfig& config, const Result<double>& raw);

/// Reads one sensor on its strand and on its schedule, without drift (next = previous + interval): a read that takes
/// longer than the interval skips turns. Only one read is ever under way; one that takes longer than kAnswerLimit, or
/// waits longer than kStartLimit for a thread, is reported once as a fault, and its late value is dropped. Thread: the
/// loop's, the handler too; the sensor is read on the strand.
class SensorPoll {
  public:
    static constexpr seconds kAnswerLimit{5};
    static constexpr seconds kStartLimit{60};
    /// A read that failed with Errc::kIo, as a DHT22's often does, is tried again within the interval, this often,
    /// after a quarter of it or kRetryPause, whichever is shorter. Then it is a fault.
    static constexpr int kRetries = 2;
    static constexpr seconds kRetryPause{2};
    /// A value in the quantity's unit, with scale and offset applied and inside min … max, or why there is none.
    using Handler = std::function<void(Result<double>)>;

    /// `config` is read with every value: it may change.
    SensorPoll(Loop& loop, const SensorConfig& config, std::shared_ptr<Sensor> sensor, std::shared_ptr<Executor> strand,
               Handler handler);

    /// Reads now, and every `interval` from now on. While it runs at the same interval the schedule stays as it is.
    void start(milliseconds interval);
    /// The handler is not called after this, not even for a read that is under way.
    void stop();

  private:
    void onTimer();
    void read();
    void checkLimit();
    void finish(const Result<double>& raw);
    [[nodiscard]] bool retry(const Result<double>& raw);

    Loop& loop_;
    const SensorConfig& config_;
    std::shared_ptr<Sensor> sensor_;
    std::shared_ptr<Executor> strand_;
    Handler handler_;
    milliseconds interval_{0};
    SteadyTime next_{};
    Timer timer_;
    Timer limit_;
    Timer retry_;
    int retries_ = 0;                                   ///< of this turn
    SteadyTime startDue_{};                             ///< the read must have begun by then
    std::shared_ptr<std::atomic<SteadyTime>> begunAt_;  ///< set on the strand; max: it waits for a thread
    bool isReading_ = false;                            ///< the strand is inside the sensor
    bool isWanted_ = false;                             ///< its value goes to the handler
    bool isGivenUp_ = false;                            ///< it took longer than kAnswerLimit
    Scope scope_;
};

}  // namespace edge
