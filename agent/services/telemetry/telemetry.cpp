// SPDX-License-Identifier: MIT
#include "services/telemetry/telemetry.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/system/log.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "telemetry";

Json describe(const SensorChannel& channel, milliseconds interval) {
    const SensorState& state = channel.state();
    Json json{{"name", state.name},
              {"interval", formatDuration(channel.intervalFor(interval))},
              {"status", toString(state.kind)}};
    if (state.kind == SensorState::Kind::kOffline) json["error"] = state.problem;
    if (state.kind == SensorState::Kind::kUnknown) json["error"] = "it has not answered yet";
    return json;
}

}  // namespace

Telemetry::Telemetry(const ServiceContext& context, SensorFactory makeSensor, std::string boot)
    : Service(context),
      context_(context),
      makeSensor_(std::move(makeSensor)),
      boot_(std::move(boot)),
      delivery_(context) {
    for (const SensorConfig& sensor : config_.sensors) channels_.push_back(makeChannel(sensor));
}

std::unique_ptr<SensorChannel> Telemetry::makeChannel(const SensorConfig& sensor) {
    return std::make_unique<SensorChannel>(context_, delivery_, makeSensor_(sensor), boot_, seqs_[sensor.name],
                                           [this] { checkReports(); });
}

// ---- the state

Telemetry::State Telemetry::parseState(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return {};
    return {json.value("publishing", false), parseDuration(json.value("interval", ""))};
}

std::string Telemetry::formatState(const State& state) {
    Json json{{"publishing", state.isPublishing}};
    if (state.interval) json["interval"] = formatDuration(*state.interval);
    return json.dump();
}

std::string Telemetry::describeState() const {
    return state_.isPublishing ? "publishing readings every " + formatDuration(interval()) : "readings stopped";
}

void Telemetry::resume(const JournalSnapshot& snapshot) {
    state_ = parseState(savedState(snapshot, kStateKey));
    if (config_.telemetry.onBoot != OnBoot::kResume) state_.isPublishing = config_.telemetry.onBoot == OnBoot::kStart;
    if (state_.isPublishing) log::info("{}", describeState());
    for (const auto& channel : channels_) channel->publishEvery(publishingInterval());
    publishSwitch();
}

void Telemetry::change(const State& wanted) {
    if (wanted != state_) {
        state_ = wanted;
        journal_.saveState(kStateKey, formatState(state_), {});
        log::info("{}", describeState());
    }
    for (const auto& channel : channels_) channel->publishEvery(publishingInterval());
    publishSwitch();
    changed_();
}

void Telemetry::onReload(const Config& before) {
    const bool isInterval = interval() != state_.interval.value_or(before.telemetry.interval);
    const bool isSensors = config_.sensors != before.sensors;
    if (!isInterval && !isSensors) return;
    if (isInterval && state_.isPublishing) log::info("{}", describeState());
    if (isSensors) finishReports();  // they count the channels
    auto old = std::exchange(channels_, {});
    for (const SensorConfig& sensor : config_.sensors) {
        const auto same = std::find_if(old.begin(), old.end(),
                                       [&](const auto& channel) { return channel && channel->canTake(sensor); });
        if (same != old.end()) {
            (*same)->apply(sensor, interval());
            channels_.push_back(std::move(*same));
        } else {
            channels_.push_back(makeChannel(sensor));
            channels_.back()->publishEvery(publishingInterval());
        }
    }
    changed_();
}

// ---- commands

void Telemetry::start(std::optional<milliseconds> interval, std::function<void(std::string report)> done) {
    const auto report = reports_.emplace(reports_.end());
    report->done = std::move(done);
    for (const auto& channel : channels_) report->marks.push_back(channel->reads());
    report->limit = loop_.after(kStartReportLimit, [this, report] { finishReport(report); });
    change({true, interval});
    if (channels_.empty()) loop_.post(scope_.wrap([this] { checkReports(); }));
}

void Telemetry::stop(Task done) {
    change({false, state_.interval});
    finishReports();
    delivery_.whenIdle(std::move(done));
}

void Telemetry::shutDown(Task done) {
    for (const auto& channel : channels_) channel->shutDown();
    finishReports();
    delivery_.whenIdle(std::move(done));
}

void Telemetry::checkReports() {
    for (auto next = reports_.begin(); next != reports_.end();) {
        const auto report = next++;
        const bool isComplete = std::equal(channels_.begin(), channels_.end(), report->marks.begin(),
                                           [](const auto& channel, auto mark) { return channel->reads() > mark; });
        if (isComplete) finishReport(report);
    }
}

void Telemetry::finishReport(std::list<Report>::iterator report) {
    const auto done = std::move(report->done);
    reports_.erase(report);
    Json sensors = Json::array();
    for (const auto& channel : channels_) sensors.push_back(describe(*channel, interval()));
    const Json json{{"interval", formatDuration(interval())}, {"sensors", sensors}};
    done(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Telemetry::finishReports() {
    while (!reports_.empty()) finishReport(reports_.begin());
}

std::optional<milliseconds> Telemetry::publishingInterval() const {
    if (!isPublishing()) return std::nullopt;
    return interval();
}

std::vector<SensorState> Telemetry::sensors() const {
    std::vector<SensorState> states;
    for (const auto& channel : channels_) states.push_back(channel->state());
    return states;
}

// ---- publishing

void Telemetry::publishSwitch() {
    publishState("publishing", state_.isPublishing ? "ON" : "OFF");
}

void Telemetry::onConnected() {
    for (const auto& channel : channels_) channel->publishStatus();
    delivery_.onConnected();
}

void Telemetry::republish() {
    publishSwitch();
    for (const auto& channel : channels_) {
        channel->publishStatus();
        channel->republishReading();
    }
}

void Telemetry::repeatReadings() {
    for (const auto& channel : channels_) channel->repeatReading();
}

}  // namespace edge
