// SPDX-License-Identifier: MIT
#include "services/telemetry/telemetry.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/system/log.hpp"
#include "services/telemetry/backlog_sender.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kStateKey = "telemetry";

/// What a restart remembers.
struct SavedState {
    bool isPublishing = false;
    std::optional<milliseconds> interval;  ///< nullopt: the configured one
};

SavedState readState(const JournalSnapshot& snapshot) {
    const auto found = snapshot.state.find(kStateKey);
    if (found == snapshot.state.end()) return {};
    const Json json = Json::parse(found->second, nullptr, false);
    if (!json.is_object()) return {};
    SavedState state;
    if (const auto value = json.find("publishing"); value != json.end() && value->is_boolean()) {
        state.isPublishing = value->get<bool>();
    }
    if (const auto value = json.find("interval"); value != json.end() && value->is_string()) {
        state.interval = parseDuration(value->get<std::string>());
    }
    return state;
}

std::string formatState(const SavedState& state) {
    Json json{{"publishing", state.isPublishing}};
    if (state.interval) json["interval"] = formatDuration(*state.interval);
    return json.dump();
}

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

struct Telemetry::Impl {
    /// An answer to `start` that waits for the first readings.
    struct Report {
        std::function<void(std::string)> done;
        std::vector<std::uint64_t> marks;  ///< reads() of each channel when the command came
        Timer limit;
    };

    Impl(Loop& l, Publisher& p, Journal& j, const Config& c, SensorFactory factory, std::string run)
        : loop(l),
          publisher(p),
          journal(j),
          config(c),
          makeSensor(std::move(factory)),
          boot(std::move(run)),
          ledger(l, p, j, c),
          backlog(l, p, j, c) {
        for (const SensorConfig& sensor : config.sensors) channels.push_back(makeChannel(sensor));
        ledger.onJournaled([this] { backlog.wake(); });
    }

    std::unique_ptr<SensorChannel> makeChannel(const SensorConfig& sensor) {
        return std::make_unique<SensorChannel>(
            loop, publisher, journal, ledger, config, makeSensor(sensor), boot, seqs[sensor.name],
            [this] { changed(); }, [this] { checkReports(); });
    }

    void changed() {
        if (changeHandler) changeHandler();
    }

    [[nodiscard]] milliseconds interval() const { return state.interval.value_or(config.telemetry.interval); }

    void resume(const JournalSnapshot& snapshot) {
        state = readState(snapshot);
        if (config.telemetry.onBoot == OnBoot::kStop) state.isPublishing = false;
        if (config.telemetry.onBoot == OnBoot::kStart) state.isPublishing = true;
        if (state.isPublishing) log::info("publishing readings every {}", formatDuration(interval()));
        applyState();
    }

    void applyState() {
        for (const auto& channel : channels) applyState(*channel);
        publishState();
    }

    void applyState(SensorChannel& channel) const {
        if (state.isPublishing) {
            channel.startPublishing(interval());
        } else {
            channel.stopPublishing();
        }
    }

    void onReload(const Config& before) {
        const bool isInterval = interval() != state.interval.value_or(before.telemetry.interval);
        const bool isSensors = config.sensors != before.sensors;
        if (!isInterval && !isSensors) return;
        if (isInterval && state.isPublishing) log::info("publishing readings every {}", formatDuration(interval()));
        if (isSensors) finishReports();  // they count the channels
        auto old = std::exchange(channels, {});
        for (const SensorConfig& sensor : config.sensors) {
            const auto same = std::find_if(old.begin(), old.end(),
                                           [&](const auto& channel) { return channel && channel->canTake(sensor); });
            if (same != old.end()) {
                (*same)->apply(sensor, interval());
                channels.push_back(std::move(*same));
            } else {
                channels.push_back(makeChannel(sensor));
                applyState(*channels.back());
            }
        }
        changed();
    }

    void change(SavedState wanted) {
        if (wanted.isPublishing != state.isPublishing || wanted.interval != state.interval) {
            journal.saveState(kStateKey, formatState(wanted), {});
            log::info("{}", wanted.isPublishing
                                ? "publishing readings every " +
                                      formatDuration(wanted.interval.value_or(config.telemetry.interval))
                                : std::string("readings stopped"));
        }
        state = wanted;
        applyState();
        changed();
    }

    void publishState() {
        if (config.topics.base.empty()) return;
        Publication publication;
        publication.topic = config.topics.base + "/publishing";
        publication.payload = state.isPublishing ? "ON" : "OFF";
        publication.retain = Retain::kYes;
        publisher.publish(std::move(publication), Priority::kReply, {});
    }

