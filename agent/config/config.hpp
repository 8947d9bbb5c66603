// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/system/log.hpp"
#include "core/time/calendar.hpp"
#include "core/time/time.hpp"
#include "gpio/gpio.hpp"
#include "image/pixels/transform.hpp"
#include "journal/settings.hpp"
#include "mqtt/settings.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// The configuration, checked and complete: every value is in its range, `{id}` is replaced in every topic, names are
/// unique. Defaults are the ones a configuration file that says nothing gets. What each key means for a person is in
/// docs/configuration.md.
struct DeviceConfig {
    std::string id;       ///< letters, digits, '_' and '-'; never empty after loading
    std::string name;     ///< never empty after loading
    Coordinates place{};  ///< for sunrise and sunset
};

struct TopicsConfig {
    std::string command = "command";  ///< "" = no broadcast topic
    std::string base;                 ///< "edge/<id>" after loading; "" = plain topics only
};

enum class OnBoot { kResume, kStart, kStop };

struct TelemetryConfig {
    milliseconds interval = seconds{2};
    OnBoot onBoot = OnBoot::kResume;

    bool operator==(const TelemetryConfig&) const = default;
};

/// Something that is done at planned times.
struct ScheduleConfig {
    std::string name;
    bool enabled = true;
    TurnRule rule;
    std::string action = "capture";              ///< "capture", "start", "stop", or an output as in OutputAction
    std::map<std::string, std::string> options;  ///< of the command, as JSON; checked by checkScheduleOptions()

    bool operator==(const ScheduleConfig&) const = default;
};

enum class CameraBackend { kLibcamera, kReplay, kPattern, kNone };
/// As the configuration calls them, in the order of the enumeration.
inline constexpr std::array<std::string_view, 4> kBackendNames{"libcamera", "replay", "pattern", "none"};

/// The value of a libcamera control; an array is one of numbers.
using ControlValue = std::variant<bool, std::int64_t, double, std::vector<double>>;
using Controls = std::map<std::string, ControlValue>;

/// libcamera controls as one JSON object: each true or false, a number or a list of 1 to kMaxControlNumbers, by a name
/// of at most 64 bytes.
inline constexpr std::size_t kMaxControlNumbers = 256;
[[nodiscard]] std::string formatControls(const Controls& controls);
/// nullopt: it is anything else.
[[nodiscard]] std::optional<Controls> parseControls(std::string_view json);

/// camera.motion.before.
inline constexpr int kMaxPicturesBefore = 3;

struct MotionConfig {
    bool enabled = false;
    milliseconds interval{500};
    int sensitivity = 50;            ///< 1 … 100
    std::vector<PictureArea> areas;  ///< empty = the whole picture
    milliseconds coolDown = seconds{10};
    int before = 0;  ///< small pictures from before, 0 … 3

    bool operator==(const MotionConfig&) const = default;
};

struct CameraConfig {
    CameraBackend backend = CameraBackend::kLibcamera;
    std::string device;
    int width = 640;
    int height = 480;
    int rotation = 0;  ///< degrees clockwise: 0, 90, 180, 270
    Flip flip = Flip::kNone;
    int frameRate = 0;                    ///< frames a second; 0 = the camera's own
    milliseconds keepWarm = seconds{30};  ///< milliseconds::max() = "always"
    milliseconds timeout = seconds{5};
    double liveMaxRate = 15;  ///< frames a second of live view, 0.1 … 30
    std::string socket;       ///< "" = the agent starts pi-edge-camera itself
    bool settle = true;       ///< the default of captures
    milliseconds settleLimit = seconds{2};
    Controls controls;
    std::vector<PictureArea> masks;  ///< of the camera's own picture, before rotation and flip; black
    MotionConfig motion;

    bool operator==(const CameraConfig&) const = default;
};

struct ImageConfig {
    std::string topic = "jpeg";
    /// The file's topic has no `{id}`, nor the id as a level: other devices may publish there too.
    bool isTopicShared = true;
    int quality = 90;
    bool timestamp = false;
    int maxBytes = 900'000;
    std::int64_t keepOfflineBytes = 64LL << 20;  ///< of pictures taken without a connection; 0 = none is kept
};

/// Beside the journal: the folder that pictures are kept in.
inline constexpr const char* kPictureFolder = "pictures";

/// Every picture that is taken, kept beside the journal.
struct ArchiveConfig {
    std::int64_t maxSizeBytes = 0;  ///< 0 = none is kept
    milliseconds maxAge = std::chrono::hours{24 * 30};
    std::int64_t minFreeBytes = 500LL << 20;  ///< left of the file system
};

struct HomeAssistantConfig {
    bool enabled = false;
    std::string prefix = "homeassistant";
};

struct LogConfig {
    log::Level level = log::Level::kInfo;
};

/// Where a key or table is set.
struct Location {
    std::string file;  ///< "": in no file, but set over MQTT
    int line = 1;

    bool operator==(const Location&) const = default;
};

/// Services keep a reference to the one that the agent has, and read it when they need it. A reload replaces what is in
/// it, and then calls onReload(before) of those services that have something to do about it.
struct Config {
    std::string file;                ///< the one that was asked for: "agent.toml"
    std::vector<std::string> files;  ///< all that were read, in this order: `file` and its pieces
    DeviceConfig device;
    MqttConfig mqtt;
    TopicsConfig topics;
    TelemetryConfig telemetry;
    std::vector<SensorConfig> sensors;
    CameraConfig camera;
    ImageConfig image;
    GpioConfig gpio;
    std::vector<ScheduleConfig> schedules;
    JournalConfig journal;
    ArchiveConfig archive;
    HomeAssistantConfig homeAssistant;
    LogConfig log;
    /// Where each key is set: "mqtt.password_file", "sensor[0].topic", and "sensor[0]" for the block itself. Only keys
    /// that a file sets; for messages.
    std::map<std::string, Location> locations;
    /// Every key that the command `set` may change, and its value as JSON: {"telemetry.interval", "\"10s\""}. A block
    /// is named by its name: "schedule.night.enabled".
    std::map<std::string, std::string> settings;
    /// What the files say about those whose value was changed over MQTT, as JSON. nullopt: only the files were read.
    std::optional<std::map<std::string, std::string>> overrides;
};

}  // namespace edge
