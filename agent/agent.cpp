// SPDX-License-Identifier: MIT
#include "agent.hpp"

#include <utility>

#include <fmt/core.h>

#include "camera/client.hpp"
#include "core/log.hpp"
#include "core/sha256.hpp"
#include "gpio/gpio.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher_gate.hpp"
#include "registry.hpp"
#include "services/capture_service.hpp"
#include "services/command_service.hpp"
#include "services/connection_memory.hpp"
#include "services/discovery.hpp"
#include "services/gpio_service.hpp"
#include "services/health.hpp"
#include "services/motion_service.hpp"
#include "services/presence.hpp"
#include "services/retained_topics.hpp"
#include "services/telemetry.hpp"

namespace edge {
namespace {

/// A worn SD card can take long to sync.
constexpr seconds kJournalStallLimit = std::chrono::minutes{5};

constexpr milliseconds kReadingsLimit{1000};  ///< for the acknowledgement of the last readings, on stop
constexpr milliseconds kGoodbyeLimit{1500};   ///< for the last replies and the offline status
constexpr std::size_t kRunIdDigits = 32;

/// New at every start: with a sequence number it tells all readings apart, also those of two starts within one boot.
std::string makeRunId(const Identity& identity) {
    return sha256Hex(fmt::format("{}:{}", identity.bootId, bootTimeNow().count())).substr(0, kRunIdDigits);
}

OutputCommand outputCommandOf(const std::string& value) {
    if (value == "toggle") return OutputCommand::kToggle;
    return value == "on" ? OutputCommand::kOn : OutputCommand::kOff;
}

Outcome stoppingOutcome() {
    return Outcome::failure(ReplyCode::kCancelled, "the agent is stopping; send the command again when it is back");
}

}  // namespace

struct Agent::Impl {
    Impl(Loop& l, WorkerPool& p, WorkerPool& sensorPool, Config c, Identity i,
         std::unique_ptr<BrokerConnection> established)
        : loop(l),
          pool(p),
          config(std::move(c)),
          identity(std::move(i)),
          runId(makeRunId(identity)),
          startedAt(l.clock().now()),
          journal(l, p.makeStrand("the journal's disk", kJournalStallLimit), config.journal, identity.bootId),
          camera(l, config),
          gpioPort(makeGpiodPort()),
          connection(std::move(established)),
          session(connection->session()),
          publisher(l, session),
          commands(l, publisher, journal, config),
          telemetry(l, publisher, journal, config, makeSensors(config, sensorPool), runId),
          captures(l, camera, publisher, journal, p.makeStrand("kept pictures"), config, runId.substr(0, kImagePrefix)),
          motion(l, camera, publisher, journal, config, [this] { takeMotionPicture(); }),
          gpio(l, *gpioPort, publisher, config,
               {[this](const std::string& word, const std::string& source) { commands.trigger(word, source); },
                [this] { presence.healthChanged(); }}),
          presence(l, publisher, config, identity, [this] { return formatHealth(health()); }),
          retainedTopics(publisher, journal, config, identity),
          discovery(l, publisher, journal, config, identity, systemRandom(), [this] { telemetry.repeatReadings(); }),
          connectionMemory(l, journal, config, identity.bootId) {
        setHandlers();
    }

    // ---- wiring

    /// A command's handler, unless the agent is about to end: then nothing new is begun.
    void setHandler(const std::string& word, CommandHandler handler) {
        commands.setHandler(word, [this, handler = std::move(handler)](
                                      const Command& command, const CommandContext& context, OutcomeHandler done) {
            if (isStopping) return done(stoppingOutcome());
            handler(command, context, std::move(done));
        });
    }

