// SPDX-License-Identifier: MIT
#include "agent.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "camera/client/client.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"
#include "core/time/clock_watch.hpp"
#include "gpio/gpio.hpp"
#include "journal/journal.hpp"
#include "mqtt/paho/paho_client.hpp"
#include "mqtt/session/session.hpp"
#include "sensors/sensor.hpp"
#include "services/capture/capture_service.hpp"
#include "services/capture/live_view.hpp"
#include "services/capture/picture_archive.hpp"
#include "services/commands/command_service.hpp"
#include "services/commands/doctor_command.hpp"
#include "services/gpio/gpio_service.hpp"
#include "services/home_assistant/discovery.hpp"
#include "services/presence/board_monitor.hpp"
#include "services/presence/health.hpp"
#include "services/presence/presence.hpp"
#include "services/presence/retained_topics.hpp"
#include "services/schedule/schedule_service.hpp"
#include "services/settings/settings_service.hpp"
#include "services/telemetry/reading_history.hpp"
#include "services/telemetry/sensor_strands.hpp"
#include "services/telemetry/telemetry.hpp"

namespace edge {
namespace {

/// Three name servers that do not answer keep getaddrinfo busy for more than half a minute; that is not a stall.
constexpr seconds kNetworkStallLimit = std::chrono::minutes{10};

/// A worn SD card can take long to sync.
constexpr seconds kJournalStallLimit = std::chrono::minutes{5};

constexpr milliseconds kReadingsLimit{1000};  ///< for the acknowledgement of the last readings, on stop
constexpr milliseconds kGoodbyeLimit{1500};   ///< for the last replies and the offline status
constexpr std::size_t kRunIdDigits = 32;
constexpr std::size_t kImagePrefix = 8;

/// New at every start: with a sequence number it tells all readings apart, also those of two starts within one boot.
std::string makeRunId(const Identity& identity) {
    return sha256Hex(fmt::format("{}:{}", identity.bootId, bootTimeNow().count())).substr(0, kRunIdDigits);
}

SessionSettings sessionSettings(const LoadedConfig& loaded) {
    const Config& config = loaded.config;
    return {config.mqtt, config.device.id, loaded.password,
            config.topics.base.empty() ? Publication{} : Presence::lastWill(config), subscribedTopics(config)};
}

/// What the agent has to reconnect for; "" where it need not.
std::string connectionChange(const LoadedConfig& before, const LoadedConfig& now) {
    MqttConfig mqtt = before.config.mqtt;
    mqtt.qos = now.config.mqtt.qos;  // of each publication
    if (before.config.device.id != now.config.device.id) return "device.id";
    if (mqtt != now.config.mqtt) return "[mqtt]";
    if (before.password != now.password) return "the password";
    if (before.tlsDigest != now.tlsDigest) return "a file of [mqtt.tls]";
    if (before.config.topics.base != now.config.topics.base) return "topics.base";
    return "";
}

struct WiredAgent : Agent, CommandHandlers {
    WiredAgent(Loop& l, WorkerPool& p, WorkerPool& sensorPool, LoadedConfig c, Identity i)
        : loop(l),
          loaded(std::move(c)),
          identity(std::move(i)),
          runId(makeRunId(identity)),
          startedAt(l.clock().now()),
          journal(l, p.makeStrand("the journal's disk", kJournalStallLimit), config.journal, identity.bootId),
          camera(l, config),
          gpioPort(makeGpiodPort()),
          resolver(
              makeSystemResolver(l, [&p](const std::string& name) { return p.makeStrand(name, kNetworkStallLimit); })),
          session(l, makePahoClientFactory(l, p.makeStrand("the MQTT library", kNetworkStallLimit)), *resolver,
                  sessionSettings(loaded),
                  {[this](const ConnectionInfo& info) { connected(info); }, [this] { disconnected(); },
                   [this](InboundMessage message) { received(std::move(message)); }, [this] { changed(); }}),
          context{l, session, journal, config, [this] { changed(); }, [this] { gpio.blink(); }},
          commands(context, *this),
          doctor(l, config),
          settings(context, std::bind_front(&WiredAgent::applySettings, this)),
          sensorStrands([&sensorPool](std::string name) { return sensorPool.makeStrand(std::move(name)); }),
          telemetry(
              context,
              [this](const SensorConfig& sensor) {
                  return SensorSlot{sensor, makeSensor(sensor), sensorStrands.strandFor(sensor)};
              },
              runId),
          pictures(context, p.makeStrand("kept pictures", kJournalStallLimit)),
          captures(context, camera, pictures, runId.substr(0, kImagePrefix)),
          live(context, camera),
          archive(context, camera, p.makeStrand("the picture archive")),
          history(context, p.makeStrand("the readings of the past")),
          gpio({context, *gpioPort,
                [this](const std::string& command, const std::string& source) { commands.trigger(command, source); }}),
          schedules(context, *this),
          clockSet(l, [this] { schedules.onClockSet(); }),
          board(
              context, identity.bootId, p.makeStrand("the board's state"),
              [](const std::string& disk) { return readBoard(disk); }, [this] { discovery.setBoard(board.board()); }),
          presence(context, identity, [this] { return formatHealth(health()); }),
          retainedTopics(context, identity),
          discovery(context, identity, systemRandom(), [this] { telemetry.repeatReadings(); }) {}

