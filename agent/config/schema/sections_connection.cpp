// SPDX-License-Identifier: MIT
#include "config/schema/sections.hpp"
#include "config/schema/server_address.hpp"
#include "config/schema/text_rules.hpp"

namespace edge {
namespace {

using std::chrono::hours;

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxUsernameBytes = 1024;

}  // namespace

Section<DeviceConfig> deviceSection() {
    Section<DeviceConfig> section{"device", Repeated::kNo, DeviceConfig{}, {}};
    section.add("id", &DeviceConfig::id, idRule(Empty::kAllowed, "host name and board"));
    section.add("name", &DeviceConfig::name, plainTextRule(kMaxNameBytes, Empty::kAllowed));
    return section;
}

Section<MqttConfig> mqttSection() {
    // MQTT counts keep-alive and session expiry in whole seconds, the first in 16 bits.
    constexpr seconds kWhole{1};
    Section<MqttConfig> section{"mqtt", Repeated::kNo, MqttConfig{}, {}};
    section.add("servers", &MqttConfig::servers, ServersRule{});
    section.add("protocol", &MqttConfig::protocol,
                ChoiceRule<Protocol>{{{"auto", Protocol::kAuto}, {"5", Protocol::kV5}, {"3.1.1", Protocol::kV311}}});
    section.add("username", &MqttConfig::username, plainTextRule(kMaxUsernameBytes, Empty::kAllowed));
    section.add("password_file", &MqttConfig::passwordFile, passwordFileRule());
    section.add("keep_alive", &MqttConfig::keepAlive, DurationRule{seconds{1}, hours{1}, kWhole});
    section.add("reconnect_min", &MqttConfig::reconnectMin, DurationRule{milliseconds{100}, hours{1}});
    section.add("reconnect_max", &MqttConfig::reconnectMax, DurationRule{milliseconds{100}, hours{24}});
    section.add("session_expiry", &MqttConfig::sessionExpiry, DurationRule{seconds{0}, hours{24 * 365}, kWhole});
    section.add("qos", &MqttConfig::qos, IntegerRule{0, 2});
    return section;
}

Section<TlsConfig> tlsSection() {
    Section<TlsConfig> section{"mqtt.tls", Repeated::kNo, TlsConfig{}, {}};
    section.add("ca_file", &TlsConfig::caFile, pathRule(Empty::kAllowed));
    section.add("cert_file", &TlsConfig::certFile, pathRule(Empty::kAllowed));
    section.add("key_file", &TlsConfig::keyFile, pathRule(Empty::kAllowed));
    return section;
}

Section<TopicsConfig> topicsSection() {
    TopicsConfig defaults;
    defaults.base = "edge/{id}";
    Section<TopicsConfig> section{"topics", Repeated::kNo, defaults, {}};
    section.add("command", &TopicsConfig::command, topicRule(Empty::kAllowed));
    section.add("base", &TopicsConfig::base, topicRule(Empty::kAllowed, kMaxTopicPrefixBytes));
    return section;
}

Section<HomeAssistantConfig> homeAssistantSection() {
    Section<HomeAssistantConfig> section{"home_assistant", Repeated::kNo, HomeAssistantConfig{}, {}};
    section.add("enabled", &HomeAssistantConfig::enabled, FlagRule{});
    section.add("prefix", &HomeAssistantConfig::prefix, topicRule(Empty::kRefused, kMaxTopicPrefixBytes));
    return section;
}

}  // namespace edge
