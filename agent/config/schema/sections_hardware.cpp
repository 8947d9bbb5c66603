// SPDX-License-Identifier: MIT
#include "config/schema/areas_rule.hpp"
#include "config/schema/controls_rule.hpp"
#include "config/schema/line_rule.hpp"
#include "config/schema/sections.hpp"
#include "config/schema/text_rules.hpp"

namespace edge {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::size_t kMaxDeviceBytes = 4095;
constexpr std::size_t kMaxChipBytes = 255;
constexpr int kMaxPacketBytes = 268'000'000;  // MQTT's own limit is 268,435,455, with the packet's headers

}  // namespace

Section<CameraConfig> cameraSection() {
    Section<CameraConfig> section{"camera", Repeated::kNo, CameraConfig{}, {}};
    section.add("backend", &CameraConfig::backend,
                ChoiceRule<CameraBackend>{{{"libcamera", CameraBackend::kLibcamera},
                                           {"replay", CameraBackend::kReplay},
                                           {"pattern", CameraBackend::kPattern},
                                           {"none", CameraBackend::kNone}}});
    section.add("device", &CameraConfig::device, plainTextRule(kMaxDeviceBytes, Empty::kAllowed));
    section.add("width", &CameraConfig::width, IntegerRule{64, 9152, 2});
    section.add("height", &CameraConfig::height, IntegerRule{64, 6944, 2});
    section.add("rotation", &CameraConfig::rotation, NumberChoiceRule{{0, 90, 180, 270}});
    section.add(
        "flip", &CameraConfig::flip,
        ChoiceRule<Flip>{{{"none", Flip::kNone}, {"horizontal", Flip::kHorizontal}, {"vertical", Flip::kVertical}}});
    section.add("frame_rate", &CameraConfig::frameRate, IntegerRule{0, 240, 1, "0 = the camera's own"});
    section.add("keep_warm", &CameraConfig::keepWarm,
                DurationRule{seconds{0}, hours{24}, milliseconds{1},
                             DurationWord{"always", milliseconds::max(), "it never stops"}});
    section.add("timeout", &CameraConfig::timeout, DurationRule{milliseconds{100}, minutes{10}});
    section.add("socket", &CameraConfig::socket, socketRule());
    section.add("controls", &CameraConfig::controls, ControlsRule{});
    return section;
}

Section<MotionConfig> motionSection() {
    Section<MotionConfig> section{"camera.motion", Repeated::kNo, MotionConfig{}, {}};
    section.add("enabled", &MotionConfig::enabled, FlagRule{});
    section.add("interval", &MotionConfig::interval, DurationRule{milliseconds{100}, seconds{10}});
    section.add("sensitivity", &MotionConfig::sensitivity, IntegerRule{1, 100});
    section.add("areas", &MotionConfig::areas, AreasRule{});
    section.add("cool_down", &MotionConfig::coolDown, DurationRule{seconds{1}, hours{24}});
    return section;
}

Section<ImageConfig> imageSection() {
    Section<ImageConfig> section{"image", Repeated::kNo, ImageConfig{}, {}};
    section.add("topic", &ImageConfig::topic, topicRule(Empty::kRefused));
    section.add("quality", &ImageConfig::quality, IntegerRule{1, 100});
    section.add("timestamp", &ImageConfig::timestamp, FlagRule{});
    section.add("max_bytes", &ImageConfig::maxBytes, IntegerRule{1'000, kMaxPacketBytes});
    section.add("keep_offline", &ImageConfig::keepOfflineBytes, SizeRule{0, 64LL << 30});
    return section;
}

Section<GpioOutputConfig> gpioOutputSection() {
    GpioOutputConfig defaults;
    defaults.name = "led";
    defaults.line.offset = 17;
    defaults.role = OutputRole::kStatus;
    Section<GpioOutputConfig> section{"gpio.output", Repeated::kYes, defaults, {}};
    section.add("name", &GpioOutputConfig::name, idRule(Empty::kRefused));
    section.add("chip", &GpioOutputConfig::chip, plainTextRule(kMaxChipBytes, Empty::kAllowed));
    section.add("line", &GpioOutputConfig::line, LineRule{});
    section.add("active_low", &GpioOutputConfig::activeLow, FlagRule{});
    section.add("initial", &GpioOutputConfig::initial, FlagRule{});
    section.add("role", &GpioOutputConfig::role,
                ChoiceRule<OutputRole>{{{"", OutputRole::kFree}, {"status", OutputRole::kStatus}}});
    return section;
}

Section<GpioInputConfig> gpioInputSection() {
    GpioInputConfig defaults;
    defaults.name = "button";
    defaults.line.offset = 27;
    defaults.bias = GpioBias::kPullUp;
    defaults.activeLow = true;
    defaults.action = "capture";
    Section<GpioInputConfig> section{"gpio.input", Repeated::kYes, defaults, {}};
    section.add("name", &GpioInputConfig::name, idRule(Empty::kRefused));
    section.add("chip", &GpioInputConfig::chip, plainTextRule(kMaxChipBytes, Empty::kAllowed));
    section.add("line", &GpioInputConfig::line, LineRule{});
    section.add("bias", &GpioInputConfig::bias,
                ChoiceRule<GpioBias>{{{"as-is", GpioBias::kAsIs},
                                      {"disabled", GpioBias::kDisabled},
                                      {"pull-up", GpioBias::kPullUp},
                                      {"pull-down", GpioBias::kPullDown}}});
    section.add("active_low", &GpioInputConfig::activeLow, FlagRule{});
    section.add("debounce", &GpioInputConfig::debounce, DurationRule{milliseconds{0}, seconds{10}});
    // The words of services/command_table.cpp, which a room below must not include.
    section.add("action", &GpioInputConfig::action, wordRule({"start", "stop", "capture", "cancel", "status"}));
    return section;
}

}  // namespace edge
