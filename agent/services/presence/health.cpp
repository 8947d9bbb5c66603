// SPDX-License-Identifier: MIT
#include "services/presence/health.hpp"

#include <unistd.h>

#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

/// Only what differs from all that MQTT has.
Json limitsOf(const BrokerLimits& limits) {
    const BrokerLimits all;
    Json json = Json::object();
    if (limits.subscribeQos != all.subscribeQos) json["subscribe_qos"] = static_cast<int>(limits.subscribeQos);
    if (limits.publishQos != all.publishQos) json["publish_qos"] = static_cast<int>(limits.publishQos);
    if (!limits.retain) json["retain"] = false;
    if (!limits.willRetain) json["will_retain"] = false;
    if (limits.keepAlive.count() > 0) json["keep_alive_s"] = std::chrono::ceil<seconds>(limits.keepAlive).count();
    if (limits.packetSize != BrokerLimits::kAnyPacketSize) json["packet_size"] = limits.packetSize;
    return json;
}

Json connectionOf(const HealthReport& report) {
    const SessionHealth& session = report.session;
    Json json{{"online", report.connection != nullptr},
              {"connects", session.connects},
              {"failures", session.failures},
              {"last_failure", session.lastFailure},
              {"denied_topics", session.deniedTopics},
              {"waiting", session.waiting},
              {"dropped_replies", session.droppedReplies}};
    if (report.connection != nullptr) {
        json["server"] = report.connection->server;
        const BrokerLimits& limits = report.connection->limits;
        json["protocol"] = limits.protocolVersion == 5 ? "5" : "3.1.1";
        json["maximum_packet_size"] = limits.packetSize == BrokerLimits::kAnyPacketSize ? 0 : limits.packetSize;
        json["limits"] = limitsOf(limits);
    }
    return json;
}

/// What "delivered" means: at QoS 0 a message is not acknowledged.
const char* deliveredMeans(const HealthReport& report) {
    const bool isLowered = report.connection != nullptr && report.connection->limits.publishQos == Qos::kAtMostOnce;
    return report.qos == Qos::kAtMostOnce || isLowered ? "written to the network" : "acknowledged by the broker";
}

