// SPDX-License-Identifier: MIT
#include "doctor/doctor.hpp"

#include <ostream>
#include <utility>

#include "core/system/log.hpp"
#include "doctor/checks/checks.hpp"
#include "services/telemetry/reading_format.hpp"

namespace edge {
namespace {

/// What the agent would publish: true values, each on its own topics. A simulated one is no reason to disturb anybody.
std::vector<Publication> publicationsOf(const Config& config, const std::map<std::string, double>& values,
                                        std::optional<Picture> picture, AgentState agent) {
    std::vector<Publication> all;
    for (const SensorConfig& sensor : config.sensors) {
        const auto value = values.find(sensor.name);
        if (value == values.end() || sensor.type == SensorType::kSimulated) continue;
        ReadingRecord reading;
        reading.time = SystemClock().wallNow();
        describeReading(reading, sensor);
        reading.value = value->second;
        reading.bootId = "doctor";
        if (!config.topics.base.empty())
            all.push_back({config.topics.base + "/sensor/" + sensor.name, formatReadingJson(reading)});
        if (!sensor.topic.empty()) all.push_back({sensor.topic, formatReading(reading, sensor.format)});
    }
    if (picture && config.camera.backend == CameraBackend::kLibcamera)
        all.push_back({config.image.topic, std::move(picture->jpeg)});
    // One that runs would be answering somebody, and tells what it has been denied.
    if (!config.topics.base.empty() && agent != AgentState::kRunning)
        all.push_back({config.topics.base + "/response", R"({"status":"ok","command":"doctor","data":{}})"});
    return all;
}

}  // namespace

int runDoctor(const std::string& configPath, ReportStyle style, std::ostream& out) {
    log::setLevel(log::Level::kError);
    const Machine machine;
    std::optional<Config> config;
    std::optional<std::string> password;
    Findings findings = checkConfiguration(configPath, config, password);
    if (config) {
        std::map<std::string, double> values;
        std::optional<Picture> picture;
        append(findings, checkCertificates(*config, SystemClock().wallNow()));
        append(findings, checkClock(*config, SystemClock().wallState()));
        append(findings, checkSensors(*config, machine, values));
        append(findings, checkCameraDevices(*config, machine));
        append(findings, checkCameraPicture(*config, picture));
        const auto port = makeGpiodPort();
        append(findings, checkGpio(*config, *port));
        const AgentState agent = stateOfAgent(*config, machine);
        Announcements announcements;
        append(findings, checkBroker(*config, password, publicationsOf(*config, values, std::move(picture), agent),
                                     agent, announcements));
        if (agent == AgentState::kRunning) append(findings, checkCommands(*config));
        append(findings, checkOthers(*config, agent, announcements));
        append(findings, checkJournal(*config));
        append(findings, checkArchive(*config));
        append(findings, checkService(*config, machine));
    }
    append(findings, checkPower(machine));
    printReport(findings, style, out);
    return exitCodeOf(findings);
}

}  // namespace edge
