// SPDX-License-Identifier: MIT
#include "run_command.hpp"

#include <malloc.h>
#include <signal.h>

#include <memory>
#include <optional>

#include <fmt/core.h>

#include "agent.hpp"
#include "config/load.hpp"
#include "config/warnings.hpp"
#include "core/asio_loop.hpp"
#include "core/clock_watch.hpp"
#include "core/log.hpp"
#include "core/service_manager.hpp"
#include "core/version.hpp"
#include "core/worker_pool.hpp"
#include "mqtt/warnings.hpp"
#include "watchdog.hpp"

namespace edge {
namespace {

constexpr int kExitFailed = 1;
constexpr milliseconds kGoodbyeLimit{1500};

/// With those of WorkerPool::kMaxThreads and of the libraries well below TasksMax=64 of the unit.
constexpr std::size_t kSensorThreads = 24;

/// After the start: reading the configuration and the journal leaves half a megabyte of freed memory.
constexpr seconds kTidyAfter{2};

/// Few arenas: each thread that allocates a little would keep megabytes. High thresholds: pictures come and go, and
/// giving their pages back each time costs more than the encoding of a small one.
void setAllocator() {
    constexpr int kArenas = 2;
    constexpr int kTrimThreshold = 4 << 20;
    constexpr int kMmapThreshold = 32 << 20;
    mallopt(M_ARENA_MAX, kArenas);
    mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
    mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
}

/// The configuration with its secret, ready to be used. Throws ConfigError.
struct Loaded {
    explicit Loaded(const std::string& path, const Identity& identity)
        : config(loadConfig(path, identity)), password(loadPassword(config)) {
        checkTlsFiles(config);
    }
    Config config;
    std::string password;
};

void announce(const Config& config) {
    log::setLevel(config.log.level);
    log::info("pi-edge-agent {}: device {}, configuration {}, {} sensors, broker {}", kVersion, config.device.id,
              config.file, config.sensors.size(), toString(config.mqtt.servers.front()));
    for (const std::string& warning : configurationWarnings(config)) log::warning("{}", warning);
}

/// Never destroyed: a thread that hung in a device may return, and post to the loop, when all else is gone.
struct Lasting {
    SystemClock clock;
    AsioLoop loop{clock};
};
Lasting& lasting() {
    static auto* const kept = new Lasting;
    return *kept;
}

/// The life of the process: one Agent after the other on one loop.
class Runner {
  public:
    Runner(std::string path, const Identity& identity)
        : path_(std::move(path)),
          identity_(identity),
          watchdog_(loop_, {&pool_, &sensorPool_}),
          signals_(loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int signal) { handle(signal); }) {}

    int run(Loaded first) {
        if (!SystemClock::canAskKernel()) watchClock();
        begin(std::move(first), nullptr);
        loop_.run();
        return exitCode_;
    }

  private:
    void watchClock() {
        clockWatch_.emplace(loop_, pool_.makeStrand("clock"), [this](ClockState state) {
            const ClockState before = clock_.wallState();
            clock_.setTold(state);
            const ClockState now = clock_.wallState();
            if (now == before) return;
            log::info("the clock is {}",
                      now == ClockState::kSynchronised ? "synchronised" : "not synchronised any more");
        });
    }

    void begin(Loaded loaded, std::unique_ptr<BrokerConnection> connection) {
        announce(loaded.config);
        const std::string device = loaded.config.device.id;
        if (!connection)
            connection = std::make_unique<BrokerConnection>(loop_, pool_, loaded.config, std::move(loaded.password));
        agent_ = std::make_unique<Agent>(loop_, pool_, sensorPool_, std::move(loaded.config), identity_,
                                         std::move(connection));
        tidying_ = loop_.after(kTidyAfter, [] { malloc_trim(0); });
        isReady_ = false;
        agent_->start(
            [this, device] {
                isReady_ = true;
                service_manager::notifyReady();
                service_manager::notifyStatus("running as " + device);
                if (std::exchange(isReloadWanted_, false)) loop_.post([this] { reload(); });
            },
            [this](const std::string& problem) {
                log::error("{}", problem);
                exitCode_ = kExitFailed;
                end();
            });
    }

