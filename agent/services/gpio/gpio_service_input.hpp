// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "gpio/gpio.hpp"
#include "services/gpio/debounce.hpp"
#include "services/gpio/gpio_service_report.hpp"

namespace edge {

/// One configured input: kept open, debounced, reported. Thread: the loop's.
class GpioInput {
  public:
    /// The word of a command, and "gpio:<name>".
    using CommandRunner = std::function<void(const std::string& word, const std::string& source)>;
    /// The input's action is run once for each press: never for the state in which the line is found when it is opened.
    GpioInput(Loop& loop, GpioPort& port, GpioInputConfig config, GpioReport report, CommandRunner runCommand);

    /// Whether this input can go on with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioInputConfig& config) const;
    void apply(const GpioInputConfig& config, std::string topic);

    /// Opens the line if it is not open; if it is, makes sure that it still is (not every kernel says when a chip
    /// goes).
    void check();
    void republish() { report_.republish(); }
    [[nodiscard]] const GpioLineHealth& health() const { return report_.health(); }

  private:
    void open();
    void lose(const Error& error);
    void readEdges();
    void settle();
    void accept();

    Loop& loop_;
    GpioPort& port_;
    GpioInputConfig config_;
    GpioReport report_;
    CommandRunner runCommand_;
    Debounce debounce_;
    std::unique_ptr<GpioInputLine> line_;
    std::unique_ptr<FdWatch> watch_;  // after line_: the descriptor must outlive the watch
    Timer timer_;
};

}  // namespace edge