    void start(std::optional<milliseconds> wanted, std::function<void(std::string)> done) {
        auto& report = reports.emplace_back();
        report.done = std::move(done);
        for (const auto& channel : channels) report.marks.push_back(channel->reads());
        report.limit = loop.after(kStartReportLimit, [this, which = &report] { finishReport(which); });
        change({true, wanted});
        // Nothing to wait for without sensors.
        if (channels.empty())
            loop.post([this, alive = std::weak_ptr<int>(lifetime)] {
                if (!alive.expired()) checkReports();
            });
    }

    void checkReports() {
        for (auto report = reports.begin(); report != reports.end();) {
            const Report* candidate = &*report++;
            if (isComplete(*candidate)) finishReport(candidate);
        }
    }

    [[nodiscard]] bool isComplete(const Report& report) const {
        for (std::size_t i = 0; i < channels.size(); ++i) {
            if (!channels[i]->wasReadSince(report.marks[i])) return false;
        }
        return true;
    }

    void finishReport(const Report* which) {
        const auto found =
            std::find_if(reports.begin(), reports.end(), [which](const Report& r) { return &r == which; });
        if (found == reports.end()) return;
        const auto done = std::move(found->done);
        reports.erase(found);
        Json sensors = Json::array();
        for (const auto& channel : channels) sensors.push_back(describe(*channel, interval()));
        const Json report{{"interval", formatDuration(interval())}, {"sensors", sensors}};
        done(report.dump(-1, ' ', false, Json::error_handler_t::replace));
    }

    void finishReports() {
        while (!reports.empty()) finishReport(&reports.front());
    }

    void stop(Task done) {
        change({false, state.interval});
        finishReports();
        ledger.whenIdle(std::move(done));
    }

    void shutDown(Task done) {
        for (const auto& channel : channels) channel->shutDown();
        finishReports();
        ledger.whenIdle(std::move(done));
    }

    Loop& loop;
    Publisher& publisher;
    Journal& journal;
    const Config& config;
    SensorFactory makeSensor;
    std::string boot;
    std::map<std::string, std::uint64_t> seqs;  ///< by name: a sensor that comes back must not count from 1 again
    ReadingLedger ledger;
    BacklogSender backlog;
    std::vector<std::unique_ptr<SensorChannel>> channels;
    SavedState state;
    std::list<Report> reports;
    Task changeHandler;
    std::shared_ptr<int> lifetime = std::make_shared<int>(0);
};

Telemetry::Telemetry(Loop& loop, Publisher& publisher, Journal& journal, const Config& config, SensorFactory makeSensor,
                     const std::string& boot)
    : impl_(std::make_unique<Impl>(loop, publisher, journal, config, std::move(makeSensor), boot)) {}
Telemetry::~Telemetry() = default;

void Telemetry::resume(const JournalSnapshot& snapshot) {
    impl_->resume(snapshot);
}
void Telemetry::onReload(const Config& before) {
    impl_->onReload(before);
}
void Telemetry::start(std::optional<milliseconds> interval, std::function<void(std::string report)> done) {
    impl_->start(interval, std::move(done));
}
void Telemetry::stop(Task done) {
    impl_->stop(std::move(done));
}
void Telemetry::shutDown(Task done) {
    impl_->shutDown(std::move(done));
}
bool Telemetry::isPublishing() const {
    return impl_->state.isPublishing;
}
std::optional<milliseconds> Telemetry::publishingInterval() const {
    if (!isPublishing()) return std::nullopt;
    return impl_->interval();
}

void Telemetry::publishState() {
    impl_->publishState();
}
void Telemetry::onConnected() {
    for (const auto& channel : impl_->channels) channel->publishStatus();
    impl_->backlog.onConnected();
}
void Telemetry::onDisconnected() {
    impl_->backlog.onDisconnected();
}
void Telemetry::republish() {
    impl_->publishState();
    for (const auto& channel : impl_->channels) {
        channel->publishStatus();
        channel->republishReading();
    }
}
void Telemetry::repeatReadings() {
    for (const auto& channel : impl_->channels) {
        if (channel->isSlow(impl_->interval()) && channel->isCurrent(impl_->interval())) channel->republishReading();
    }
}

void Telemetry::onPublished(Task handler) {
    impl_->ledger.onPublished(std::move(handler));
}
void Telemetry::onChange(Task handler) {
    impl_->changeHandler = std::move(handler);
}

std::vector<SensorState> Telemetry::sensors() const {
    std::vector<SensorState> states;
    for (const auto& channel : impl_->channels) states.push_back(channel->state());
    return states;
}
const ReadingCounters& Telemetry::counters() const {
    return impl_->ledger.counters();
}
std::uint64_t Telemetry::backlogDelivered() const {
    return impl_->backlog.delivered();
}

}  // namespace edge
