// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"

namespace edge {

// ---- what others see

void ReportedLine::show(bool active) {
    const bool hasRecovered = !health_.problem.empty();
    if (hasRecovered) log::info("gpio {} {}: works again", kind(), health_.name);
    health_.problem.clear();
    health_.active = active;
    publish(active);
    if (hasRecovered) changed_();
}

void ReportedLine::showProblem(const Error& error) {
    if (health_.problem == error.message) return;
    log::warning("gpio {} {}: {}; retrying every 30 s", kind(), health_.name, error.message);
    health_.problem = error.message;
    health_.active.reset();
    changed_();
}

void ReportedLine::rename(const std::string& name) {
    if (std::exchange(health_.name, name) != name) republish();
}

void ReportedLine::republish() {
    if (health_.active) publish(*health_.active);
}

void ReportedLine::publish(bool active) {
    latest_ = active;
    if (config_.topics.base.empty() || publisher_.connection() == nullptr || inFlight_ >= kMaxInFlight) return;
    published_ = active;
    ++inFlight_;
    publishState("gpio/" + health_.name, active ? "ON" : "OFF", scope_.wrap([this](Delivery) {
        --inFlight_;
        if (latest_ != published_) publish(latest_);
    }));
}

// ---- inputs

bool GpioInput::canTake(const GpioInputConfig& settings) const {
    return settings.chip == settings_.chip && settings.line == settings_.line && settings.bias == settings_.bias &&
           settings.activeLow == settings_.activeLow;
}

void GpioInput::apply(const GpioInputConfig& settings) {
    const bool isOtherDebounce = settings.debounce != settings_.debounce;
    settings_ = settings;
    rename(settings.name);
    if (!isOtherDebounce) return;
    debounce_ = Debounce(settings.debounce, debounce_.settled());
    if (line_) settle();
}

void GpioInput::check() {
    if (line_ == nullptr) {
        open();
    } else {
        readEdges();
    }
}

void GpioInput::open() {
    auto opened = context_.port.openInput(settings_);
    if (!opened) return showProblem(opened.error());
    line_ = std::move(*opened);
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());

    debounce_ = Debounce(settings_.debounce, *active);
    watch_ = loop_.watch(line_->fd(), [this] { readEdges(); });
    show(*active);
}

void GpioInput::lose(const Error& error) {
    timer_.cancel();
    watch_.reset();
    line_.reset();
    showProblem(error);
}

void GpioInput::readEdges() {
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

void GpioInput::settle() {
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

void GpioInput::accept() {
    show(debounce_.settled());
    if (debounce_.settled() && !settings_.action.empty())
        context_.runCommand(settings_.action, "gpio:" + settings_.name);
}

// ---- outputs

bool GpioOutput::canTake(const GpioOutputConfig& settings) const {
    return settings.chip == settings_.chip && settings.line == settings_.line &&
           settings.activeLow == settings_.activeLow;
}

void GpioOutput::apply(const GpioOutputConfig& settings, bool online) {
    const bool isOtherRole = settings.role != settings_.role;
    settings_ = settings;
    rename(settings.name);
    if (!isOtherRole) return;
    if (isStatus()) return setOnline(online);
    blink_.cancel();
    if (std::exchange(isBlinking_, false)) drive(wanted_);
}

void GpioOutput::check() {
    if (line_ == nullptr) return open();
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());
    if (!isStatus() && health().active != *active) show(*active);
}

void GpioOutput::open() {
    auto opened = context_.port.openOutput(settings_, wanted_);
    if (!opened) return showProblem(opened.error());
    line_ = std::move(*opened);
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());
    show(*active);
}

void GpioOutput::lose(const Error& error) {
    line_.reset();
    showProblem(error);
}

bool GpioOutput::drive(bool active) {
    if (line_ == nullptr) return false;
    const auto set = line_->set(active);
    if (!set) lose(set.error());
    return set.has_value();
}

Result<bool> GpioOutput::command(OutputCommand command) {
    if (isStatus()) {
        return fail(Errc::kInvalid,
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
        return fail(Errc::kFault, fmt::format("output \"{}\" was set {} but reads {}: something else drives the line, "
                                              "or it is shorted",
                                              settings_.name, after ? "ON" : "OFF", *readBack ? "ON" : "OFF"));
    }
    return *readBack;
}

void GpioOutput::setOnline(bool online) {
    if (!isStatus()) {
        if (online) republish();
        return;
    }
    blink_.cancel();
    isBlinking_ = false;
    wanted_ = online;
    if (drive(online)) show(online);
}

void GpioOutput::blink() {
    if (!isStatus() || !wanted_ || isBlinking_) return;
    isBlinking_ = true;
    drive(false);
    blink_ = loop_.after(kBlink, [this] {
        drive(true);
        blink_ = loop_.after(kBlink, [this] { isBlinking_ = false; });
    });
}

}  // namespace edge
