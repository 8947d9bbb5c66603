// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

enum class GpioDirection { kInput, kOutput };

/// One configured line, for health.
struct GpioLineHealth {
    std::string name;
    GpioDirection direction = GpioDirection::kInput;
    std::optional<bool> active;  ///< nullopt while the line is unavailable
    std::string problem;         ///< why it is unavailable and what to do; "" while it works
};

/// What the world sees of one line: its retained topic, one log line per change, its health. Thread: the loop's.
class GpioReport {
  public:
    /// `topic` "" = published nowhere. `healthChanged` may be empty.
    GpioReport(Publisher& publisher, std::string name, GpioDirection direction, std::string topic,
               std::function<void()> healthChanged);

    /// The line works and is in this state; published. While kMaxInFlight publications are unacknowledged, states in
    /// between are left out, never the last one.
    void show(bool active);
    /// The line does not work, for this reason.
    void fail(const Error& error);
    /// After a new connection: the state again.
    void republish();
    /// From now on of this name, on this topic.
    void rename(std::string name, std::string topic);

    [[nodiscard]] const GpioLineHealth& health() const { return health_; }

    static constexpr std::size_t kMaxInFlight = 16;

  private:
    struct Sender;

    GpioLineHealth health_;
    std::function<void()> healthChanged_;
    std::shared_ptr<Sender> sender_;
};

}  // namespace edge
