// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service_input.hpp"

#include <algorithm>
#include <utility>

namespace edge {

GpioInput::GpioInput(Loop& loop, GpioPort& port, GpioInputConfig config, GpioReport report, CommandRunner runCommand)
    : loop_(loop),
      port_(port),
      config_(std::move(config)),
      report_(std::move(report)),
      runCommand_(std::move(runCommand)),
      debounce_(config_.debounce, false) {}

bool GpioInput::canTake(const GpioInputConfig& config) const {
    return config.chip == config_.chip && config.line == config_.line && config.bias == config_.bias &&
           config.activeLow == config_.activeLow;
}

void GpioInput::apply(const GpioInputConfig& config, std::string topic) {
    const bool isOtherDebounce = config.debounce != config_.debounce;
    config_ = config;
    report_.rename(config.name, std::move(topic));
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
    auto opened = port_.openInput(config_);
    if (!opened) return report_.fail(opened.error());
    line_ = std::move(*opened);
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());

    debounce_ = Debounce(config_.debounce, *active);
    watch_ = loop_.watch(line_->fd(), FdEvent::kReadable, [this] { readEdges(); });
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
    const SteadyTime now = loop_.clock().now();
    for (const GpioEdge& edge : *edges) {
        // Old kernels stamp edges with the wall clock: such a time must not hold the input up for fifty years.
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
    // An edge may wait by then that the loop has not seen yet: it decides, not the clock.
    if (const auto deadline = debounce_.deadline()) timer_ = loop_.at(*deadline, [this] { readEdges(); });
}

void GpioInput::accept() {
    report_.show(debounce_.settled());
    if (debounce_.settled() && !config_.action.empty()) runCommand_(config_.action, "gpio:" + config_.name);
}

}  // namespace edge
