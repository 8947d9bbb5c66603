// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_lines.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"

namespace edge {

// ---- what others see

void GpioReport::show(bool active) {
    const bool hasRecovered = !health_.problem.empty();
    if (hasRecovered) log::info("gpio {} {}: works again", kind(), health_.name);
    health_.problem.clear();
    health_.active = active;
    publish(active);
    if (hasRecovered && context_.healthChanged) context_.healthChanged();
}

void GpioReport::fail(const Error& error) {
    if (health_.problem == error.message) return;
    log::warning("gpio {} {}: {}; retrying every 30 s", kind(), health_.name, error.message);
    health_.problem = error.message;
    health_.active.reset();
    if (context_.healthChanged) context_.healthChanged();
}

void GpioReport::rename(const std::string& name) {
    if (std::exchange(health_.name, name) != name) republish();
}

void GpioReport::republish() {
    if (health_.active) publish(*health_.active);
}

void GpioReport::publish(bool active) {
    latest_ = active;
    const std::string& base = context_.config.topics.base;
    if (base.empty() || context_.publisher.connection() == nullptr || inFlight_ >= kMaxInFlight) return;
    published_ = active;
    ++inFlight_;
    context_.publisher.publish({.topic = fmt::format("{}/gpio/{}", base, health_.name),
                                .payload = active ? "ON" : "OFF",
                                .retain = Retain::kYes},
                               Priority::kReply, scope_.wrap([this](Delivery) {
                                   --inFlight_;
                                   if (latest_ != published_) publish(latest_);
                               }));
}

// ---- inputs

bool GpioInput::canTake(const GpioInputConfig& config) const {
    return config.chip == config_.chip && config.line == config_.line && config.bias == config_.bias &&
           config.activeLow == config_.activeLow;
}

void GpioInput::apply(const GpioInputConfig& config) {
    const bool isOtherDebounce = config.debounce != config_.debounce;
    config_ = config;
    report_.rename(config.name);
    if (!isOtherDebounce) return;
    debounce_ = Debounce(config.debounce, debounce_.settled());
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
    auto opened = context_.port.openInput(config_);
    if (!opened) return report_.fail(opened.error());
    line_ = std::move(*opened);
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());

    debounce_ = Debounce(config_.debounce, *active);
    watch_ = context_.loop.watch(line_->fd(), FdEvent::kReadable, [this] { readEdges(); });
    report_.show(*active);
}

void GpioInput::lose(const Error& error) {
    timer_.cancel();
    watch_.reset();
    line_.reset();
    report_.fail(error);
}

void GpioInput::readEdges() {
    const auto edges = line_->readEdges();
    if (!edges) return lose(edges.error());
    const SteadyTime now = context_.loop.clock().now();
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
    const SteadyTime now = context_.loop.clock().now();
    // The kernel's queue is short: in a long burst it drops edges, and the last one may be among them.
    if (*active != debounce_.raw()) debounce_.missedEdge(*active, now);
    if (debounce_.settle(now)) accept();
    timer_.cancel();
    // By then an edge may wait that the loop has not seen yet: it decides, not the clock.
    if (const auto deadline = debounce_.deadline()) timer_ = context_.loop.at(*deadline, [this] { readEdges(); });
}

void GpioInput::accept() {
    report_.show(debounce_.settled());
    if (debounce_.settled() && !config_.action.empty()) context_.runCommand(config_.action, "gpio:" + config_.name);
}

// ---- outputs

bool GpioOutput::canTake(const GpioOutputConfig& config) const {
    return config.chip == config_.chip && config.line == config_.line && config.activeLow == config_.activeLow;
}

void GpioOutput::apply(const GpioOutputConfig& config, bool online) {
    const bool isOtherRole = config.role != config_.role;
    config_ = config;
    report_.rename(config.name);
    if (!isOtherRole) return;
    if (isStatus()) return setOnline(online);
    blink_.cancel();
    if (std::exchange(isBlinking_, false)) drive(wanted_);
}

void GpioOutput::check() {
    if (line_ == nullptr) return open();
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());
    if (!isStatus() && report_.health().active != *active) report_.show(*active);
}

void GpioOutput::open() {
    auto opened = context_.port.openOutput(config_, wanted_);
    if (!opened) return report_.fail(opened.error());
    line_ = std::move(*opened);
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());
    report_.show(*active);
}

void GpioOutput::lose(const Error& error) {
    line_.reset();
    report_.fail(error);
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
                                config_.name));
    }
    if (line_ == nullptr) open();  // a client asks for it: do not wait for the next retry
    const bool before = report_.health().active.value_or(wanted_);
    const bool after = command == OutputCommand::kToggle ? !before : command == OutputCommand::kOn;
    const auto unavailable = [&] {
        return fail(Errc::kUnavailable,
                    fmt::format("output \"{}\" is unavailable: {}", config_.name, report_.health().problem));
    };
    if (!drive(after)) return unavailable();
    wanted_ = after;
    const Result<bool> readBack = line_->isActive();
    if (!readBack) {
        lose(readBack.error());
        return unavailable();
    }
    report_.show(*readBack);
    if (*readBack != after) {
        return fail(Errc::kFault, fmt::format("output \"{}\" was set {} but reads {}: something else drives the line, "
                                              "or it is shorted",
                                              config_.name, after ? "ON" : "OFF", *readBack ? "ON" : "OFF"));
    }
    return *readBack;
}

void GpioOutput::connected() {
    if (isStatus()) {
        setOnline(true);
    } else {
        report_.republish();
    }
}

void GpioOutput::disconnected() {
    if (isStatus()) setOnline(false);
}

void GpioOutput::setOnline(bool online) {
    blink_.cancel();
    isBlinking_ = false;
    wanted_ = online;
    if (drive(online)) report_.show(online);
}

void GpioOutput::blink() {
    if (!isStatus() || !wanted_ || isBlinking_) return;
    isBlinking_ = true;
    drive(false);
    blink_ = context_.loop.after(kBlink, [this] {
        drive(true);
        blink_ = context_.loop.after(kBlink, [this] { isBlinking_ = false; });
    });
}

}  // namespace edge
