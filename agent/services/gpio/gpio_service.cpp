// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace edge {
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

/// What the configuration says: with the lines that can continue, and new ones that are not opened yet.
void GpioService::makeLines(const std::map<std::string, bool>& states) {
    auto oldInputs = std::exchange(inputs_, {});
    auto oldOutputs = std::exchange(outputs_, {});
    for (const GpioInputConfig& settings : config_.gpio.inputs) {
        auto& input = inputs_.emplace_back(take(oldInputs, settings));
        if (input) input->apply(settings);
        if (!input) input = std::make_unique<GpioInput>(context_, settings);
    }
    for (const GpioOutputConfig& settings : config_.gpio.outputs) {
        auto& output = outputs_.emplace_back(take(oldOutputs, settings));
        if (output) {
            output->apply(settings, isOnline_);
            continue;
        }
        const auto known = states.find(settings.name);
        const bool active = known == states.end() ? settings.initial : known->second;
        output = std::make_unique<GpioOutput>(context_, settings, active);
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
