// SPDX-License-Identifier: MIT
#include <malloc.h>
#include <signal.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "agent.hpp"
#include "commands/commands.hpp"
#include "config/load.hpp"
#include "core/exit_codes.hpp"
#include "core/loop/asio_loop.hpp"
#include "core/loop/worker_pool.hpp"
#include "core/system/log.hpp"
#include "core/system/service_manager.hpp"
#include "core/time/clock_watch.hpp"
#include "core/version.hpp"
#include "services/schedule/schedule_service.hpp"

namespace edge {
namespace {

/// Together with WorkerPool::kMaxThreads and the threads of libraries well below TasksMax=64 of the unit.
constexpr std::size_t kSensorThreads = 24;

/// After a start or a reload: reading the configuration and the journal leaves half a megabyte of freed memory.
constexpr seconds kTrimAfter{2};

/// Few arenas, because each thread that allocates a little would keep megabytes. High thresholds, because returning the
/// pages of every picture costs more than encoding a small one.
void setAllocator() {
    constexpr int kArenas = 2;
    constexpr int kTrimThreshold = 4 << 20;
    constexpr int kMmapThreshold = 32 << 20;
    mallopt(M_ARENA_MAX, kArenas);
    mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
    mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
}

/// Throws ConfigError.
LoadedConfig load(const std::string& path, const Identity& identity) {
    ConfigSources sources = readConfig(path);
    Config config = parseConfig(sources, identity);
    checkScheduleOptions(config);
    std::string password = loadPassword(config);
    std::string tlsDigest = checkTlsFiles(config);
    return {std::move(sources), std::move(config), std::move(password), std::move(tlsDigest)};
}

void logWarnings(const Config& config) {
    for (const std::string& warning : configurationWarnings(config)) log::warning("{}", warning);
}

void announce(const Config& config) {
    log::setLevel(config.log.level);
    log::info("pi-edge-agent {}: device {}, configuration {}, {} sensors, broker {}", kVersion, config.device.id,
              filesOf(config), config.sensors.size(), toString(config.mqtt.servers.front()));
    logWarnings(config);
}

/// Never destroyed: a thread that hung in a device may return, and post to the loop, during shutdown.
struct Immortal {
    SystemClock clock;
    AsioLoop loop{clock};
};
Immortal& immortal() {
    static auto* const instance = new Immortal;
    return *instance;
}

/// Feeds systemd's watchdog from the loop for as long as the loop and every strand make progress. Does nothing where
/// the unit has no watchdog. Thread: the loop's.
class Watchdog {
  public:
    /// The pools outlive it.
    Watchdog(Loop& loop, std::vector<const WorkerPool*> pools) : loop_(loop), pools_(std::move(pools)) {
        constexpr int kFeedingsPerTimeout = 3;  // in time even when one is late
        const auto timeout = service_manager::watchdogTimeout();
        if (!timeout) return;
        period_ = *timeout / kFeedingsPerTimeout;
        feed();
    }

  private:
    void feed() {
        timer_ = loop_.after(period_, [this] { feed(); });
        const auto stalled = stalledStrand();
        const bool wasStalled = std::exchange(isStalled_, stalled.has_value());
        if (!stalled) return service_manager::notify(service_manager::kAlive);
        if (!wasStalled) log::error("{} is stalled; systemd will restart the agent unless it recovers", *stalled);
    }

    [[nodiscard]] std::optional<std::string> stalledStrand() const {
        for (const WorkerPool* pool : pools_) {
            if (auto stalled = pool->stalledStrand()) return stalled;
        }
        return std::nullopt;
    }

    Loop& loop_;
    std::vector<const WorkerPool*> pools_;
    nanoseconds period_{0};
    bool isStalled_ = false;
    Timer timer_;
};

/// Owns the loop's users for the life of the process and turns signals into a reload or a shutdown.
class Runner {
  public:
    Runner(std::string path, const Identity& identity)
        : path_(std::move(path)),
          identity_(identity),
          watchdog_(loop_, {&pool_, &sensorPool_}),
          signals_(loop_, {SIGINT, SIGTERM, SIGHUP}, [this](int signal) { handle(signal); }) {}

    int run(LoadedConfig loaded) {
        if (!SystemClock::canAskKernel()) watchClock();
        begin(std::move(loaded));
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

    void begin(LoadedConfig loaded) {
        announce(loaded.config);
        notifyDeviceId(loaded.config);
        agent_ = makeAgent(loop_, pool_, sensorPool_, std::move(loaded), identity_);
        trimMemoryLater();
        agent_->start(
            [this] {
                isReady_ = true;
                service_manager::notify(service_manager::kReady);
                if (std::exchange(isReloadPending_, false)) loop_.post([this] { reload(); });
            },
            [this](const std::string& problem) {
                log::error("{}", problem);
                exitCode_ = kExitFailed;
                end();
            });
    }

    static void notifyDeviceId(const Config& config) {
        service_manager::notify("STATUS=running as " + config.device.id);
    }

    void trimMemoryLater() {
        trimming_ = loop_.after(kTrimAfter, [] { malloc_trim(0); });
    }

    void handle(int signal) {
        if (signal == SIGHUP) return reload();
        if (isEnding_) return;
        isEnding_ = true;
        log::info("stopping ({})", signal == SIGTERM ? "SIGTERM" : "SIGINT");
        service_manager::notify(service_manager::kStopping);
        agent_->stop("stopped", [this] { end(); });
    }

    void reload() {
        if (isEnding_) return;
        isReloadPending_ = !isReady_;
        if (isReloadPending_) return;
        service_manager::notifyReloading();
        try {
            LoadedConfig loaded = load(path_, identity_);
            logWarnings(loaded.config);
            notifyDeviceId(loaded.config);
            agent_->reload(std::move(loaded));
        } catch (const ConfigError& error) {
            log::error("the configuration stays as it was: {}", error.what());
        }
        trimMemoryLater();
        service_manager::notify(service_manager::kReady);
    }

    void end() {
        isEnding_ = true;
        // Tasks posted earlier may still refer to the agent.
        loop_.post([this] {
            agent_.reset();
            loop_.stop();
        });
    }

    std::string path_;
    Identity identity_;
    SystemClock& clock_ = immortal().clock;
    AsioLoop& loop_ = immortal().loop;
    WorkerPool pool_;
    WorkerPool sensorPool_{kSensorThreads};  ///< separate, so that hanging sensors do not block the journal
    std::optional<ClockWatch> clockWatch_;
    Watchdog watchdog_;
    SignalWatch signals_;
    Timer trimming_;
    std::unique_ptr<Agent> agent_;
    bool isReady_ = false;          ///< the journal is open; a reload before is postponed
    bool isReloadPending_ = false;  ///< until it is ready
    bool isEnding_ = false;
    int exitCode_ = 0;
};

}  // namespace

int runAgent(const std::string& configPath) {
    // Before any library starts a thread, which would receive them.
    blockSignals({SIGINT, SIGTERM, SIGHUP});
    setAllocator();
    const Identity identity = readIdentity();
    LoadedConfig loaded = load(configPath, identity);
    return Runner(configPath, identity).run(std::move(loaded));
}

}  // namespace edge
