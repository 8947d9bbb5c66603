// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "gpio/gpio.hpp"
#include "services/gpio/gpio_service_report.hpp"

namespace edge {

enum class OutputCommand { kOff, kOn, kToggle };

/// One configured output: kept open, set, reported. A line that was away gets its state back when it returns. The
/// kernel decides what becomes of it when the program ends. Thread: the loop's.
class GpioOutput {
  public:
    /// `active` is what a free output is set to when its line is opened.
    GpioOutput(Loop& loop, GpioPort& port, GpioOutputConfig config, GpioReport report, bool active);

    /// Whether this output can go on with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioOutputConfig& config) const;
    /// The line stays taken; a free output stays ON or OFF as it is, one that shows the status tells whether the agent
    /// is `online`.
    void apply(const GpioOutputConfig& config, std::string topic, bool online);
    /// What a free output is to be, whether or not its line works now.
    [[nodiscard]] bool wanted() const { return wanted_; }

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
