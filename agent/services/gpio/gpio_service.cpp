// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/loop/scope.hpp"
#include "core/system/log.hpp"
#include "services/gpio/debounce.hpp"

namespace edge {

/// One configured line as others see it: its retained topic, one log line per change, its health.
class GpioService::Line : protected Service {
  public:
    [[nodiscard]] const GpioLineHealth& health() const { return health_; }
    /// After a new connection: the state again.
    void republish() {
        if (health_.active) publish(*health_.active);
    }

  protected:
    Line(const GpioContext& context, std::string name, bool isOutput)
        : Service(context.service), context_(context), health_{std::move(name), isOutput, std::nullopt, ""} {}
    ~Line() = default;

    /// The line works and is in this state; published.
    void show(bool active) {
        const bool hasRecovered = !health_.problem.empty();
        if (hasRecovered) log::info("gpio {} {}: works again", kind(), health_.name);
        health_.problem.clear();
        health_.active = active;
        publish(active);
        if (hasRecovered) changed_();
    }
    /// The line does not work, for this reason.
    void showProblem(const Error& error) {
        if (health_.problem == error.message) return;
        log::warning("gpio {} {}: {}; retrying every 30 s", kind(), health_.name, error.message);
        health_.problem = error.message;
        health_.active.reset();
        changed_();
    }
    /// Under another name, the state is published again.
    void rename(const std::string& name) {
        if (std::exchange(health_.name, name) != name) republish();
    }

    const GpioContext& context_;

  private:
    void publish(bool active) {
        latest_ = active;
        if (config_.topics.base.empty() || publisher_.connection() == nullptr || inFlight_ >= kMaxInFlight) return;
        published_ = active;
        ++inFlight_;
        publishState("gpio/" + health_.name, active ? "ON" : "OFF", scope_.wrap([this](Delivery) {
            --inFlight_;
            if (latest_ != published_) publish(latest_);
        }));
    }
    [[nodiscard]] const char* kind() const { return health_.isOutput ? "output" : "input"; }

    GpioLineHealth health_;
    bool latest_ = false;
    bool published_ = false;
    std::size_t inFlight_ = 0;
    Scope scope_;
};

/// One configured input: kept open, debounced, reported.
class GpioService::Input : public Line {
  public:
    /// The input's action is run once for each press: never for the state in which the line is found when it is opened.
    Input(const GpioContext& context, const GpioInputConfig& config)
        : Line(context, config.name, false), settings_(config), debounce_(config.debounce, false) {}

    /// Whether this input can continue with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioInputConfig& settings) const {
        return settings.chip == settings_.chip && settings.line == settings_.line && settings.bias == settings_.bias &&
               settings.activeLow == settings_.activeLow;
    }
    void apply(const GpioInputConfig& settings) {
        const bool isOtherDebounce = settings.debounce != settings_.debounce;
        settings_ = settings;
        rename(settings.name);
        if (!isOtherDebounce) return;
        debounce_ = Debounce(settings.debounce, debounce_.settled());
        if (line_) settle();
    }
    /// Opens the line if it is not open; if it is, makes sure that it still is (not every kernel says when a chip
    /// goes).
    void check() { line_ == nullptr ? open() : readEdges(); }

  private:
    void open() {
        auto opened = context_.port.openInput(settings_);
        if (!opened) return showProblem(opened.error());
        line_ = std::move(*opened);
        const Result<bool> active = line_->isActive();
        if (!active) return lose(active.error());
        debounce_ = Debounce(settings_.debounce, *active);
        watch_ = loop_.watch(line_->fd(), [this] { readEdges(); });
        show(*active);
    }
    void lose(const Error& error) {
        timer_.cancel();
        watch_.reset();
        line_.reset();
        showProblem(error);
    }
    void readEdges() {
        const auto edges = line_->readEdges();
        if (!edges) return lose(edges.error());
        const SteadyTime now = loop_.clock().now();
        for (const GpioEdge& edge : *edges) {
            // Old kernels stamp edges with the wall clock: such a time must not block the input for fifty years.
            const SteadyTime when{std::chrono::duration_cast<SteadyTime::duration>(edge.timestamp)};
            if (debounce_.edge(edge.active, std::min(when, now))) accept();
        }
        settle();
    }
    void settle() {
        const Result<bool> active = line_->isActive();
        if (!active) return lose(active.error());
        const SteadyTime now = loop_.clock().now();
        // The kernel's queue is short: in a long burst it drops edges, and the last one may be among them.
        if (*active != debounce_.raw()) debounce_.missedEdge(*active, now);
        if (debounce_.settle(now)) accept();
        timer_.cancel();
        // By then an edge may wait that the loop has not seen yet: it decides, not the clock.
        if (const auto deadline = debounce_.deadline()) timer_ = loop_.at(*deadline, [this] { readEdges(); });
    }
    void accept() {
        show(debounce_.settled());
        if (debounce_.settled() && !settings_.action.empty())
            context_.runCommand(settings_.action, "gpio:" + settings_.name);
    }

