// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "gpio/gpio.hpp"
#include "mqtt/publisher.hpp"
#include "services/commands/command.hpp"
#include "services/gpio/debounce.hpp"

namespace edge {

/// One configured line, for health.
struct GpioLineHealth {
    std::string name;
    bool isOutput = false;
    std::optional<bool> active;  ///< nullopt while the line is unavailable
    std::string problem;         ///< why it is unavailable and what to do; "" while it works
};

/// What all lines share. It must outlive them.
struct GpioContext {
    Loop& loop;
    GpioPort& port;
    Publisher& publisher;
    const Config& config;
    /// A pressed input's action: the name of a command, and "gpio:<name>".
    std::function<void(const std::string& command, const std::string& source)> runCommand;
    Task healthChanged;  ///< a line failed or recovered
};

/// What others see of one line: its retained topic, one log line per change, its health. Thread: the loop's.
class GpioReport {
  public:
    GpioReport(const GpioContext& context, std::string name, bool isOutput)
        : context_(context), health_{std::move(name), isOutput, std::nullopt, ""} {}

    /// The line works and is in this state; published. While kMaxInFlight publications are unacknowledged, states in
    /// between are left out, never the last one.
    void show(bool active);
    /// The line does not work, for this reason.
    void fail(const Error& error);
    /// After a new connection: the state again.
    void republish();
    /// Under another name, the state is published again.
    void rename(const std::string& name);

    [[nodiscard]] const GpioLineHealth& health() const { return health_; }

    static constexpr std::size_t kMaxInFlight = 16;

  private:
    void publish(bool active);
    [[nodiscard]] const char* kind() const { return health_.isOutput ? "output" : "input"; }

    const GpioContext& context_;
    GpioLineHealth health_;
    bool latest_ = false;
    bool published_ = false;
    std::size_t inFlight_ = 0;
    Scope scope_;
};

/// One configured input: kept open, debounced, reported. Thread: the loop's.
class GpioInput {
  public:
    /// The input's action is run once for each press: never for the state in which the line is found when it is opened.
    GpioInput(const GpioContext& context, const GpioInputConfig& config)
        : context_(context), config_(config), report_(context, config.name, false), debounce_(config.debounce, false) {}

    /// Whether this input can continue with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioInputConfig& config) const;
    void apply(const GpioInputConfig& config);

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

    const GpioContext& context_;
    GpioInputConfig config_;
    GpioReport report_;
    Debounce debounce_;
    std::unique_ptr<GpioInputLine> line_;
    std::unique_ptr<FdWatch> watch_;  // after line_: the descriptor must outlive the watch
    Timer timer_;
};

/// One configured output: kept open, set, reported. A line that was away gets its state back when it returns. The
/// kernel decides what becomes of it when the program ends. Thread: the loop's.
class GpioOutput {
  public:
    /// `active` is what a free output is set to when its line is opened.
    GpioOutput(const GpioContext& context, const GpioOutputConfig& config, bool active)
        : context_(context),
          config_(config),
          report_(context, config.name, true),
          wanted_(config.role == OutputRole::kFree && active) {}

    /// Whether this output can continue with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioOutputConfig& config) const;
    /// The line stays taken; a free output stays ON or OFF as it is, one that shows the status shows whether the agent
    /// is `online`.
    void apply(const GpioOutputConfig& config, bool online);
    /// What a free output is to be, whether or not its line works now.
    [[nodiscard]] bool wanted() const { return wanted_; }

    /// Opens the line if it is not open; if it is, makes sure that it still is.
    void check();
    /// A new connection: the state is published; a status output is switched on.
    void connected();
    /// A status output is switched off.
    void disconnected();
    [[nodiscard]] const GpioLineHealth& health() const { return report_.health(); }

    /// Of a free output: the state that the line has then. Errors: kInvalid (not free), kFault (it reads back
    /// otherwise), kUnavailable (the line does not work now).
    Result<bool> command(OutputCommand command);

    /// A status output is off for kBlink, then on for at least as long, so that a fast series of readings shows as
    /// blinking, not as darkness. Blinking is not published.
    void blink();
    static constexpr milliseconds kBlink{100};

  private:
    [[nodiscard]] bool isStatus() const { return config_.role == OutputRole::kStatus; }
    void setOnline(bool online);
    void open();
    void lose(const Error& error);
    bool drive(bool active);

    const GpioContext& context_;
    GpioOutputConfig config_;
    GpioReport report_;
    bool wanted_;  ///< of a status output: whether the agent is online
    std::unique_ptr<GpioOutputLine> line_;
    Timer blink_;
    bool isBlinking_ = false;
};

}  // namespace edge
