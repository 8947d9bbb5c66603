// SPDX-License-Identifier: MIT
#pragma once

#include "config/config.hpp"
#include "config/schema/key.hpp"

/// One function a table of the file: its keys, what they may be and what they are when left out. Nothing else in the
/// program knows a key, a range or a default.
namespace edge {

Section<DeviceConfig> deviceSection();
Section<MqttConfig> mqttSection();
Section<TlsConfig> tlsSection();
Section<TopicsConfig> topicsSection();
Section<TelemetryConfig> telemetrySection();
Section<SensorConfig> sensorSection();
Section<CameraConfig> cameraSection();
Section<MotionConfig> motionSection();
Section<ImageConfig> imageSection();
Section<GpioOutputConfig> gpioOutputSection();
Section<GpioInputConfig> gpioInputSection();
Section<JournalConfig> journalSection();
Section<HomeAssistantConfig> homeAssistantSection();
Section<LogConfig> logSection();

}  // namespace edge
