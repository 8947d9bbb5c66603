// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service_output.hpp"

#include <utility>

#include <fmt/format.h>

namespace edge {

GpioOutput::GpioOutput(Loop& loop, GpioPort& port, GpioOutputConfig config, GpioReport report, bool active)
    : loop_(loop),
      port_(port),
      config_(std::move(config)),
      report_(std::move(report)),
      wanted_(config_.role == OutputRole::kFree && active) {}

bool GpioOutput::canTake(const GpioOutputConfig& config) const {
    return config.chip == config_.chip && config.line == config_.line && config.activeLow == config_.activeLow;
}

void GpioOutput::apply(const GpioOutputConfig& config, std::string topic, bool online) {
    const bool isOtherRole = config.role != config_.role;
    config_ = config;
    report_.rename(config.name, std::move(topic));
    if (!isOtherRole) return;
    if (config.role == OutputRole::kStatus) return setOnline(online);
    blink_.cancel();
    if (std::exchange(blinking_, false)) drive(wanted_);
}

void GpioOutput::check() {
    if (line_ == nullptr) return open();
    const Result<bool> active = line_->isActive();
    if (!active) return lose(active.error());
    if (config_.role == OutputRole::kFree && report_.health().active != *active) report_.show(*active);
}

void GpioOutput::open() {
    auto opened = port_.openOutput(config_, wanted_);
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

Result<bool> GpioOutput::command(OutputCommand command) {
    if (config_.role != OutputRole::kFree) {
        return fail(Errc::kInvalid,
                    fmt::format("the output \"{}\" shows the agent's own status: only outputs with role = "
                                "\"\" can be set",
                                config_.name));
    }
    if (line_ == nullptr) open();  // somebody asks for it now: do not let them wait for the next try
    const bool before = report_.health().active.value_or(wanted_);
    const bool after = command == OutputCommand::kToggle ? !before : command == OutputCommand::kOn;
    const auto unavailable = [&] {
        return fail(Errc::kUnavailable,
                    fmt::format("the output \"{}\" is unavailable: {}", config_.name, report_.health().problem));
    };
    if (line_ == nullptr) return unavailable();

    if (const auto set = line_->set(after); !set) {
        lose(set.error());
        return unavailable();
    }
    wanted_ = after;
    const Result<bool> readBack = line_->isActive();
    if (!readBack) {
        lose(readBack.error());
        return unavailable();
    }
    report_.show(*readBack);
    if (*readBack != after) {
        return fail(Errc::kFault,
                    fmt::format("the output \"{}\" was set {} but reads {}: something else drives the line, or "
                                "it is shorted",
                                config_.name, after ? "ON" : "OFF", *readBack ? "ON" : "OFF"));
    }
    return *readBack;
}

void GpioOutput::connected() {
    if (config_.role == OutputRole::kStatus) {
        setOnline(true);
    } else {
        report_.republish();
    }
}

void GpioOutput::disconnected() {
    if (config_.role == OutputRole::kStatus) setOnline(false);
}

void GpioOutput::setOnline(bool online) {
    blink_.cancel();
    blinking_ = false;
    wanted_ = online;
    if (drive(online)) report_.show(online);
}

void GpioOutput::blink() {
    if (config_.role != OutputRole::kStatus || !wanted_ || blinking_) return;
    blinking_ = true;
    drive(false);
    blink_ = loop_.after(kBlink, [this] {
        drive(true);
        blink_ = loop_.after(kBlink, [this] { blinking_ = false; });
    });
}

bool GpioOutput::drive(bool active) {
    if (line_ == nullptr) return false;
    const auto set = line_->set(active);
    if (!set) lose(set.error());
    return set.has_value();
}

}  // namespace edge
