// SPDX-License-Identifier: MIT
#include "config/schema/schema.hpp"

#include <sys/un.h>

namespace edge {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxUsernameBytes = 1024;
constexpr std::size_t kMaxDeviceBytes = 4095;
constexpr std::size_t kMaxChipBytes = 255;
constexpr std::size_t kMaxChannelBytes = 255;
constexpr std::size_t kMaxUnitBytes = 32;
constexpr std::size_t kMaxSocketBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kMaxPacketBytes = 268'000'000;  // MQTT's own limit is 268,435,455, with the headers of the packet
constexpr milliseconds kDay = 24h;
constexpr milliseconds kMinInterval = 100ms;
constexpr std::int64_t kMiB = 1LL << 20;
constexpr std::int64_t kGiB = 1LL << 30;
constexpr double kMaxReading = 1e9;
constexpr double kMaxScale = 1e6;
constexpr double kMinLiveRate = 0.1;
constexpr double kMaxLiveRate = 30;

Keys deviceKeys(Config& config) {
    DeviceConfig& c = config.device;
    return {
        identifierKey("id", c.id, Empty::kAllowed, "host name and board"),
        textKey("name", c.name, kMaxNameBytes),
        realKey("latitude", c.place.latitude, -90, 90),
        realKey("longitude", c.place.longitude, -180, 180),
    };
}

Keys mqttKeys(Config& config) {
    MqttConfig& c = config.mqtt;
    return {
        serversKey("servers", c.servers),
        choiceKey("protocol", c.protocol, {"auto", "5", "3.1.1"}),
        usernameKey("username", c.username, kMaxUsernameBytes),
        passwordFileKey("password_file", c.passwordFile),
        // MQTT counts keep-alive and session expiry in whole seconds, the first in 16 bits.
        durationKey("keep_alive", c.keepAlive, 1s, 1h, 1s),
        durationKey("reconnect_min", c.reconnectMin, 100ms, 1h),
        durationKey("reconnect_max", c.reconnectMax, 100ms, kDay),
        durationKey("session_expiry", c.sessionExpiry, 0s, 365 * kDay, 1s),
        integerKey("qos", c.qos, 0, 2),
    };
}

Keys tlsKeys(Config& config) {
    TlsConfig& c = config.mqtt.tls;
    return {
        pathKey("ca_file", c.caFile, Empty::kAllowed),
        pathKey("cert_file", c.certFile, Empty::kAllowed),
        pathKey("key_file", c.keyFile, Empty::kAllowed),
    };
}

Keys topicsKeys(Config& config) {
    TopicsConfig& c = config.topics;
    c.base = "edge/{id}";
    return {
        topicKey("command", c.command, Empty::kAllowed),
        topicKey("base", c.base, Empty::kAllowed, kMaxTopicPrefixBytes),
    };
}

Keys telemetryKeys(Config& config) {
    TelemetryConfig& c = config.telemetry;
    return {
        settable(durationKey("interval", c.interval, kMinInterval, kDay)),
        choiceKey("on_boot", c.onBoot, {"resume", "start", "stop"}),
    };
}

Key quantityKey(SensorConfig& into) {
    std::vector<std::string> names;
    for (const QuantityInfo& info : kQuantities) names.emplace_back(info.name);
    return choiceKey("quantity", names, static_cast<std::size_t>(into.quantity), [&into](std::size_t index) {
        into.quantity = kQuantities[index].quantity;
        into.isQuantityGiven = true;
    });
}

Keys sensorKeys(Config& config) {
    SensorConfig& c = config.sensors.emplace_back();
    c.name = "room";
    return {
        identifierKey("name", c.name, Empty::kRefused),
        choiceKey("type", c.type, {kSensorTypeNames.begin(), kSensorTypeNames.end()}),
        textKey("device", c.device, kMaxDeviceBytes),
        quantityKey(c),
        textKey("channel", c.channel, kMaxChannelBytes),
        textKey("unit", c.unit, kMaxUnitBytes),
        topicKey("topic", c.topic, Empty::kAllowed),
        durationKey("interval", c.interval, kMinInterval, kDay, 1ms, DurationWord{"", 0s, "as telemetry.interval"}),
        choiceKey("format", c.format, {"integer", "decimal", "json"}),
        realKey("scale", c.scale, -kMaxScale, kMaxScale, false),
        realKey("offset", c.offset, -kMaxReading, kMaxReading),
        realKey("min", c.min, infoOf(c.quantity).min, kMaxReading),
        realKey("max", c.max, infoOf(c.quantity).max, kMaxReading),
    };
}

Keys cameraKeys(Config& config) {
    CameraConfig& c = config.camera;
    return {
        choiceKey("backend", c.backend, {kBackendNames.begin(), kBackendNames.end()}),
        textKey("device", c.device, kMaxDeviceBytes),
        integerKey("width", c.width, 64, 9152, 2),
        integerKey("height", c.height, 64, 6944, 2),
        integerKey("rotation", c.rotation, 0, 270, 90),
        choiceKey("flip", c.flip, {"none", "horizontal", "vertical"}),
        integerKey("frame_rate", c.frameRate, 0, 240, 1, "0 = the camera's own"),
        durationKey("keep_warm", c.keepWarm, 0s, kDay, 1ms,
                    DurationWord{"always", milliseconds::max(), "it never stops"}),
        durationKey("timeout", c.timeout, 100ms, 10min),
        flagKey("settle", c.settle),
        durationKey("settle_limit", c.settleLimit, 100ms, 1min),
        realKey("live_max_rate", c.liveMaxRate, kMinLiveRate, kMaxLiveRate),
        pathKey("socket", c.socket, Empty::kAllowed, kMaxSocketBytes),
        settable(cameraControlsKey("controls", c.controls)),
        areasKey("masks", c.masks),
    };
}

Keys motionKeys(Config& config) {
    MotionConfig& c = config.camera.motion;
    return {
        settable(flagKey("enabled", c.enabled)),
        durationKey("interval", c.interval, 100ms, 10s),
        settable(integerKey("sensitivity", c.sensitivity, 1, 100)),
        areasKey("areas", c.areas),
        settable(durationKey("cool_down", c.coolDown, 1s, kDay)),
        integerKey("before", c.before, 0, kMaxPicturesBefore),
    };
}

Keys imageKeys(Config& config) {
    ImageConfig& c = config.image;
    return {
        topicKey("topic", c.topic, Empty::kRefused),
        settable(integerKey("quality", c.quality, 1, 100)),
        settable(flagKey("timestamp", c.timestamp)),
        integerKey("max_bytes", c.maxBytes, 1'000, kMaxPacketBytes),
        sizeKey("keep_offline", c.keepOfflineBytes, 0, 64 * kGiB),
    };
}

Keys gpioOutputKeys(Config& config) {
    GpioOutputConfig& c = config.gpio.outputs.emplace_back();
    c.name = "led";
    c.line.offset = 17;
    c.role = OutputRole::kStatus;
    return {
        identifierKey("name", c.name, Empty::kRefused),
        textKey("chip", c.chip, kMaxChipBytes),
        gpioLineKey("line", c.line),
        flagKey("active_low", c.activeLow),
        flagKey("initial", c.initial),
        choiceKey("role", c.role, {"", "status"}),
    };
}

Keys gpioInputKeys(Config& config) {
    GpioInputConfig& c = config.gpio.inputs.emplace_back();
    c.name = "button";
    c.line.offset = 27;
    c.bias = GpioBias::kPullUp;
    c.activeLow = true;
    c.action = "capture";
    return {
        identifierKey("name", c.name, Empty::kRefused),
        textKey("chip", c.chip, kMaxChipBytes),
        gpioLineKey("line", c.line),
        choiceKey("bias", c.bias, {"as-is", "disabled", "pull-up", "pull-down"}),
        flagKey("active_low", c.activeLow),
        durationKey("debounce", c.debounce, 0s, 10s),
        // The commands of services/commands/command.cpp, which this module must not include.
        choiceKey("action", c.action, {"", "start", "stop", "capture", "cancel", "status"}),
    };
}

Keys scheduleKeys(Config& config) {
    ScheduleConfig& c = config.schedules.emplace_back();
    c.name = "timelapse";
    c.rule.every = 10min;
    return {
        identifierKey("name", c.name, Empty::kRefused),
        settable(flagKey("enabled", c.enabled)),
        durationKey("every", c.rule.every, 1s, 7 * kDay, 1s),
        dayTimesKey("at", c.rule.at),
        dayWindowKey("between", c.rule.between),
        weekdaysKey("days", c.rule.days),
        // The commands of services/commands/command.cpp that a schedule may carry out.
        actionKey("action", c.action, {"capture", "start", "stop"}),
    };
}

std::map<std::string, std::string>& scheduleOptions(Config& config) {
    return config.schedules.back().options;
}

Keys journalKeys(Config& config) {
    JournalConfig& c = config.journal;
    return {
        pathKey("path", c.path, Empty::kRefused),
        choiceKey("readings", c.readings, {"undelivered", "all", "none"}),
        durationKey("flush", c.flush, 100ms, 1h),
        durationKey("max_age", c.maxAge, 1h, 3650 * kDay),
        sizeKey("max_size", c.maxSizeBytes, kMiB, 64 * kGiB),
    };
}

Keys archiveKeys(Config& config) {
    ArchiveConfig& c = config.archive;
    return {
        sizeKey("max_size", c.maxSizeBytes, 0, 4096 * kGiB),
        durationKey("max_age", c.maxAge, 1h, 3650 * kDay),
        sizeKey("min_free", c.minFreeBytes, 0, 4096 * kGiB),
    };
}

Keys homeAssistantKeys(Config& config) {
    HomeAssistantConfig& c = config.homeAssistant;
    return {
        flagKey("enabled", c.enabled),
        topicKey("prefix", c.prefix, Empty::kRefused, kMaxTopicPrefixBytes),
    };
}

Keys logKeys(Config& config) {
    return {settable(choiceKey("level", config.log.level, {"debug", "info", "warning", "error"}))};
}

}  // namespace

const std::vector<Table>& tables() {
    static const std::vector<Table> all{
        {"device", false, deviceKeys},
        {"mqtt", false, mqttKeys},
        {"mqtt.tls", false, tlsKeys},
        {"topics", false, topicsKeys},
        {"telemetry", false, telemetryKeys},
        {"sensor", true, sensorKeys},
        {"camera", false, cameraKeys},
        {"camera.motion", false, motionKeys},
        {"image", false, imageKeys},
        {"gpio.output", true, gpioOutputKeys},
        {"gpio.input", true, gpioInputKeys},
        {"schedule", true, scheduleKeys, scheduleOptions},
        {"journal", false, journalKeys},
        {"archive", false, archiveKeys},
        {"home_assistant", false, homeAssistantKeys},
        {"log", false, logKeys},
    };
    return all;
}

}  // namespace edge
