// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop.hpp"
#include "gpio/gpio.hpp"
#include "mqtt/publisher.hpp"
#include "services/gpio_service_input.hpp"
#include "services/gpio_service_output.hpp"

namespace edge {

/// Buttons and lamps: inputs are debounced, published and carry out their action; outputs are set over MQTT or show
/// that the agent is online. A line that is missing, busy or removed takes nothing along: it is tried again every
/// kRetry, said once in the log, and shown in health. Thread: the loop's.
class GpioService {
  public:
    struct Handlers {
        /// A pressed input's action: the word of a command, and "gpio:<name>".
        std::function<void(const std::string& word, const std::string& source)> runCommand;
        std::function<void()> healthChanged;  ///< a line failed or recovered
    };
    static constexpr seconds kRetry{30};

    /// Opens nothing yet. `loop`, `port` and `publisher` must outlive it.
    GpioService(Loop& loop, GpioPort& port, Publisher& publisher, const Config& config, Handlers handlers);
    ~GpioService();
    GpioService(const GpioService&) = delete;
    GpioService& operator=(const GpioService&) = delete;

    /// Opens all lines; outputs take their initial state.
    void start();
    void onConnected();
    void onDisconnected();
    /// A reading or a picture was published: status outputs blink.
    void blink();

    /// Set a free output; the state read back. Errors: kInvalid (no such output, or one that shows the status),
    /// kUnavailable (its line does not work now), kFault (it reads back otherwise).
    Result<bool> setOutput(const std::string& name, OutputCommand command);

    /// Inputs, then outputs, in the order of the configuration.
    [[nodiscard]] std::vector<GpioLineHealth> health() const;

  private:
    void checkAll();

    Loop& loop_;
    std::vector<std::unique_ptr<GpioInput>> inputs_;
    std::vector<std::unique_ptr<GpioOutput>> outputs_;
    Timer retry_;
};

}  // namespace edge