    GpioInputConfig settings_;
    Debounce debounce_;
    std::unique_ptr<GpioInputLine> line_;
    std::unique_ptr<FdWatch> watch_;  // after line_: the descriptor must outlive the watch
    Timer timer_;
};

/// One configured output: kept open, set, reported. A line that was away gets its state back when it returns. The
/// kernel decides what becomes of it when the program ends.
class GpioService::Output : public Line {
  public:
    /// `active` is what a free output is set to when its line is opened.
    Output(const GpioContext& context, const GpioOutputConfig& config, bool active)
        : Line(context, config.name, true), settings_(config), wanted_(config.role == OutputRole::kFree && active) {}

    /// Whether this output can continue with these settings: the same line, requested in the same way.
    [[nodiscard]] bool canTake(const GpioOutputConfig& settings) const {
        return settings.chip == settings_.chip && settings.line == settings_.line &&
               settings.activeLow == settings_.activeLow;
    }
    /// The line stays taken; a free output stays ON or OFF as it is, one that shows the status shows whether the agent
    /// is `online`.
    void apply(const GpioOutputConfig& settings, bool online) {
        const bool isOtherRole = settings.role != settings_.role;
        settings_ = settings;
        rename(settings.name);
        if (!isOtherRole) return;
        if (isStatus()) return setOnline(online);
        blink_.cancel();
        if (std::exchange(isBlinking_, false)) drive(wanted_);
    }
    /// What a free output is to be, whether or not its line works now.
    [[nodiscard]] bool wanted() const { return wanted_; }

    /// Opens the line if it is not open; if it is, makes sure that it still is.
    void check() {
        if (line_ == nullptr) return open();
        const Result<bool> active = line_->isActive();
        if (!active) return lose(active.error());
        if (!isStatus() && health().active != *active) show(*active);
    }
    /// A new connection, or its end: a status output shows it, the state of a free one is published again.
    void setOnline(bool online) {
        if (!isStatus()) {
            if (online) republish();
            return;
        }
        blink_.cancel();
        isBlinking_ = false;
        wanted_ = online;
        if (drive(online)) show(online);
    }

    /// As GpioService::setOutput().
    Result<bool> command(OutputCommand command) {
        if (isStatus()) {
            return fail(
                Errc::kInvalid,
                fmt::format("output \"{}\" shows the agent's own status; only outputs with role = \"\" can be set",
                            settings_.name));
        }
        if (line_ == nullptr) open();  // a client asks for it: do not wait for the next retry
        const bool before = health().active.value_or(wanted_);
        const bool after = command == OutputCommand::kToggle ? !before : command == OutputCommand::kOn;
        const auto unavailable = [&] {
            return fail(Errc::kUnavailable,
                        fmt::format("output \"{}\" is unavailable: {}", settings_.name, health().problem));
        };
        if (!drive(after)) return unavailable();
        wanted_ = after;
        const Result<bool> readBack = line_->isActive();
        if (!readBack) {
            lose(readBack.error());
            return unavailable();
        }
        show(*readBack);
        if (*readBack != after) {
            return fail(Errc::kFault, fmt::format("output \"{}\" was set {} but reads {}: something else drives the "
                                                  "line, or it is shorted",
                                                  settings_.name, after ? "ON" : "OFF", *readBack ? "ON" : "OFF"));
        }
        return *readBack;
    }

    /// A status output is off for kBlink, then on for at least as long, so that a fast series of readings shows as
    /// blinking, not as darkness. Blinking is not published.
    void blink() {
        if (!isStatus() || !wanted_ || isBlinking_) return;
        isBlinking_ = true;
        drive(false);
        blink_ = loop_.after(kBlink, [this] {
            drive(true);
            blink_ = loop_.after(kBlink, [this] { isBlinking_ = false; });
        });
    }