    // ---- commands

    void startPublishing(const Command& command, OutcomeHandler done) override {
        telemetry.start(command.options.interval,
                        [done = std::move(done)](std::string report) { done(Outcome::success(std::move(report))); });
    }

    void stopPublishing(const Command& /*command*/, OutcomeHandler done) override {
        telemetry.stop([done = std::move(done)] { done(Outcome::success()); });
    }

    void takePictures(const Command& command, OutcomeHandler done) override {
        captures.capture(command, std::move(done));
    }

    void viewLive(const Command& command, OutcomeHandler done) override { done(live.view(command.options)); }

    void cancelSeries(const Command& /*command*/, OutcomeHandler done) override { done(captures.cancel()); }

    void publishStatus(const Command& /*command*/, OutcomeHandler done) override {
        presence.announce();
        captures.publishStatus();
        live.publishState();
        settings.onConnected();
        telemetry.republish();
        done(Outcome::success());
    }

    void changeSettings(const Command& command, OutcomeHandler done) override {
        done(settings.set(command.options.values.value_or("")));
    }

    void examine(const Command& /*command*/, OutcomeHandler done) override { doctor.run(std::move(done)); }

    void listPictures(const Command& command, OutcomeHandler done) override { archive.list(command, std::move(done)); }

    void fetchPicture(const Command& command, OutcomeHandler done) override { archive.fetch(command, std::move(done)); }

    void listReadings(const Command& command, OutcomeHandler done) override { history.list(command, std::move(done)); }

    Outcome setSwitch(const std::string& topic, OutputCommand command) override {
        constexpr std::string_view kOutputs = "gpio/";
        if (!topic.starts_with(kOutputs)) return settings.setSwitch(topic, command);
        const Result<bool> state = gpio.setOutput(topic.substr(kOutputs.size()), command);
        if (state) return Outcome::success(*state ? R"({"state":"ON"})" : R"({"state":"OFF"})");
        const bool isWrong = state.error().code == Errc::kInvalid;
        return Outcome::failure(isWrong ? ReplyCode::kInvalidPayload : ReplyCode::kInternal, state.error().message);
    }

    // ---- what one service has to know of another

    void changed() {
        presence.healthChanged();
        discovery.setInterval(telemetry.publishingInterval());
    }

    // ---- beginning

    void start(const std::function<void()>& ready, const std::function<void(std::string)>& failed) override {
        journal.open([this, ready, failed](const Result<JournalSnapshot>& snapshot) {
            if (!snapshot) return failed(snapshot.error().message);
            if (isStopping) return;
            note("start", "started");
            restoreSettings(*snapshot);
            commands.restore(*snapshot);
            retainedTopics.restore(*snapshot);
            discovery.restore(*snapshot);
            board.start(*snapshot);
            pictures.start();
            gpio.start();
            telemetry.resume(*snapshot);
            schedules.start();
            discovery.setInterval(telemetry.publishingInterval());
            ready();
            session.start(presence.away(*snapshot));
        });
    }