    void setHandlers() {
        setHandler("start", [this](const Command& command, const CommandContext&, OutcomeHandler done) {
            telemetry.start(command.options.interval, [done = std::move(done)](std::string report) {
                done(Outcome::success(std::move(report)));
            });
        });
        setHandler("stop", [this](const Command&, const CommandContext&, OutcomeHandler done) {
            telemetry.stop([done = std::move(done)] { done(Outcome::success()); });
        });
        setHandler("capture", [this](const Command& command, const CommandContext& context, OutcomeHandler done) {
            captures.capture(command.options, context, std::move(done));
        });
        setHandler("cancel", [this](const Command&, const CommandContext&, const OutcomeHandler& done) {
            done(captures.cancel());
        });
        setHandler("status", [this](const Command&, const CommandContext&, const OutcomeHandler& done) {
            presence.announce();
            captures.publishStatus();
            motion.onConnected();
            telemetry.republish();
            done(Outcome::success());
        });
        commands.setOutputHandler(
            [this](const std::string& name, const std::string& value) { return setOutput(name, value); });
        telemetry.onPublished([this] { gpio.blink(); });
        telemetry.onChange([this] {
            presence.healthChanged();
            discovery.setInterval(telemetry.publishingInterval());
        });
        captures.onPublished([this] { gpio.blink(); });
        captures.onChange([this] {
            presence.healthChanged();
            motion.setCameraOnline(captures.cameraState().online);
        });
    }

    void takeMotionPicture() {
        if (isStopping) return;
        log::info("motion: taking a picture");
        captures.capture({}, {"motion", "", bootTimeNow()}, [](const Outcome& outcome) {
            if (!outcome.ok) log::warning("motion: no picture: {}", outcome.error);
        });
    }

    Outcome setOutput(const std::string& name, const std::string& value) {
        if (isStopping) return stoppingOutcome();
        const Result<bool> state = gpio.setOutput(name, outputCommandOf(value));
        if (state) return Outcome::success(*state ? R"({"state":"ON"})" : R"({"state":"OFF"})");
        const bool isWrong = state.error().code == Errc::kInvalid;
        return Outcome::failure(isWrong ? ReplyCode::kInvalidPayload : ReplyCode::kInternal, state.error().message);
    }

    // ---- beginning

    void start(const std::function<void()>& ready, const std::function<void(std::string)>& failed) {
        journal.open([this, ready, failed](const Result<JournalSnapshot>& snapshot) {
            if (!snapshot) return failed(snapshot.error().message);
            if (isStopping) return;
            note("start", "started");
            commands.restore(*snapshot);
            retainedTopics.restore(*snapshot);
            discovery.restore(*snapshot);
            gpio.start();
            telemetry.resume(*snapshot);
            discovery.setInterval(telemetry.publishingInterval());
            ready();
            join(connectionMemory.away(*snapshot));
        });
    }

    /// A connection that stands is told of everything once more; another one is made.
    void join(std::optional<milliseconds> away) {
        const ConnectionInfo* info = session.connection();
        if (info != nullptr) announce(*info);
        connection->attach({[this](const ConnectionInfo& now) { connected(now); }, [this] { disconnected(); },
                            [this](InboundMessage message) { received(std::move(message)); },
                            [this] { presence.healthChanged(); }});
        connection->start(away);
    }

    // ---- connection

    /// A fresh start on every connection, in the contract's order; the subscriptions stand already.
    void connected(const ConnectionInfo& info) {
        note("online", fmt::format("connected to {}", info.server));
        announce(info);
    }

    void announce(const ConnectionInfo& info) {
        connectionMemory.onConnected(info.limits.protocolVersion);
        presence.announce();
        retainedTopics.onConnected();
        telemetry.publishState();
        discovery.onConnected();
        captures.onConnected();
        motion.onConnected();
        gpio.onConnected();
        telemetry.onConnected();
    }

    void received(InboundMessage message) {
        if (message.topic == Discovery::subscription(config)) return discovery.handleBirth(message.payload);
        commands.handle(std::move(message));
    }