  private:
    static constexpr milliseconds kBlink{100};

    [[nodiscard]] bool isStatus() const { return settings_.role == OutputRole::kStatus; }
    void open() {
        auto opened = context_.port.openOutput(settings_, wanted_);
        if (!opened) return showProblem(opened.error());
        line_ = std::move(*opened);
        const Result<bool> active = line_->isActive();
        if (!active) return lose(active.error());
        show(*active);
    }
    void lose(const Error& error) {
        line_.reset();
        showProblem(error);
    }
    bool drive(bool active) {
        if (line_ == nullptr) return false;
        const auto set = line_->set(active);
        if (!set) lose(set.error());
        return set.has_value();
    }

    GpioOutputConfig settings_;
    bool wanted_;  ///< of a status output: whether the agent is online
    std::unique_ptr<GpioOutputLine> line_;
    Timer blink_;
    bool isBlinking_ = false;
};

namespace {

/// The line that can continue with `settings`, taken out of `lines`; nullptr if there is none.
template <typename Line, typename Settings>
std::unique_ptr<Line> take(std::vector<std::unique_ptr<Line>>& lines, const Settings& settings) {
    const auto found =
        std::find_if(lines.begin(), lines.end(), [&](const auto& line) { return line && line->canTake(settings); });
    return found == lines.end() ? nullptr : std::move(*found);
}

}  // namespace

GpioService::GpioService(const GpioContext& context) : Service(context.service), context_(context) {
    makeLines({});
}

GpioService::~GpioService() = default;

/// What the configuration says: with the lines that can continue, and new ones that are not opened yet.
void GpioService::makeLines(const std::map<std::string, bool>& states) {
    auto oldInputs = std::exchange(inputs_, {});
    auto oldOutputs = std::exchange(outputs_, {});
    for (const GpioInputConfig& settings : config_.gpio.inputs) {
        auto& input = inputs_.emplace_back(take(oldInputs, settings));
        if (input) input->apply(settings);
        if (!input) input = std::make_unique<Input>(context_, settings);
    }
    for (const GpioOutputConfig& settings : config_.gpio.outputs) {
        auto& output = outputs_.emplace_back(take(oldOutputs, settings));
        if (output) {
            output->apply(settings, isOnline_);
            continue;
        }
        const auto known = states.find(settings.name);
        const bool active = known == states.end() ? settings.initial : known->second;
        output = std::make_unique<Output>(context_, settings, active);
        if (isOnline_) output->setOnline(true);
    }
}

void GpioService::onReload(const Config& before) {
    if (config_.gpio == before.gpio) return;
    std::map<std::string, bool> states;
    for (const auto& output : outputs_) states[output->health().name] = output->wanted();
    makeLines(states);
    retry_.cancel();
    start();
    changed_();
}

void GpioService::start() {
    if (!inputs_.empty() || !outputs_.empty()) checkAll();
}

void GpioService::checkAll() {
    for (const auto& input : inputs_) input->check();
    for (const auto& output : outputs_) output->check();
    retry_ = loop_.after(kRetry, [this] { checkAll(); });
}

void GpioService::onConnected() {
    isOnline_ = true;
    for (const auto& input : inputs_) input->republish();
    for (const auto& output : outputs_) output->setOnline(true);
}

void GpioService::onDisconnected() {
    isOnline_ = false;
    for (const auto& output : outputs_) output->setOnline(false);
}

void GpioService::blink() {
    for (const auto& output : outputs_) output->blink();
}

Result<bool> GpioService::setOutput(const std::string& name, OutputCommand command) {
    const auto hasName = [&](const auto& line) { return line->health().name == name; };
    const auto output = std::find_if(outputs_.begin(), outputs_.end(), hasName);
    if (output != outputs_.end()) return (*output)->command(command);

    if (std::any_of(inputs_.begin(), inputs_.end(), hasName)) {
        return fail(Errc::kInvalid, fmt::format("\"{}\" is a GPIO input; only outputs can be set", name));
    }
    return fail(Errc::kInvalid, fmt::format("unknown GPIO output \"{}\"; add a [[gpio.output]] block with that name to "
                                            "the configuration",
                                            name));
}

std::vector<GpioLineHealth> GpioService::health() const {
    std::vector<GpioLineHealth> lines;
    for (const auto& input : inputs_) lines.push_back(input->health());
    for (const auto& output : outputs_) lines.push_back(output->health());
    return lines;
}

}  // namespace edge