    void handle(int signal) {
        if (signal == SIGHUP) return reload();
        if (isEnding_) return;
        isEnding_ = true;
        log::info("stopping ({})", signal == SIGTERM ? "SIGTERM" : "SIGINT");
        service_manager::notifyStopping();
        // While an agent is being taken down for a reload, its end is the end.
        if (!next_) agent_->stop("stopped", [this] { end(); });
    }

    void reload() {
        if (isEnding_) return;
        // What was written while the last one is being taken over counts, too.
        isReloadWanted_ = next_.has_value() || !isReady_;
        if (isReloadWanted_) return;
        try {
            next_.emplace(path_, identity_);
        } catch (const ConfigError& error) {
            log::error("the configuration stays as it was: {}", error.what());
            return;
        }
        service_manager::notifyReloading();
        std::string reason;
        if (!agent_->connection().serves(next_->config, next_->password, reason)) {
            log::info("reading {} again: {} changed, so the connection is made anew", path_, reason);
            return agent_->stop("configuration read again", [this] { loop_.post([this] { replaceAgent(nullptr); }); });
        }
        log::info("reading {} again: the connection stays", path_);
        keepGoing(next_->config);
        isReady_ = false;
        agent_->handOver("configuration read again", [this](std::unique_ptr<BrokerConnection> connection) {
            connection_ = std::move(connection);
            loop_.post([this] { replaceAgent(std::move(connection_)); });
        });
    }

    /// A reload is no start: what was published goes on, and outputs stay as they are.
    void keepGoing(Config& config) const {
        config.telemetry.onBoot = OnBoot::kResume;
        const std::vector<GpioLineHealth> lines = agent_->gpio();
        for (GpioOutputConfig& output : config.gpio.outputs) {
            for (const GpioLineHealth& line : lines) {
                const bool isSame = line.direction == GpioDirection::kOutput && line.name == output.name;
                if (isSame && line.active && output.role == OutputRole::kFree) output.initial = *line.active;
            }
        }
    }

    void replaceAgent(std::unique_ptr<BrokerConnection> connection) {
        agent_.reset();
        if (isEnding_) {
            if (!connection) return end();
            connection_ = std::move(connection);
            return connection_->close(kGoodbyeLimit, [this] { end(); });
        }
        Loaded loaded = std::move(*next_);
        next_.reset();
        begin(std::move(loaded), std::move(connection));
    }

    void end() {
        isEnding_ = true;
        // What was posted before may still refer to the agent.
        loop_.post([this] {
            agent_.reset();
            connection_.reset();
            loop_.stop();
        });
    }

    std::string path_;
    Identity identity_;
    SystemClock& clock_ = lasting().clock;
    AsioLoop& loop_ = lasting().loop;
    WorkerPool pool_;
    WorkerPool sensorPool_{kSensorThreads};  ///< of their own: no sensor that hangs keeps the journal waiting
    std::optional<ClockWatch> clockWatch_;
    Watchdog watchdog_;
    SignalWatch signals_;
    Timer tidying_;
    std::unique_ptr<Agent> agent_;
    std::optional<Loaded> next_;                    ///< what a reload is about to begin with
    std::unique_ptr<BrokerConnection> connection_;  ///< on its way from one agent to the next
    bool isReady_ = false;                          ///< the agent that is there can be replaced
    bool isReloadWanted_ = false;                   ///< once more, as soon as it is ready
    bool isEnding_ = false;
    int exitCode_ = 0;
};

}  // namespace

int runAgent(const std::string& configPath) {
    // Before any library starts a thread, which would take them.
    blockSignals({SIGINT, SIGTERM, SIGHUP});
    setAllocator();
    const Identity identity = readIdentity();
    Loaded loaded(configPath, identity);
    return Runner(configPath, identity).run(std::move(loaded));
}

}  // namespace edge
