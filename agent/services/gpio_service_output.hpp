// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "config/config.hpp"
#include "core/loop.hpp"
#include "gpio/gpio.hpp"
#include "services/gpio_service_report.hpp"

namespace edge {

enum class OutputCommand { kOff, kOn, kToggle };

/// One configured output: kept open, set, reported. A line that was away gets its state back when it returns. The
/// kernel decides what becomes of it when the program ends. Thread: the loop's.
class GpioOutput {
  public:
    GpioOutput(Loop& loop, GpioPort& port, GpioOutputConfig config, GpioReport report);

    /// Opens the line if it is not open; if it is, makes sure that it still is.
    void check();
    /// A new connection: the state is published; a status output goes on.
    void connected();
    /// A status output goes off.
    void disconnected();
    [[nodiscard]] const GpioLineHealth& health() const { return report_.health(); }

    /// Of a free output: the state that the line has then. Errors: kInvalid (not free), kFault (it reads back
    /// otherwise), those of GpioPort::openOutput().
    Result<bool> command(OutputCommand command);

    /// A status output goes off for kBlink, then on for at least as long, so that a fast train of readings shows as
    /// blinking, not as darkness. Blinking is not published.
    void blink();
    static constexpr milliseconds kBlink{100};

  private:
    void setOnline(bool online);
    void open();
    void lose(const Error& error);
    bool drive(bool active);

    Loop& loop_;
    GpioPort& port_;
    GpioOutputConfig config_;
    GpioReport report_;
    bool wanted_;  ///< of a status output: whether the agent is online
    std::unique_ptr<GpioOutputLine> line_;
    Timer blink_;
    bool blinking_ = false;
};

}  // namespace edge
