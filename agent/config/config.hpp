// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/log.hpp"
#include "core/time.hpp"

namespace edge {

/// The configuration, checked and complete: every value is in its range, `{id}` is replaced in every topic, names are
/// unique. Defaults are the ones a configuration file that says nothing gets. What each key means for a person is in
/// docs/configuration.md.
struct DeviceConfig {
    std::string id;    ///< letters, digits, '_' and '-'; never empty after loading
    std::string name;  ///< never empty after loading
};

enum class Scheme { kMqtt, kMqtts, kWs, kWss };

struct ServerAddress {
    Scheme scheme = Scheme::kMqtt;
    std::string host = "localhost";  ///< a name, an IPv4 address, or an IPv6 address without brackets
    std::uint16_t port = 1883;
    std::string path;  ///< of a websocket, with its leading '/'; "" = the library's default ("/mqtt")

    bool operator==(const ServerAddress&) const = default;
};
/// "mqtts://broker.example:8883", as a person wrote it.
std::string toString(const ServerAddress& address);

enum class Protocol { kAuto, kV5, kV311 };

struct TlsConfig {
    std::string caFile;
    std::string certFile;
    std::string keyFile;

    bool operator==(const TlsConfig&) const = default;
};

struct MqttConfig {
    std::vector<ServerAddress> servers{ServerAddress{}};
    Protocol protocol = Protocol::kAuto;
    std::string username;
    std::string passwordFile;  ///< with a '/': a path; else the name of a systemd credential; the secret is not in here
    milliseconds keepAlive = seconds{20};
    milliseconds reconnectMin = seconds{1};
    milliseconds reconnectMax = seconds{60};
    milliseconds sessionExpiry = std::chrono::hours{1};
    int qos = 1;
    TlsConfig tls;

    bool operator==(const MqttConfig&) const = default;
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

enum class SensorType { kW1, kHwmon, kIio, kThermal, kFile, kSimulated };
enum class ReadingFormat { kInteger, kDecimal, kJson };

struct SensorConfig {
    std::string name;
    SensorType type = SensorType::kW1;
    std::string device;
    std::string topic;         ///< "" = only under topics.base
    milliseconds interval{0};  ///< 0 = telemetry.interval
    ReadingFormat format = ReadingFormat::kInteger;
    double scale = 1.0;
    double offset = 0.0;
    double min = -55.0;
    double max = 125.0;

    bool operator==(const SensorConfig&) const = default;
};

enum class CameraBackend { kLibcamera, kReplay, kPattern, kNone };
enum class Flip { kNone, kHorizontal, kVertical };

/// A libcamera control's value as TOML gives it; an array is one of numbers.
using ControlValue = std::variant<bool, std::int64_t, double, std::string, std::vector<double>>;

/// A part of the picture as people see it, in per cent of its width and height.
struct MotionArea {
    int left = 0;
    int top = 0;
    int width = 100;
    int height = 100;

    bool operator==(const MotionArea&) const = default;
};

struct MotionConfig {
    bool enabled = false;
    milliseconds interval{500};
    int sensitivity = 50;           ///< 1 … 100
    std::vector<MotionArea> areas;  ///< empty = the whole picture
    milliseconds coolDown = seconds{10};

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
    std::string socket;  ///< "" = the agent starts pi-edge-camera itself
    std::map<std::string, ControlValue> controls;
    MotionConfig motion;

    bool operator==(const CameraConfig&) const = default;
};

struct ImageConfig {
    std::string topic = "jpeg";
    /// The file's topic has no `{id}`, nor the id as a level: other devices may publish there too.
    bool isTopicShared = true;
    int quality = 90;
    bool timestamp = false;
    std::int64_t maxBytes = 900'000;
    std::int64_t keepOfflineBytes = 64LL << 20;  ///< of pictures taken without a connection; 0 = none is kept
};

enum class GpioBias { kAsIs, kDisabled, kPullUp, kPullDown };
enum class OutputRole { kFree, kStatus };

/// A line by its offset on the chip, or by its name; exactly one is set.
struct GpioLine {
    int offset = -1;
    std::string name;

    bool operator==(const GpioLine&) const = default;
};

struct GpioOutputConfig {
    std::string name;
    std::string chip;
    GpioLine line;
    bool activeLow = false;
    bool initial = false;
    OutputRole role = OutputRole::kFree;

    bool operator==(const GpioOutputConfig&) const = default;
};

struct GpioInputConfig {
    std::string name;
    std::string chip;
    GpioLine line;
    GpioBias bias = GpioBias::kAsIs;
    bool activeLow = false;
    milliseconds debounce{20};
    std::string action;  ///< "" or the word of a command

    bool operator==(const GpioInputConfig&) const = default;
};

struct GpioConfig {
    std::vector<GpioOutputConfig> outputs;
    std::vector<GpioInputConfig> inputs;

    bool operator==(const GpioConfig&) const = default;
};

enum class KeepReadings { kUndelivered, kAll, kNone };

struct JournalConfig {
    std::string path = "/var/lib/pi-edge-agent/journal.db";
    KeepReadings readings = KeepReadings::kUndelivered;
    milliseconds flush = seconds{60};
    milliseconds maxAge = std::chrono::hours{24 * 30};
    std::int64_t maxSizeBytes = 16LL << 20;

    bool operator==(const JournalConfig&) const = default;
};

struct HomeAssistantConfig {
    bool enabled = false;
    std::string prefix = "homeassistant";
};

struct LogConfig {
    log::Level level = log::Level::kInfo;
};

/// Services keep a reference to the one that the agent has, and read it when they need it. A reload replaces what is in
/// it, and then calls onReload(before) of those services that have something to do about it.
struct Config {
    std::string file;  ///< where it was read from
    DeviceConfig device;
    MqttConfig mqtt;
    TopicsConfig topics;
    TelemetryConfig telemetry;
    std::vector<SensorConfig> sensors;
    CameraConfig camera;
    ImageConfig image;
    GpioConfig gpio;
    JournalConfig journal;
    HomeAssistantConfig homeAssistant;
    LogConfig log;
    /// Where in `file` each key stands: "mqtt.password_file", "sensor[0].topic", and "sensor[0]" for the block itself.
    /// Only keys that the file sets; for messages.
    std::map<std::string, int> lines;
};

}  // namespace edge
