// SPDX-License-Identifier: MIT
// pi-edge-camera: owns the camera, and turns frames into JPEGs for pi-edge-agent.
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <getopt.h>
#include <optional>
#include <ostream>

#include <fmt/core.h>

#include "camera/backends/backends.hpp"
#include "camera/daemon/server.hpp"
#include "camera/ipc/protocol.hpp"
#include "config/load.hpp"
#include "core/exit_codes.hpp"
#include "core/loop/asio_loop.hpp"
#include "core/loop/worker_pool.hpp"
#include "core/system/log.hpp"
#include "core/system/service_manager.hpp"
#include "core/system/standard_streams.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace {

using namespace edge;

constexpr std::size_t kEncoders = 2;
constexpr int kMaxDescriptor = 1023;
constexpr seconds kTidyAfter{2};
/// An agent says hello as soon as it is connected.
constexpr milliseconds kHelloLimit{2000};

struct Arguments {
    std::string config = kConfigFile;
    int socketFd = -1;
};

/// Pictures come and go by the megabyte: without this every one of them is mapped, faulted in and unmapped again.
void tuneAllocator() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
}

/// The connected socket of the agent that started this program (`fd`), or the listening socket of systemd's (-1).
Result<UniqueFd> takeSocket(int fd) {
    if (fd < 0) {
        const int count = service_manager::inheritedSockets();
        if (count != 1) return fail(Errc::kNotFound, fmt::format("systemd passed {} sockets, one is expected", count));
        fd = service_manager::kFirstInherited;
    }
    // It comes neither non-blocking nor closed by exec.
    if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        return fail(Errc::kInvalid, fmt::format("descriptor {} is not open", fd));
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return UniqueFd(fd);
}

/// Changes with every change of the configuration's files.
std::string stampOf(const std::string& configPath) {
    std::string stamp;
    for (const std::string& path : configurationFiles(configPath).value_or(std::vector<std::string>{})) {
        struct stat status {};
        if (::stat(path.c_str(), &status) != 0) continue;
        stamp += fmt::format("{}:{}:{}:{}.{} ", status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                             status.st_mtim.tv_nsec);
    }
    return stamp;
}

/// Feeds systemd's watchdog while the loop runs and no encoder is stuck.
void keepFeeding(Loop& loop, const WorkerPool& pool, milliseconds period, Timer& timer) {
    if (!pool.stalledStrand()) service_manager::notify(service_manager::kAlive);
    timer = loop.after(period, [&loop, &pool, period, &timer] { keepFeeding(loop, pool, period, timer); });
}

