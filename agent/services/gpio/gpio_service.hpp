// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "services/gpio/gpio_lines.hpp"

namespace edge {

/// Buttons and lamps: inputs are debounced, published and carry out their action; outputs are set over MQTT or show
/// that the agent is online. A line that is missing, busy or removed affects no other: it is tried again every kRetry,
/// logged once, and shown in health.
class GpioService : Service {
  public:
    static constexpr seconds kRetry{30};

    /// Opens nothing yet.
    explicit GpioService(const GpioContext& context);

    /// Opens all lines; outputs take their initial state.
    void start();
    /// A line stays taken as long as a block of its kind asks for it in the same way, even under another name: an
    /// output on it never stops being driven, and stays ON or OFF. Other outputs with a known name keep its state, new
    /// ones get their initial one.
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
    void makeLines(const std::map<std::string, bool>& states);
    void checkAll();

    const GpioContext context_;
    bool isOnline_ = false;
    std::vector<std::unique_ptr<GpioInput>> inputs_;
    std::vector<std::unique_ptr<GpioOutput>> outputs_;
    Timer retry_;
};

}  // namespace edge
