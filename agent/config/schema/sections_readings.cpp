// SPDX-License-Identifier: MIT
#include "config/schema/sections.hpp"
#include "config/schema/text_rules.hpp"

namespace edge {
namespace {

using std::chrono::hours;

constexpr milliseconds kMinInterval{100};
constexpr hours kMaxInterval{24};
constexpr std::size_t kMaxDeviceBytes = 4095;
constexpr double kMaxReading = 1e9;
constexpr double kMaxFactor = 1e6;

}  // namespace

Section<TelemetryConfig> telemetrySection() {
    Section<TelemetryConfig> section{"telemetry", Repeated::kNo, TelemetryConfig{}, {}};
    section.add("interval", &TelemetryConfig::interval, DurationRule{kMinInterval, kMaxInterval});
    section.add("on_boot", &TelemetryConfig::onBoot,
                ChoiceRule<OnBoot>{{{"resume", OnBoot::kResume}, {"start", OnBoot::kStart}, {"stop", OnBoot::kStop}}});
    return section;
}

Section<SensorConfig> sensorSection() {
    SensorConfig defaults;
    defaults.name = "room";
    Section<SensorConfig> section{"sensor", Repeated::kYes, defaults, {}};
    section.add("name", &SensorConfig::name, idRule(Empty::kRefused));
    section.add("type", &SensorConfig::type,
                ChoiceRule<SensorType>{{{"w1", SensorType::kW1},
                                        {"hwmon", SensorType::kHwmon},
                                        {"iio", SensorType::kIio},
                                        {"thermal", SensorType::kThermal},
                                        {"file", SensorType::kFile},
                                        {"simulated", SensorType::kSimulated}}});
    section.add("device", &SensorConfig::device, plainTextRule(kMaxDeviceBytes, Empty::kAllowed));
    section.add("topic", &SensorConfig::topic, topicRule(Empty::kAllowed));
    section.add("interval", &SensorConfig::interval,
                DurationRule{kMinInterval, kMaxInterval, milliseconds{1},
                             DurationWord{"", milliseconds{0}, "as telemetry.interval"}});
    section.add("format", &SensorConfig::format,
                ChoiceRule<ReadingFormat>{{{"integer", ReadingFormat::kInteger},
                                           {"decimal", ReadingFormat::kDecimal},
                                           {"json", ReadingFormat::kJson}}});
    section.add("scale", &SensorConfig::scale, RealRule{-kMaxFactor, kMaxFactor, false});
    section.add("offset", &SensorConfig::offset, RealRule{-kMaxReading, kMaxReading});
    section.add("min", &SensorConfig::min, RealRule{-kMaxReading, kMaxReading});
    section.add("max", &SensorConfig::max, RealRule{-kMaxReading, kMaxReading});
    return section;
}

Section<JournalConfig> journalSection() {
    Section<JournalConfig> section{"journal", Repeated::kNo, JournalConfig{}, {}};
    section.add("path", &JournalConfig::path, pathRule(Empty::kRefused));
    section.add(
        "readings", &JournalConfig::readings,
        ChoiceRule<KeepReadings>{
            {{"undelivered", KeepReadings::kUndelivered}, {"all", KeepReadings::kAll}, {"none", KeepReadings::kNone}}});
    section.add("flush", &JournalConfig::flush, DurationRule{milliseconds{100}, hours{1}});
    section.add("max_age", &JournalConfig::maxAge, DurationRule{hours{1}, hours{24 * 3650}});
    section.add("max_size", &JournalConfig::maxSizeBytes, SizeRule{1LL << 20, 64LL << 30});
    return section;
}

Section<LogConfig> logSection() {
    Section<LogConfig> section{"log", Repeated::kNo, LogConfig{}, {}};
    section.add("level", &LogConfig::level,
                ChoiceRule<log::Level>{{{"debug", log::Level::kDebug},
                                        {"info", log::Level::kInfo},
                                        {"warning", log::Level::kWarning},
                                        {"error", log::Level::kError}}});
    return section;
}

}  // namespace edge
