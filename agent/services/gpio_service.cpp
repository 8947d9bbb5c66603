// SPDX-License-Identifier: MIT
#include "services/gpio_service.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace edge {

GpioService::GpioService(Loop& loop, GpioPort& port, Publisher& publisher, const Config& config, Handlers handlers)
    : loop_(loop) {
    const auto report = [&](const std::string& name, GpioDirection direction) {
        const std::string topic = config.topics.base.empty() ? "" : fmt::format("{}/gpio/{}", config.topics.base, name);
        return GpioReport(publisher, name, direction, topic, handlers.healthChanged);
    };
    for (const GpioInputConfig& input : config.gpio.inputs) {
        std::function<void()> activated;
        if (!input.action.empty()) {
            activated = [run = handlers.runCommand, word = input.action, source = "gpio:" + input.name] {
                run(word, source);
            };
        }
        inputs_.push_back(std::make_unique<GpioInput>(loop, port, input, report(input.name, GpioDirection::kInput),
                                                      std::move(activated)));
    }
    for (const GpioOutputConfig& output : config.gpio.outputs) {
        outputs_.push_back(
            std::make_unique<GpioOutput>(loop, port, output, report(output.name, GpioDirection::kOutput)));
    }
}

GpioService::~GpioService() = default;

void GpioService::start() {
    if (!inputs_.empty() || !outputs_.empty()) checkAll();
}

void GpioService::checkAll() {
    for (const auto& input : inputs_) input->check();
    for (const auto& output : outputs_) output->check();
    retry_ = loop_.after(kRetry, [this] { checkAll(); });
}

void GpioService::onConnected() {
    for (const auto& input : inputs_) input->republish();
    for (const auto& output : outputs_) output->connected();
}

void GpioService::onDisconnected() {
    for (const auto& output : outputs_) output->disconnected();
}

void GpioService::blink() {
    for (const auto& output : outputs_) output->blink();
}

Result<bool> GpioService::setOutput(const std::string& name, OutputCommand command) {
    const auto hasName = [&](const auto& line) { return line->health().name == name; };
    const auto output = std::find_if(outputs_.begin(), outputs_.end(), hasName);
    if (output != outputs_.end()) return (*output)->command(command);

    if (std::any_of(inputs_.begin(), inputs_.end(), hasName)) {
        return fail(Errc::kInvalid, fmt::format("\"{}\" is a GPIO input: only outputs can be set", name));
    }
    return fail(Errc::kInvalid,
                fmt::format("there is no GPIO output \"{}\": add a [[gpio.output]] block with that name to "
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