    // ---- another configuration

    /// The files' configuration with these settings; what cannot be used of them, after a change of the files or of
    /// the agent, is left out.
    [[nodiscard]] Config withSettings(const ConfigSources& sources, const Settings& wanted) const {
        std::vector<std::string> dropped;
        Config effective = parseValid(sources, identity, wanted, dropped);
        for (const std::string& why : dropped)
            log::warning("a setting of MQTT is dropped, the configuration file applies: {}", why);
        return effective;
    }

    /// Before the services start. The camera is being looked for already.
    void restoreSettings(const JournalSnapshot& snapshot) {
        const Settings saved = SettingsService::saved(snapshot);
        Config before = std::exchange(loaded.config, withSettings(loaded.sources, saved));
        log::setLevel(config.log.level);
        camera.onReload(before);
        settings.restored(saved);
    }

    /// As a reload, of the files as they were read.
    Result<void> applySettings(const Settings& wanted, const Settings& values) {
        try {
            const Config before = std::exchange(loaded.config, parseConfig(loaded.sources, identity, wanted));
            changeConfig(before);
            // The last command counts: what `start` was given would hide it.
            if (values.contains("telemetry.interval")) telemetry.useConfiguredInterval();
            return {};
        } catch (const ConfigError& error) {
            return fail(Errc::kInvalid, error.what());
        }
    }

    void reload(LoadedConfig next) override {
        if (isStopping) return;
        next.config = withSettings(next.sources, changedSettings(config));
        const std::string why = connectionChange(loaded, next);
        if (!why.empty()) live.end("the connection to the broker changes");  // the old one is still told
        const LoadedConfig old = std::exchange(loaded, std::move(next));
        if (!why.empty()) {
            log::info("read {} again: reconnecting, because {} changed", filesOf(config), why);
            session.reconnect(sessionSettings(loaded), kGoodbyeLimit);
        } else {
            log::info("read {} again", filesOf(config));
            session.subscribe(subscribedTopics(config));
        }
        note("reload", "configuration read again");
        changeConfig(old.config);
    }

    /// Home Assistant hears of it before anything is published for what is new.
    void changeConfig(const Config& before) {
        log::setLevel(config.log.level);
        journal.configure(config.journal);
        camera.onReload(before);
        presence.onReload(before);
        retainedTopics.onReload();
        discovery.onReload(before);
        settings.onReload(before);
        telemetry.onReload(before);
        pictures.onReload(before);
        captures.onReload(before);
        live.onReload(before);
        gpio.onReload(before);
        schedules.onReload(before);
    }

    // ---- connection

    /// A fresh start on every connection, in the contract's order; the subscriptions stand already.
    void connected(const ConnectionInfo& info) {
        note("online", fmt::format("connected to {}", info.server));
        presence.onConnected(info.limits.protocolVersion);
        retainedTopics.onConnected();
        telemetry.publishSwitch();
        discovery.onConnected();
        settings.onConnected();
        captures.publishStatus();
        pictures.onConnected();
        live.publishState();
        archive.onConnected();
        gpio.onConnected();
        schedules.onConnected();
        telemetry.onConnected();
    }

    void received(InboundMessage message) {
        if (message.topic == Discovery::subscription(config)) return discovery.handleBirth(message.payload);
        commands.handle(std::move(message));
    }

    void disconnected() {
        note("offline", "the connection to the broker ended");
        presence.onDisconnected();
        discovery.onDisconnected();
        telemetry.onDisconnected();
        pictures.onDisconnected();
        live.end("the connection to the broker ended");
        gpio.onDisconnected();
    }

