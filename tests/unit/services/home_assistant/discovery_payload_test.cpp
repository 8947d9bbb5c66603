// SPDX-License-Identifier: MIT
#include "services/home_assistant/discovery_payload.hpp"

#include <map>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/version.hpp"

namespace edge {
namespace {

using Json = nlohmann::json;

Config makeConfig() {
    Config config;
    config.device = {"Garden-Pi", "Garden"};
    config.topics.base = "edge/Garden-Pi";
    config.homeAssistant.enabled = true;
    SensorConfig room;
    room.name = "room";
    config.sensors.push_back(room);
    return config;
}

Json payload(const Config& config, std::optional<milliseconds> interval = seconds{2},
             const DiscoveredComponents& known = {}) {
    Identity identity;
    identity.model = "Raspberry Pi 4 Model B Rev 1.4";
    return Json::parse(makeDiscovery(config, identity, interval, {}, known).json);
}

TEST(DiscoveryPayload, NamesTheDeviceItsOriginAndItsAvailability) {
    const Json json = payload(makeConfig());

    EXPECT_EQ(json["dev"], Json({{"ids", {"Garden-Pi"}},
                                 {"name", "Garden"},
                                 {"sw", kVersion},
                                 {"mdl", "Raspberry Pi 4 Model B Rev 1.4"},
                                 {"mf", "Raspberry Pi"}}));
    EXPECT_EQ(json["o"]["name"], "pi-edge-agent");
    EXPECT_EQ(json["avty"], Json::array({{{"t", "edge/Garden-Pi/status"}}}));
    EXPECT_EQ(json["avty_mode"], "all");
}

TEST(DiscoveryPayload, AnUnknownModelIsLeftOut) {
    Identity identity;
    identity.model = "unknown";

    const Json device = Json::parse(makeDiscovery(makeConfig(), identity, std::nullopt, {}, {}).json)["dev"];

    EXPECT_FALSE(device.contains("mdl"));
    EXPECT_FALSE(device.contains("mf"));
}

TEST(DiscoveryPayload, EveryComponentHasItsOwnQos) {
    const Json json = payload(makeConfig());

    for (const auto& [key, component] : json["cmps"].items()) EXPECT_EQ(component["qos"], 1) << key;
    EXPECT_FALSE(json.contains("qos"));
}

TEST(DiscoveryPayload, ASensorHasItsClassUnitStateClassAndPrecision) {
    const Json sensor = payload(makeConfig())["cmps"]["sensor_room"];

    EXPECT_EQ(sensor["p"], "sensor");
    EXPECT_EQ(sensor["unique_id"], "Garden-Pi_sensor_room");
    EXPECT_EQ(sensor["default_entity_id"], "sensor.garden_pi_sensor_room");
    EXPECT_EQ(sensor["state_topic"], "edge/Garden-Pi/sensor/room");
    EXPECT_EQ(sensor["device_class"], "temperature");
    EXPECT_EQ(sensor["unit_of_measurement"], "°C");
    EXPECT_EQ(sensor["state_class"], "measurement");
    EXPECT_EQ(sensor["suggested_display_precision"], 1);
    EXPECT_EQ(sensor["availability"],
              Json::array({{{"topic", "edge/Garden-Pi/status"}}, {{"topic", "edge/Garden-Pi/sensor/room/status"}}}));
    EXPECT_EQ(sensor["availability_mode"], "all");
}

TEST(DiscoveryPayload, AValueExpiresOnlyWhileItIsPublished) {
    Config config = makeConfig();
    SensorConfig slow = config.sensors.front();
    slow.name = "slow";
    slow.interval = std::chrono::minutes{10};
    config.sensors.push_back(slow);

    const Json running = payload(config, seconds{20})["cmps"];
    EXPECT_EQ(running["sensor_room"]["expire_after"], 60);
    EXPECT_EQ(running["sensor_slow"]["expire_after"], 1800);
    EXPECT_EQ(payload(config, milliseconds{100})["cmps"]["sensor_room"]["expire_after"], 30);
    EXPECT_FALSE(payload(config, std::nullopt)["cmps"]["sensor_room"].contains("expire_after"));
}

TEST(DiscoveryPayload, PicturesComeFromATopicOfTheDevicesOwn) {
    Config config = makeConfig();
    EXPECT_EQ(payload(config)["cmps"]["camera"]["topic"], "edge/Garden-Pi/jpeg");
    EXPECT_EQ(payload(config)["cmps"]["image"]["image_topic"], "edge/Garden-Pi/jpeg");

    config.image.topic = "Garden-Pi/picture";
    config.image.isTopicShared = false;
    EXPECT_EQ(discoveryImageTopic(config), "");
    EXPECT_EQ(payload(config)["cmps"]["camera"]["topic"], "Garden-Pi/picture");
}

TEST(DiscoveryPayload, WithoutACameraThereIsNothingToSeeOrPress) {
    Config config = makeConfig();
    config.camera.backend = CameraBackend::kNone;
    const Json components = payload(config)["cmps"];
    for (const char* key : {"camera", "image", "capture", "live", "live_camera"})
        EXPECT_FALSE(components.contains(key)) << key;
    EXPECT_EQ(discoveryImageTopic(config), "");
}

TEST(DiscoveryPayload, GpioIsSwitchesWhereItIsFreeAndStatesElsewhere) {
    Config config = makeConfig();
    GpioInputConfig button;
    button.name = "door";
    config.gpio.inputs.push_back(button);
    GpioOutputConfig lamp;
    lamp.name = "lamp";
    config.gpio.outputs.push_back(lamp);
    GpioOutputConfig led;
    led.name = "led";
    led.role = OutputRole::kStatus;
    config.gpio.outputs.push_back(led);

    const Json components = payload(config)["cmps"];
    EXPECT_EQ(components["gpio_door"]["p"], "binary_sensor");
    EXPECT_EQ(components["gpio_lamp"]["p"], "switch");
    EXPECT_EQ(components["gpio_lamp"]["command_topic"], "edge/Garden-Pi/gpio/lamp/set");
    EXPECT_EQ(components["gpio_led"]["p"], "binary_sensor");
    EXPECT_FALSE(components["gpio_led"].contains("command_topic"));
}

TEST(DiscoveryPayload, ASchedulesSwitchAndNextTurnComeAndGoWithIt) {
    Config config = makeConfig();
    config.schedules.emplace_back().name = "lapse";

    Json components = payload(config)["cmps"];
    EXPECT_EQ(components["schedule_lapse"]["p"], "switch");
    EXPECT_EQ(components["schedule_lapse"]["command_topic"], "edge/Garden-Pi/schedule/lapse/enabled/set");
    EXPECT_EQ(components["schedule_lapse"]["state_topic"], "edge/Garden-Pi/schedule/lapse/enabled");
    EXPECT_EQ(components["next_turn_lapse"]["p"], "sensor");
    EXPECT_EQ(components["next_turn_lapse"]["device_class"], "timestamp");
    EXPECT_EQ(components["next_turn_lapse"]["state_topic"], "edge/Garden-Pi/schedule/lapse/next");

    const DiscoveryPayload gone = makeDiscovery(makeConfig(), {}, std::nullopt, {},
                                                {{"schedule_lapse", "switch"}, {"next_turn_lapse", "sensor"}});
    components = Json::parse(gone.json)["cmps"];
    EXPECT_EQ(components["schedule_lapse"], Json({{"p", "switch"}}));
    EXPECT_EQ(components["next_turn_lapse"], Json({{"p", "sensor"}}));
}

TEST(DiscoveryPayload, UnitAndDeviceClassAreThoseOfTheQuantity) {
    // Pairs that Home Assistant accepts: its documentation of the sensor integration, "Available device classes".
    const std::map<std::string, std::pair<std::string, std::string>> accepted{
        {"temperature", {"temperature", "°C"}},
        {"humidity", {"humidity", "%"}},
        {"pressure", {"atmospheric_pressure", "hPa"}},
        {"illuminance", {"illuminance", "lx"}},
        {"voltage", {"voltage", "V"}},
        {"current", {"current", "A"}},
        {"power", {"power", "W"}},
        {"distance", {"distance", "m"}},
        {"co2", {"carbon_dioxide", "ppm"}},
        {"resistance", {"", "Ω"}},
        {"fan", {"", "rpm"}},
        {"number", {"", "g"}}};
    Config config = makeConfig();
    config.sensors.clear();
    for (const QuantityInfo& info : kQuantities) {
        SensorConfig sensor;
        sensor.name = info.name;
        sensor.quantity = info.quantity;
        if (info.quantity == Quantity::kNumber) sensor.unit = "g";
        config.sensors.push_back(sensor);
    }

    const Json components = payload(config)["cmps"];
    for (const auto& [name, pair] : accepted) {
        const Json& component = components.at("sensor_" + name);
        EXPECT_EQ(component.value("device_class", ""), pair.first) << name;
        EXPECT_EQ(component["unit_of_measurement"], pair.second) << name;
        EXPECT_EQ(component["state_class"], "measurement") << name;
    }
}

TEST(DiscoveryPayload, OffersWhatTheBoardHas) {
    const Json without = payload(makeConfig())["cmps"];
    for (const char* key : {"diagnostic_cpu_temperature", "diagnostic_wifi", "diagnostic_undervoltage"})
        EXPECT_FALSE(without.contains(key)) << key;

    const BoardParts board{.hasTemperature = true, .hasWifi = true, .hasPowerFlags = true};
    const DiscoveryPayload made = makeDiscovery(makeConfig(), {}, std::nullopt, board, {});
    const Json with = Json::parse(made.json)["cmps"];
    EXPECT_EQ(with["diagnostic_wifi"]["unit_of_measurement"], "dBm");
    EXPECT_EQ(with["diagnostic_wifi"]["value_template"], "{{ value_json.board.get('wifi', {}).get('signal_dbm') }}")
        << "no error where the health has no Wi-Fi for a while";
    EXPECT_EQ(with["diagnostic_undervoltage"]["device_class"], "problem");
    EXPECT_EQ(with["diagnostic_throttled"]["p"], "binary_sensor");
    EXPECT_EQ(with["diagnostic_cpu_temperature"]["device_class"], "temperature");
    EXPECT_EQ(makeDiscovery(makeConfig(), {}, std::nullopt, {}, made.components).json, made.json)
        << "a restart offers it again before it has looked, and a Wi-Fi that is away comes back";
}

TEST(DiscoveryPayload, WhatIsRemovedIsNamedWithItsPlatformAlone) {
    const DiscoveryPayload made =
        makeDiscovery(makeConfig(), {}, std::nullopt, {}, {{"sensor_old", "sensor"}, {"sensor_room", "sensor"}});

    const Json components = Json::parse(made.json)["cmps"];
    EXPECT_EQ(components["sensor_old"], Json({{"p", "sensor"}}));
    EXPECT_TRUE(components["sensor_room"].contains("state_topic"));
    EXPECT_EQ(made.components.at("sensor_old"), "sensor");
    EXPECT_EQ(made.components.at("publishing"), "switch");
}

TEST(DiscoveryPayload, ANameThatChangesItsPlatformGetsAnotherKey) {
    Config config = makeConfig();
    GpioOutputConfig lamp;
    lamp.name = "lamp";
    lamp.role = OutputRole::kStatus;
    config.gpio.outputs.push_back(lamp);

    const DiscoveryPayload changed = makeDiscovery(config, {}, std::nullopt, {}, {{"gpio_lamp", "switch"}});
    const Json components = Json::parse(changed.json)["cmps"];
    EXPECT_EQ(components["gpio_lamp"], Json({{"p", "switch"}}));
    EXPECT_EQ(components["gpio_lamp.binary_sensor"]["unique_id"], "Garden-Pi_gpio_lamp");
    EXPECT_EQ(makeDiscovery(config, {}, std::nullopt, {}, changed.components).json, changed.json) << "its key stays";

    config.gpio.outputs[0].role = OutputRole::kFree;
    const Json back = payload(config, std::nullopt, changed.components)["cmps"];
    EXPECT_TRUE(back["gpio_lamp"].contains("command_topic"));
    EXPECT_EQ(back["gpio_lamp.binary_sensor"], Json({{"p", "binary_sensor"}}));
}

}  // namespace
}  // namespace edge
