// SPDX-License-Identifier: MIT
#include "core/time/time_daemon.hpp"

#include <cstdint>
#include <dlfcn.h>
#include <memory>

namespace edge {
namespace {

constexpr std::uint64_t kAnswerLimitMicros = 5'000'000;

struct Bus;
struct BusError;

/// What is used of libsystemd's sd-bus.h. Loaded when it is first asked, which is later than everything that has to be
/// quick, and only where the kernel may not be asked: with the six libraries that it brings it is 0.3 MiB.
struct BusFunctions {
    int (*openSystem)(Bus**);
    int (*setTimeout)(Bus*, std::uint64_t);
    int (*getProperty)(Bus*, const char*, const char*, const char*, const char*, BusError*, char, void*);
    Bus* (*close)(Bus*);
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

std::optional<BusFunctions> load() {
    void* const library = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::nullopt;
    BusFunctions functions{};
    const bool isWhole = find(library, "sd_bus_open_system", functions.openSystem) &&
                         find(library, "sd_bus_set_method_call_timeout", functions.setTimeout) &&
                         find(library, "sd_bus_get_property_trivial", functions.getProperty) &&
                         find(library, "sd_bus_flush_close_unref", functions.close);
    return isWhole ? std::optional(functions) : std::nullopt;
}

}  // namespace

std::optional<ClockState> askTimeDaemon() {
    static const std::optional<BusFunctions> bus = load();
    Bus* opened = nullptr;
    if (!bus || bus->openSystem(&opened) < 0) return std::nullopt;
    const std::unique_ptr<Bus, Bus* (*)(Bus*)> connection(opened, bus->close);
    bus->setTimeout(opened, kAnswerLimitMicros);
    int isSynchronised = 0;
    const int status = bus->getProperty(opened, "org.freedesktop.timedate1", "/org/freedesktop/timedate1",
                                        "org.freedesktop.timedate1", "NTPSynchronized", nullptr, 'b', &isSynchronised);
    if (status < 0) return std::nullopt;
    return isSynchronised != 0 ? ClockState::kSynchronised : ClockState::kUnsynchronised;
}

}  // namespace edge
