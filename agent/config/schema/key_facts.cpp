// SPDX-License-Identifier: MIT
#include "config/schema/key_facts.hpp"

#include "config/schema/sections.hpp"

namespace edge {
namespace {

template <typename S>
void append(std::vector<KeyFacts>& all, const Section<S>& section) {
    for (const Key<S>& key : section.keys) all.push_back(key.facts);
}

}  // namespace

std::vector<KeyFacts> allKeys() {
    std::vector<KeyFacts> all;
    append(all, deviceSection());
    append(all, mqttSection());
    append(all, tlsSection());
    append(all, topicsSection());
    append(all, telemetrySection());
    append(all, sensorSection());
    append(all, cameraSection());
    append(all, motionSection());
    append(all, imageSection());
    append(all, gpioOutputSection());
    append(all, gpioInputSection());
    append(all, journalSection());
    append(all, homeAssistantSection());
    append(all, logSection());
    return all;
}

}  // namespace edge
