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
    Json json{{"name", state.name}, {"interval", formatDuration(channel.intervalFor(interval))}};
    switch (state.kind) {
        case SensorState::Kind::kOnline:
            json["status"] = "online";
            break;
        case SensorState::Kind::kOffline:
            json["status"] = "offline";
            json["error"] = state.problem;
            break;
        case SensorState::Kind::kUnknown:
            json["status"] = "unknown";
            json["error"] = "it has not answered yet";
            break;
    }
    return json;
}

}  // namespace

Telemetry::Telemetry(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, SensorFactory makeSensor,
                     const std::string& boot)
    : loop_(loop),
      publisher_(publisher),
      journal_(journal),
      config_(config),
      makeSensor_(std::move(makeSensor)),
      boot_(boot),
      delivery_(loop, publisher, journal, config) {
    for (const SensorConfig& sensor : config.sensors) channels_.push_back(makeChannel(sensor));
}

std::unique_ptr<SensorChannel> Telemetry::makeChannel(const SensorConfig& sensor) {
    return std::make_unique<SensorChannel>(
        loop_, journal_, delivery_, makeSensor_(sensor), boot_, seqs_[sensor.name], [this] { changed(); },
        [this] { checkReports(); });
}

void Telemetry::changed() const {
    if (changeHandler_) changeHandler_();
}

// ---- the state

Telemetry::State Telemetry::parseState(const std::string& text) {
    State state;
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return state;
    if (const auto value = json.find("publishing"); value != json.end() && value->is_boolean())
        state.isPublishing = value->get<bool>();
    if (const auto value = json.find("interval"); value != json.end() && value->is_string())
        state.interval = parseDuration(value->get<std::string>());
    return state;
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
    if (const auto saved = snapshot.state.find(kStateKey); saved != snapshot.state.end())
        state_ = parseState(saved->second);
    if (config_.telemetry.onBoot != OnBoot::kResume) state_.isPublishing = config_.telemetry.onBoot == OnBoot::kStart;
    if (state_.isPublishing) log::info("{}", describeState());
    for (const auto& channel : channels_) apply(*channel);
    publishState();
}

void Telemetry::change(const State& wanted) {
    if (wanted != state_) {
        state_ = wanted;
        journal_.saveState(kStateKey, formatState(state_), {});
        log::info("{}", describeState());
    }
    for (const auto& channel : channels_) apply(*channel);
    publishState();
    changed();
}

void Telemetry::apply(SensorChannel& channel) const {
    if (state_.isPublishing) {
        channel.startPublishing(interval());
    } else {
        channel.stopPublishing();
    }
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
            apply(*channels_.back());
        }
    }
    changed();
}

// ---- commands

void Telemetry::start(std::optional<milliseconds> interval, std::function<void(std::string report)> done) {
    Report& report = reports_.emplace_back();
    report.done = std::move(done);
    for (const auto& channel : channels_) report.marks.push_back(channel->reads());
    report.limit = loop_.after(kStartReportLimit, [this, which = &report] { finishReport(which); });
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
    for (auto report = reports_.begin(); report != reports_.end();) {
        const Report* candidate = &*report++;
        if (isComplete(*candidate)) finishReport(candidate);
    }
}

bool Telemetry::isComplete(const Report& report) const {
    for (std::size_t i = 0; i < channels_.size(); ++i) {
        if (!channels_[i]->wasReadSince(report.marks[i])) return false;
    }
    return true;
}

void Telemetry::finishReport(const Report* which) {
    const auto found =
        std::find_if(reports_.begin(), reports_.end(), [which](const Report& report) { return &report == which; });
    if (found == reports_.end()) return;
    const auto done = std::move(found->done);
    reports_.erase(found);
    Json sensors = Json::array();
    for (const auto& channel : channels_) sensors.push_back(describe(*channel, interval()));
    const Json report{{"interval", formatDuration(interval())}, {"sensors", sensors}};
    done(report.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Telemetry::finishReports() {
    while (!reports_.empty()) finishReport(&reports_.front());
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

void Telemetry::publishState() {
    if (config_.topics.base.empty()) return;
    Publication publication;
    publication.topic = config_.topics.base + "/publishing";
    publication.payload = state_.isPublishing ? "ON" : "OFF";
    publication.retain = Retain::kYes;
    publisher_.publish(std::move(publication), Priority::kReply, {});
}

void Telemetry::onConnected() {
    for (const auto& channel : channels_) channel->publishStatus();
    delivery_.onConnected();
}

void Telemetry::republish() {
    publishState();
    for (const auto& channel : channels_) {
        channel->publishStatus();
        channel->republishReading();
    }
}

void Telemetry::repeatReadings() {
    for (const auto& channel : channels_) {
        if (channel->isSlow(interval()) && channel->isCurrent(interval())) channel->republishReading();
    }
}

}  // namespace edge
