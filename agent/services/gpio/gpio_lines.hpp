// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "gpio/gpio.hpp"
#include "services/commands/command.hpp"
#include "services/gpio/debounce.hpp"
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

/// One configured line as others see it: its retained topic, one log line per change, its health.
class ReportedLine : protected Service {
  public:
    [[nodiscard]] const GpioLineHealth& health() const { return health_; }
    /// After a new connection: the state again.
    void republish();

    /// While so many publications are unacknowledged, states in between are left out, never the last one.
    static constexpr std::size_t kMaxInFlight = 16;

  protected:
    ReportedLine(const GpioContext& context, std::string name, bool isOutput)
        : Service(context.service), context_(context), health_{std::move(name), isOutput, std::nullopt, ""} {}
    ~ReportedLine() = default;

    /// The line works and is in this state; published.
    void show(bool active);
    /// The line does not work, for this reason.
    void showProblem(const Error& error);
    /// Under another name, the state is published again.
    void rename(const std::string& name);

    const GpioContext& context_;

  private:
    void publish(bool active);
    [[nodiscard]] const char* kind() const { return health_.isOutput ? "output" : "input"; }

    GpioLineHealth health_;
    bool latest_ = false;
    bool published_ = false;
    std::size_t inFlight_ = 0;
    Scope scope_;
};

/// One configured input: kept open, debounced, reported.
class GpioInput : public ReportedLine {
  public:
    /// The input's action is run once for each press: never for the state in which the line is found when it is opened.
    GpioInput(const GpioContext& context, const GpioInputConfig& config)
        : ReportedLine(context, config.name, false), settings_(config), debounce_(config.debounce, false) {}

    /// Whether this input can continue with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioInputConfig& settings) const;
    void apply(const GpioInputConfig& settings);
    /// Opens the line if it is not open; if it is, makes sure that it still is (not every kernel says when a chip
    /// goes).
    void check();

  private:
    void open();
    void lose(const Error& error);
    void readEdges();
    void settle();
    void accept();

    GpioInputConfig settings_;
    Debounce debounce_;
    std::unique_ptr<GpioInputLine> line_;
    std::unique_ptr<FdWatch> watch_;  // after line_: the descriptor must outlive the watch
    Timer timer_;
};

/// One configured output: kept open, set, reported. A line that was away gets its state back when it returns. The
/// kernel decides what becomes of it when the program ends.
class GpioOutput : public ReportedLine {
  public:
    /// `active` is what a free output is set to when its line is opened.
    GpioOutput(const GpioContext& context, const GpioOutputConfig& config, bool active)
        : ReportedLine(context, config.name, true),
          settings_(config),
          wanted_(config.role == OutputRole::kFree && active) {}

    /// Whether this output can continue with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioOutputConfig& settings) const;
    /// The line stays taken; a free output stays ON or OFF as it is, one that shows the status shows whether the agent
    /// is `online`.
    void apply(const GpioOutputConfig& settings, bool online);
    /// What a free output is to be, whether or not its line works now.
    [[nodiscard]] bool wanted() const { return wanted_; }

    /// Opens the line if it is not open; if it is, makes sure that it still is.
    void check();
    /// A new connection, or its end: a status output shows it, the state of a free one is published again.
    void setOnline(bool online);

    /// Of a free output: the state that the line has then. Errors: kInvalid (not free), kFault (it reads back
    /// otherwise), kUnavailable (the line does not work now).
    Result<bool> command(OutputCommand command);

    /// A status output is off for kBlink, then on for at least as long, so that a fast series of readings shows as
    /// blinking, not as darkness. Blinking is not published.
    void blink();
    static constexpr milliseconds kBlink{100};

  private:
    [[nodiscard]] bool isStatus() const { return settings_.role == OutputRole::kStatus; }
    void open();
    void lose(const Error& error);
    bool drive(bool active);

    GpioOutputConfig settings_;
    bool wanted_;  ///< of a status output: whether the agent is online
    std::unique_ptr<GpioOutputLine> line_;
    Timer blink_;
    bool isBlinking_ = false;
};

}  // namespace edge