    void disconnected() {
        note("offline", "the connection to the broker ended");
        connectionMemory.onDisconnected();
        discovery.onDisconnected();
        telemetry.onDisconnected();
        captures.onDisconnected();
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
        report.readings = telemetry.counters();
        report.backlogDelivered = telemetry.backlogDelivered();
        report.sensors = telemetry.sensors();
        report.isCameraConfigured = config.camera.backend != CameraBackend::kNone;
        report.camera = captures.cameraState();
        report.captures = captures.counters();
        report.gpio = gpio.health();
        report.journal = journal.health();
        report.residentBytes = residentBytes();
        return report;
    }

    void note(const std::string& kind, const std::string& text) {
        journal.record(EventRecord{loop.clock().wallNow(), kind, text});
    }

    // ---- end: what waits is answered, then the broker is told, then the journal is closed

    void stop(const std::string& reason, Task whenDone) {
        isStopping = true;
        stopped = std::move(whenDone);
        limit = loop.after(kStopLimit, [this] {
            log::warning("not everything could be finished in time; what was not is lost");
            finish();
        });
        shutDown(reason, [this] { sayGoodbye(); });
    }

    void handOver(const std::string& reason, std::function<void(std::unique_ptr<BrokerConnection>)> next) {
        isStopping = true;
        connection->detach();
        shutDown(reason, [this, next = std::move(next)] {
            publisher.close();
            // Readings that nobody has acknowledged go into the journal first.
            loop.post([this, next] { journal.close([this, next] { next(std::move(connection)); }); });
        });
    }

    void shutDown(const std::string& reason, Task next) {
        captures.shutDown();
        once(
            kReadingsLimit, [this](Task then) { telemetry.shutDown(std::move(then)); },
            [this, reason, next = std::move(next)] { flushReplies(reason, next); });
    }

    /// Replies leave when their journal rows are committed, and rows are committed in order; whom a commit concerns is
    /// told in any order, hence the post.
    void flushReplies(const std::string& reason, Task next) {
        connectionMemory.onDisconnected();
        note("stop", reason);
        once(
            kReadingsLimit, [this, reason](Task then) { journal.saveState("last_stop", reason, std::move(then)); },
            [this, next = std::move(next)] { loop.post(next); });
    }

    void sayGoodbye() {
        connection->close(kGoodbyeLimit, [this] { journal.close([this] { finish(); }); });
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

    static constexpr std::size_t kImagePrefix = 8;

    Loop& loop;
    WorkerPool& pool;
    Config config;
    Identity identity;
    std::string runId;
    SteadyTime startedAt;
    Journal journal;
    CameraClient camera;
    std::unique_ptr<GpioPort> gpioPort;
    std::unique_ptr<BrokerConnection> connection;
    MqttSession& session;
    PublisherGate publisher;
    CommandService commands;
    Telemetry telemetry;
    CaptureService captures;
    MotionService motion;
    GpioService gpio;
    Presence presence;
    RetainedTopics retainedTopics;
    Discovery discovery;
    ConnectionMemory connectionMemory;
    bool isStopping = false;
    Task stopped;
    Timer limit;
    Timer step;
};

Agent::Agent(Loop& loop, WorkerPool& pool, WorkerPool& sensorPool, Config config, Identity identity,
             std::unique_ptr<BrokerConnection> connection)
    : impl_(std::make_unique<Impl>(loop, pool, sensorPool, std::move(config), std::move(identity),
                                   std::move(connection))) {}
Agent::~Agent() = default;

void Agent::start(const std::function<void()>& ready, const std::function<void(std::string)>& failed) {
    impl_->start(ready, failed);
}
void Agent::stop(const std::string& reason, Task done) {
    impl_->stop(reason, std::move(done));
}

void Agent::handOver(const std::string& reason, std::function<void(std::unique_ptr<BrokerConnection>)> done) {
    impl_->handOver(reason, std::move(done));
}
const BrokerConnection& Agent::connection() const {
    return *impl_->connection;
}
std::vector<GpioLineHealth> Agent::gpio() const {
    return impl_->gpio.health();
}

}  // namespace edge
