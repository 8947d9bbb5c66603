// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "gpio/gpio.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// One configured line, for health.
struct GpioLineHealth {
    std::string name;
    bool isOutput = false;
    std::optional<bool> active;  ///< nullopt while the line is unavailable
    std::string problem;         ///< why it is unavailable and what to do; "" while it works
};

/// What all lines share; it outlives them.
struct GpioContext {
    ServiceContext service;
    GpioPort& port;
    /// A pressed input's action: the name of a command, and "gpio:<name>".
    std::function<void(const std::string& command, const std::string& source)> runCommand;
};

/// Buttons and lamps: inputs are debounced, published and carry out their action; outputs are set over MQTT or show
/// that the agent is online. A line that is missing, busy or removed affects no other: it is tried again every kRetry,
/// logged once, and shown in health.
class GpioService : Service {
  public:
    static constexpr seconds kRetry{30};
    /// While so many publications of a line are unacknowledged, states in between are left out, never the last one.
    static constexpr std::size_t kMaxInFlight = 16;

    /// Opens nothing yet.
    explicit GpioService(const GpioContext& context);
    ~GpioService();

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
    class Line;
    class Input;
    class Output;

    void makeLines(const std::map<std::string, bool>& states);
    void checkAll();

    const GpioContext context_;
    bool isOnline_ = false;
    std::vector<std::unique_ptr<Input>> inputs_;
    std::vector<std::unique_ptr<Output>> outputs_;
    Timer retry_;
};

}  // namespace edge
