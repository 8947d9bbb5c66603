// SPDX-License-Identifier: MIT
#include "services/gpio_service_input.hpp"

#include <algorithm>
#include <utility>

namespace edge {

GpioInput::GpioInput(Loop& loop, GpioPort& port, GpioInputConfig config, GpioReport report,
                     std::function<void()> activated)
    : loop_(loop),
      port_(port),
      config_(std::move(config)),
      report_(std::move(report)),
      activated_(std::move(activated)),
      debounce_(config_.debounce, false) {}

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
    if (debounce_.settled() && activated_) activated_();
}

}  // namespace edge
