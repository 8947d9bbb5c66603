// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "camera/client/picture_source.hpp"
#include "core/system/board.hpp"
#include "core/time/time.hpp"
#include "journal/journal.hpp"
#include "mqtt/session/session.hpp"
#include "services/capture/capture_service.hpp"
#include "services/commands/command_service.hpp"
#include "services/gpio/gpio_service.hpp"
#include "services/schedule/schedule_service.hpp"
#include "services/telemetry/delivery_tracker.hpp"
#include "services/telemetry/sensor_channel.hpp"

namespace edge {

/// Everything in `<base>/health`, as it is now.
struct HealthReport {
    WallTime time;      ///< of this report
    seconds uptime{0};  ///< since this start of the agent
    ClockState clock = ClockState::kUnsynchronised;
    const ConnectionInfo* connection = nullptr;  ///< nullptr while there is none
    SessionHealth session;
    Qos qos = Qos::kAtLeastOnce;  ///< of readings and pictures, as configured
    CommandCounters commands;
    bool isPublishing = false;
    milliseconds interval{0};  ///< of readings, also while they are not published
    ReadingCounters readings;
    std::vector<SensorState> sensors;
    bool isCameraConfigured = false;
    CameraState camera;
    CaptureCounters captures;
    KeptPictures pictures;
    std::vector<GpioLineHealth> gpio;
    std::vector<ScheduleHealth> schedules;
    JournalHealth journal;
    BoardHealth board;
    std::uint64_t residentBytes = 0;  ///< of this program, without the camera's
};

/// The JSON of docs/mqtt.md, always valid UTF-8. Thread: any.
std::string formatHealth(const HealthReport& report);

/// The memory that this process holds (VmRSS); 0 where the kernel does not say. Thread: any.
std::uint64_t residentBytes();

}  // namespace edge