    [[nodiscard]] HealthReport health() const {
        HealthReport report;
        report.time = loop.clock().wallNow();
        report.uptime = std::chrono::duration_cast<seconds>(loop.clock().now() - startedAt);
        report.clock = loop.clock().wallState();
        report.connection = session.connection();
        report.session = session.health();
        report.qos = static_cast<Qos>(config.mqtt.qos);
        report.commands = commands.counters();
        report.isPublishing = telemetry.isPublishing();
        report.interval = telemetry.interval();
        report.readings = telemetry.counters();
        report.sensors = telemetry.sensors();
        report.isCameraConfigured = config.camera.backend != CameraBackend::kNone;
        report.camera = captures.cameraState();
        report.captures = captures.counters();
        report.pictures = pictures.health();
        report.gpio = gpio.health();
        report.schedules = schedules.health();
        report.journal = journal.health();
        report.board = board.board();
        report.residentBytes = residentBytes();
        return report;
    }

    void note(const std::string& kind, const std::string& text) {
        journal.record(EventRecord{loop.clock().wallNow(), kind, text});
    }

    // ---- end: pending replies leave, then the broker is told, then the journal is closed

    void stop(const std::string& reason, Task whenDone) override {
        isStopping = true;
        schedules.shutDown();
        commands.shutDown();
        stopped = std::move(whenDone);
        limit = loop.after(kStopLimit, [this] {
            log::warning("shutdown timed out; unfinished work was dropped");
            finish();
        });
        captures.shutDown();
        live.end("the agent is stopping");
        doctor.shutDown();
        archive.shutDown();
        once(
            kReadingsLimit, [this](Task then) { telemetry.shutDown(std::move(then)); },
            [this, reason] { flushReplies(reason); });
    }

    /// Replies leave when their journal rows are committed. Rows are committed in order, but the callbacks of a commit
    /// run in any order: hence the post.
    void flushReplies(const std::string& reason) {
        presence.onDisconnected();
        note("stop", reason);
        once(
            kReadingsLimit, [this, reason](Task then) { journal.saveState("last_stop", reason, std::move(then)); },
            [this] { loop.post([this] { sayGoodbye(); }); });
    }

    void sayGoodbye() {
        std::vector<Publication> last;
        if (!config.topics.base.empty()) last.push_back(Presence::lastWill(config));
        session.stop(std::move(last), kGoodbyeLimit, [this] { journal.close([this] { finish(); }); });
    }

    /// `work` with a task to call when it is done; then, or after `atMost`, `next` runs: once.
    void once(milliseconds atMost, const std::function<void(Task)>& work, Task next) {
        auto go = std::make_shared<Task>(std::move(next));
        const auto goOnce = [go] {
            if (const Task task = std::exchange(*go, nullptr)) task();
        };
        step = loop.after(atMost, goOnce);
        work(goOnce);
    }

    void finish() {
        limit.cancel();
        if (const Task task = std::exchange(stopped, nullptr)) task();
    }

    Loop& loop;
    LoadedConfig loaded;
    const Config& config = loaded.config;  ///< what the services refer to
    const Identity identity;
    const std::string runId;
    SteadyTime startedAt;
    Journal journal;
    CameraClient camera;
    std::unique_ptr<GpioPort> gpioPort;
    std::unique_ptr<Resolver> resolver;
    MqttSession session;
    ServiceContext context;
    CommandService commands;
    DoctorCommand doctor;
    SettingsService settings;
    SensorStrands sensorStrands;
    Telemetry telemetry;
    PictureStore pictures;
    CaptureService captures;
    LiveView live;
    PictureArchive archive;
    ReadingHistory history;
    GpioService gpio;
    ScheduleService schedules;
    ClockSetWatch clockSet;
    BoardMonitor board;
    Presence presence;
    RetainedTopics retainedTopics;
    Discovery discovery;
    bool isStopping = false;
    Task stopped;
    Timer limit;
    Timer step;
};

}  // namespace

std::unique_ptr<Agent> makeAgent(Loop& loop, WorkerPool& pool, WorkerPool& sensorPool, LoadedConfig loaded,
                                 Identity identity) {
    return std::make_unique<WiredAgent>(loop, pool, sensorPool, std::move(loaded), std::move(identity));
}

}  // namespace edge
