// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "gpio/gpio.hpp"
#include "mqtt/publisher.hpp"
#include "services/gpio/gpio_service_input.hpp"
#include "services/gpio/gpio_service_output.hpp"

namespace edge {

/// Buttons and lamps: inputs are debounced, published and carry out their action; outputs are set over MQTT or show
/// that the agent is online. A line that is missing, busy or removed takes nothing along: it is tried again every
/// kRetry, said once in the log, and shown in health. Thread: the loop's.
class GpioService {
  public:
    struct Handlers {
        /// A pressed input's action: the word of a command, and "gpio:<name>".
        GpioInput::CommandRunner runCommand;
        std::function<void()> healthChanged;  ///< a line failed or recovered
    };
    static constexpr seconds kRetry{30};

    /// Opens nothing yet. `loop`, `port`, `publisher` and `config` must outlive it.
    GpioService(Loop& loop, GpioPort& port, Publisher& publisher, const Config& config, Handlers handlers);
    ~GpioService();
    GpioService(const GpioService&) = delete;
    GpioService& operator=(const GpioService&) = delete;

    /// Opens all lines; outputs take their initial state.
    void start();
    /// A line stays taken as long as a block of its kind asks for it in the same way, whatever the block's name is
    /// then: an output on it never stops being driven, and stays ON or OFF. Other outputs with a known name take its
    /// state along, new ones their initial one.
    void onReload(const Config& before);
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
    [[nodiscard]] std::string topicOf(const std::string& name) const;
    std::unique_ptr<GpioInput> makeInput(const GpioInputConfig& input);
    std::unique_ptr<GpioOutput> makeOutput(const GpioOutputConfig& output, bool active);

    Loop& loop_;
    GpioPort& port_;
    Publisher& publisher_;
    const Config& config_;
    const Handlers handlers_;
    bool isOnline_ = false;
    std::vector<std::unique_ptr<GpioInput>> inputs_;
    std::vector<std::unique_ptr<GpioOutput>> outputs_;
    Timer retry_;
};

}  // namespace edge