/// What the first agent's hello has for settings; "" where none comes in time. The server gets the hello, too.
std::string awaitSettings(int agent) {
    pollfd waiting{agent, POLLIN, 0};
    if (agent < 0 || ::poll(&waiting, 1, static_cast<int>(kHelloLimit.count())) != 1) return "";
    std::string packet(kMaxPacketBytes, '\0');
    const ssize_t bytes = ::recv(agent, packet.data(), packet.size(), MSG_PEEK);
    packet.resize(static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
    const auto request = decodeRequest(packet);
    const Hello* hello = request ? std::get_if<Hello>(&*request) : nullptr;
    return hello == nullptr ? "" : hello->settings;
}

/// The configuration of the files, with `settings` in place of what they say.
Config withSettings(const ConfigSources& sources, const std::string& settings) {
    std::vector<std::string> dropped;
    Config config = parseValid(sources, readIdentity(), parseSettings(settings).value_or(Settings{}), dropped);
    for (const std::string& why : dropped) log::warning("a setting of MQTT is not used: {}", why);
    return config;
}

int serve(const Arguments& arguments, const ConfigSources& sources, const std::string& stamp) {
    const bool isChild = arguments.socketFd >= 0;
    auto socket = takeSocket(arguments.socketFd);
    if (!socket) {
        report(fmt::format("pi-edge-camera: {}; systemd or pi-edge-agent starts this program", socket.error().message));
        return kExitUsage;
    }
    UniqueFd agent = isChild ? std::move(*socket)
                             : UniqueFd(::accept4(socket->get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const std::string settings = awaitSettings(agent.get());
    const Config config = withSettings(sources, settings);
    log::setLevel(config.log.level);

    // Never destroyed: an encoder that is late may still post to it at exit.
    static auto* const lasting = new AsioLoop;
    AsioLoop& loop = *lasting;
    WorkerPool pool;
    const auto camera = makeCamera(loop, config.camera);
    std::vector<std::shared_ptr<Executor>> strands;
    for (std::size_t i = 0; i < kEncoders; ++i) strands.push_back(pool.makeStrand(fmt::format("encoder {}", i + 1)));
    int exitCode = 0;
    CameraServer::Hooks hooks;
    hooks.end = [&](int code) {
        exitCode = code;
        loop.stop();
    };
    hooks.isStale = [&](const Hello& hello) {
        const bool isOther = !hello.settings.empty() && hello.settings != (settings.empty() ? "{}" : settings);
        return isOther || stampOf(config.file) != stamp;
    };
    CameraServer server(loop, config, *camera, strands, pool.makeStrand("converter"),
                        isChild ? Lifetime::kWithConnection : Lifetime::kUntilIdle, std::move(hooks));
    const SignalWatch signals(loop, {SIGTERM, SIGINT, SIGHUP}, [&](int) { server.stop("received a signal"); });
    if (agent) server.addConnection(std::move(agent));
    if (!isChild) server.listen(std::move(*socket));

    Timer feeding;
    if (const auto timeout = service_manager::watchdogTimeout()) {
        keepFeeding(loop, pool, std::chrono::duration_cast<milliseconds>(*timeout) / 3, feeding);
    }
    // Memory left over from reading the configuration.
    const Timer tidying = loop.after(kTidyAfter, [] { malloc_trim(0); });
    service_manager::notify(service_manager::kReady);
    loop.run();
    service_manager::notify(service_manager::kStopping);
    return exitCode;
}

constexpr const char* kUsage =
    "The camera program of pi-edge-agent, started by it or by systemd.\n"
    "Usage: pi-edge-camera [--config FILE] [--socket-fd DESCRIPTOR] | --version | --help\n";

/// Not by the agent's library for its command line, which takes more memory to compile than all else here. The exit
/// code where there is nothing else to do: getopt has said what is wrong.
std::optional<int> parseArguments(int argc, char** argv, Arguments& arguments, std::ostream& out) {
    constexpr std::array<option, 5> kOptions{{{"config", required_argument, nullptr, 'c'},
                                              {"socket-fd", required_argument, nullptr, 's'},
                                              {"version", no_argument, nullptr, 'v'},
                                              {"help", no_argument, nullptr, 'h'},
                                              {}}};
    for (int found = 0; (found = ::getopt_long(argc, argv, "h", kOptions.data(), nullptr)) >= 0;) {
        if (found == 'c') {
            arguments.config = optarg;
        } else if (found == 's') {
            arguments.socketFd = parseNumber<int>(optarg).value_or(-1);
            if (arguments.socketFd < 0 || arguments.socketFd > kMaxDescriptor) {
                report(fmt::format("pi-edge-camera: --socket-fd takes a number from 0 to {}, not '{}'", kMaxDescriptor,
                                   printable(optarg)));
                return kExitUsage;
            }
        } else if (found == 'v' || found == 'h') {
            out << (found == 'h' ? kUsage : fmt::format("pi-edge-camera {}\n", kVersion));
            return 0;
        } else {
            return kExitUsage;
        }
    }
    if (optind == argc) return std::nullopt;
    report(fmt::format("pi-edge-camera: unexpected argument '{}'", printable(argv[optind])));
    return kExitUsage;
}

int run(int argc, char** argv, std::ostream& out) {
    Arguments arguments;
    if (const auto exitCode = parseArguments(argc, argv, arguments, out)) return *exitCode;
    // A child that outlives its agent would keep the camera from the next one.
    if (arguments.socketFd >= 0) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    tuneAllocator();
    try {
        const std::string stamp = stampOf(arguments.config);
        const ConfigSources sources = readConfig(arguments.config);
        (void)parseConfig(sources, readIdentity());  // a mistake in a file is told before anything is waited for
        return serve(arguments, sources, stamp);
    } catch (const ConfigError& error) {
        report(error.what());
        return kExitConfig;
    }
}

}  // namespace

int main(int argc, char** argv) {
    edge::keepStandardStreams();
    edge::blockSignals({SIGTERM, SIGINT, SIGHUP});
    ::signal(SIGPIPE, SIG_IGN);  // the reader of the log may exit
    ::signal(SIGXFSZ, SIG_IGN);
    try {
        edge::StandardOutput out;
        const int exitCode = run(argc, argv, out);
        const auto written = out.finish();
        if (written) return exitCode;
        edge::report("pi-edge-camera: " + written.error().message);
    } catch (const std::exception& error) {
        edge::report(std::string("pi-edge-camera: ") + error.what());
    }
    return 1;
}
