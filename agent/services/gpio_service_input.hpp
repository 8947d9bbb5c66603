// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "config/config.hpp"
#include "core/loop.hpp"
#include "gpio/gpio.hpp"
#include "services/debounce.hpp"
#include "services/gpio_service_report.hpp"

namespace edge {

/// One configured input: kept open, debounced, reported. Thread: the loop's.
class GpioInput {
  public:
    /// `activated` is called once for each press: never for the state in which the line is found when it is opened.
    GpioInput(Loop& loop, GpioPort& port, GpioInputConfig config, GpioReport report, std::function<void()> activated);

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
    std::function<void()> activated_;
    Debounce debounce_;
    std::unique_ptr<GpioInputLine> line_;
    std::unique_ptr<FdWatch> watch_;  // after line_: the descriptor must outlive the watch
    Timer timer_;
};

}  // namespace edge
