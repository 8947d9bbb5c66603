// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace edge {

GpioService::GpioService(Loop& loop, GpioPort& port, Publisher& publisher, const Config& config, Handlers handlers)
    : loop_(loop), port_(port), publisher_(publisher), config_(config), handlers_(std::move(handlers)) {
    for (const GpioInputConfig& input : config.gpio.inputs) inputs_.push_back(makeInput(input));
    for (const GpioOutputConfig& output : config.gpio.outputs) outputs_.push_back(makeOutput(output, output.initial));
}

std::string GpioService::topicOf(const std::string& name) const {
    return config_.topics.base.empty() ? "" : fmt::format("{}/gpio/{}", config_.topics.base, name);
}

std::unique_ptr<GpioInput> GpioService::makeInput(const GpioInputConfig& input) {
    return std::make_unique<GpioInput>(
        loop_, port_, input,
        GpioReport(publisher_, input.name, GpioDirection::kInput, topicOf(input.name), handlers_.healthChanged),
        handlers_.runCommand);
}

std::unique_ptr<GpioOutput> GpioService::makeOutput(const GpioOutputConfig& output, bool active) {
    return std::make_unique<GpioOutput>(
        loop_, port_, output,
        GpioReport(publisher_, output.name, GpioDirection::kOutput, topicOf(output.name), handlers_.healthChanged),
        active);
}

void GpioService::onReload(const Config& before) {
    if (config_.gpio == before.gpio && config_.topics.base == before.topics.base) return;
    std::map<std::string, bool> states;
    for (const auto& output : outputs_) states[output->health().name] = output->wanted();
    auto oldInputs = std::exchange(inputs_, {});
    auto oldOutputs = std::exchange(outputs_, {});
    const auto take = [](auto& old, const auto& settings) {
        const auto found =
            std::find_if(old.begin(), old.end(), [&](const auto& line) { return line && line->canTake(settings); });
        return found == old.end() ? nullptr : std::move(*found);
    };
    for (const GpioInputConfig& input : config_.gpio.inputs) inputs_.push_back(take(oldInputs, input));
    for (const GpioOutputConfig& output : config_.gpio.outputs) outputs_.push_back(take(oldOutputs, output));
    // What is given back may be asked for again, with other settings.
    oldInputs.clear();
    oldOutputs.clear();
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        const GpioInputConfig& input = config_.gpio.inputs[i];
        if (inputs_[i]) {
            inputs_[i]->apply(input, topicOf(input.name));
        } else {
            inputs_[i] = makeInput(input);
        }
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        const GpioOutputConfig& output = config_.gpio.outputs[i];
        if (outputs_[i]) {
            outputs_[i]->apply(output, topicOf(output.name), isOnline_);
        } else {
            const auto known = states.find(output.name);
            outputs_[i] = makeOutput(output, known == states.end() ? output.initial : known->second);
            if (isOnline_) outputs_[i]->connected();
        }
    }
    retry_.cancel();
    start();
    if (handlers_.healthChanged) handlers_.healthChanged();
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
    isOnline_ = true;
    for (const auto& input : inputs_) input->republish();
    for (const auto& output : outputs_) output->connected();
}

void GpioService::onDisconnected() {
    isOnline_ = false;
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