double secondsOf(milliseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

Json readingsOf(const HealthReport& report) {
    const ReadingCounters& readings = report.readings;
    return {{"publishing", report.isPublishing},
            {"interval_s", secondsOf(report.interval)},
            {"produced", readings.produced},
            {"delivered", readings.delivered},
            {"under_way", readings.underWay},
            {"journaled", readings.journaled},
            {"dropped", readings.dropped + report.journal.droppedReadings},
            {"queued", report.journal.queuedReadings},
            {"backlog_delivered", readings.backlogDelivered},
            {"delivered_means", deliveredMeans(report)}};
}

/// `toJson` of each.
template <typename Items, typename ToJson>
Json listOf(const Items& items, ToJson toJson) {
    Json list = Json::array();
    for (const auto& item : items) list.push_back(toJson(item));
    return list;
}

Json sensorOf(const SensorState& state) {
    Json json{
        {"name", state.name}, {"status", toString(state.kind)}, {"readings", state.readings}, {"faults", state.faults}};
    if (state.readings > 0) {
        json["value"] = state.value;
        json["unit"] = state.unit;
        json["time"] = formatRfc3339(state.time);
    }
    if (state.kind == SensorState::Kind::kOffline) json["error"] = state.problem;
    return json;
}

Json seriesOf(const SeriesProgress& series) {
    Json json{{"taken", series.taken}, {"count", series.count}};
    if (!series.transaction.empty()) json["transaction"] = series.transaction;
    return json;
}

Json cameraOf(const HealthReport& report) {
    if (!report.isCameraConfigured) return {{"status", "none"}};
    Json json{{"status", report.camera.online ? "online" : "offline"},
              {"model", report.camera.model},
              {"published", report.captures.published},
              {"failed", report.captures.failed},
              {"waiting", report.captures.waiting},
              {"series", report.captures.series.size()},
              {"running_series", listOf(report.captures.series, seriesOf)},
              {"kept", report.pictures.waiting},
              {"kept_sent", report.pictures.sent},
              {"kept_dropped", report.pictures.dropped}};
    if (!report.camera.online) json["error"] = report.camera.reason;
    return json;
}

Json archiveOf(const KeptPictures& archive) {
    if (!archive.isArchiving) return {{"status", "off"}};
    Json json{{"status", archive.problem.empty() ? "ok" : "degraded"},
              {"pictures", archive.archived.pictures},
              {"bytes", archive.archived.bytes}};
    if (archive.oldest) json["oldest"] = formatRfc3339(*archive.oldest);
    if (!archive.problem.empty()) json["error"] = archive.problem;
    return json;
}

Json lineOf(const GpioLineHealth& line) {
    Json json{{"name", line.name}, {"direction", line.isOutput ? "output" : "input"}};
    if (line.active) json["state"] = *line.active ? "ON" : "OFF";
    if (!line.problem.empty()) json["error"] = line.problem;
    return json;
}

Json scheduleOf(const ScheduleHealth& schedule) {
    Json json{{"name", schedule.name},
              {"enabled", schedule.isEnabled},
              {"turns", schedule.turns},
              {"skipped", schedule.skipped},
              {"failed", schedule.failed}};
    if (schedule.next) json["next"] = formatRfc3339(*schedule.next);
    if (!schedule.problem.empty()) json["error"] = schedule.problem;
    return json;
}

/// What the machine does not have is left out.
Json boardOf(const BoardHealth& board) {
    constexpr double kTenths = 10;
    constexpr double kHundredths = 100;
    const auto flag = [](const BoardHealth::Flag& f) { return Json{{"now", f.isNow}, {"since_boot", f.wasSinceBoot}}; };
    Json json = Json::object();
    if (board.cpuCelsius) json["cpu_temperature_c"] = std::round(*board.cpuCelsius * kTenths) / kTenths;
    if (board.load) json["load_1m"] = std::round(*board.load * kHundredths) / kHundredths;
    if (board.memoryAvailableKib) json["memory_available_kib"] = *board.memoryAvailableKib;
    if (board.diskFreeKib) json["disk_free_kib"] = *board.diskFreeKib;
    if (board.undervoltage) json["undervoltage"] = flag(*board.undervoltage);
    if (board.throttled) json["throttled"] = flag(*board.throttled);
    if (board.wifi) json["wifi"] = {{"interface", board.wifi->interface}, {"signal_dbm", board.wifi->signalDbm}};
    if (!board.addresses.empty()) json["addresses"] = board.addresses;
    return json;
}

Json journalOf(const JournalHealth& journal) {
    Json json{{"status", journal.writable ? "ok" : "degraded"},
              {"bytes", journal.fileBytes},
              {"corrupt_rows", journal.corruptRows},
              {"dropped_rows", journal.droppedRows}};
    if (!journal.problem.empty()) json["error"] = journal.problem;
    return json;
}

}  // namespace

std::string formatHealth(const HealthReport& report) {
    constexpr std::uint64_t kKibi = 1024;
    const Json json{{"time", formatRfc3339(report.time)},
                    {"uptime_s", report.uptime.count()},
                    {"clock", report.clock == ClockState::kSynchronised ? "synchronised" : "unsynchronised"},
                    {"connection", connectionOf(report)},
                    {"commands",
                     {{"received", report.commands.received},
                      {"carried_out", report.commands.carriedOut},
                      {"refused", report.commands.refused},
                      {"repeated", report.commands.repeated},
                      {"rate_limited", report.commands.rateLimited},
                      {"waiting", report.commands.waiting}}},
                    {"readings", readingsOf(report)},
                    {"sensors", listOf(report.sensors, sensorOf)},
                    {"camera", cameraOf(report)},
                    {"archive", archiveOf(report.pictures)},
                    {"gpio", listOf(report.gpio, lineOf)},
                    {"schedules", listOf(report.schedules, scheduleOf)},
                    {"journal", journalOf(report.journal)},
                    {"board", boardOf(report.board)},
                    {"memory_kib", report.residentBytes / kKibi},
                    {"warnings", report.session.warnings}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::uint64_t residentBytes() {
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    std::ifstream("/proc/self/statm") >> total >> resident;  // in pages; leaves 0 on failure
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace edge
