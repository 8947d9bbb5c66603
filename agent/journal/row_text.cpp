// SPDX-License-Identifier: MIT
#include "journal/row_text.hpp"

#include <time.h>

#include <array>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxShownPayload = 300;

std::string formatLocal(WallTime time) {
    const auto second = std::chrono::floor<seconds>(time);
    const auto ms = std::chrono::floor<milliseconds>(time - second).count();
    const std::time_t unixTime = std::chrono::system_clock::to_time_t(second);
    std::tm local{};
    ::localtime_r(&unixTime, &local);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
    return fmt::format("{}.{:03}", text.data(), ms);
}

std::string toHex(const std::string& bytes) {
    std::string hex;
    for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return hex;
}

/// The part of a line that belongs to the kind.
struct Describe {
    std::string operator()(const CommandRecord& record) const {
        const std::string transaction =
            record.transaction.empty() ? "" : fmt::format("  [{}]", printable(record.transaction));
        return fmt::format("command  {:<20} {:<8} {}: {}{}", record.status == "ok" ? "ok" : printable(record.code),
                           printable(record.command), printable(record.source),
                           printable(record.payload, kMaxShownPayload), transaction);
    }
    std::string operator()(const ReadingRecord& record) const {
        return fmt::format("reading  {:<20} {:.3f} °C  #{}{}", printable(record.sensor), record.value, record.seq,
                           record.delivered ? "" : "  not delivered yet");
    }
    std::string operator()(const CaptureRecord& record) const {
        return fmt::format("capture  {:<20} {}x{}  {} bytes  {}  {}", printable(record.status), record.width,
                           record.height, record.bytes, printable(record.trigger), printable(record.imageId));
    }
    std::string operator()(const EventRecord& record) const {
        return fmt::format("event    {:<20} {}", printable(record.kind), printable(record.text, kMaxShownPayload));
    }
};

struct AddFields {
    Json& json;
    void operator()(const CommandRecord& record) const {
        json["source"] = record.source;
        json["payload"] = record.payload;
        if (!isValidUtf8(record.payload)) json["payload_hex"] = toHex(record.payload);
        json["command"] = record.command.empty() ? Json(nullptr) : Json(record.command);
        json["status"] = record.status;
        json["code"] = record.code.empty() ? Json(nullptr) : Json(record.code);
        json["transaction"] = record.transaction.empty() ? Json(nullptr) : Json(record.transaction);
    }
    void operator()(const ReadingRecord& record) const {
        json["sensor"] = record.sensor;
        json["value"] = record.value;
        json["unit"] = "°C";
        json["seq"] = record.seq;
        json["delivered"] = record.delivered;
    }
    void operator()(const CaptureRecord& record) const {
        json["image"] = record.imageId;
        json["trigger"] = record.trigger;
        json["transaction"] = record.transaction.empty() ? Json(nullptr) : Json(record.transaction);
        json["width"] = record.width;
        json["height"] = record.height;
        json["bytes"] = record.bytes;
        json["sha256"] = record.sha256;
        json["status"] = record.status;
    }
    void operator()(const EventRecord& record) const {
        json["event"] = record.kind;
        json["text"] = record.text;
    }
};

constexpr std::array<const char*, 4> kKindOfAlternative{"command", "reading", "capture", "event"};

}  // namespace

std::string toTextLine(const JournalRow& row) {
    return std::visit(
        [](const auto& stored) {
            return fmt::format("{}{} {}", formatLocal(stored.stamp.time), stored.stamp.clockSynchronised ? ' ' : '?',
                               Describe{}(stored.record));
        },
        row);
}

std::string toJsonLine(const JournalRow& row) {
    Json json;
    std::visit(
        [&](const auto& stored) {
            json["id"] = stored.stamp.id;
            json["kind"] = kKindOfAlternative[row.index()];
            json["time"] = formatRfc3339(stored.stamp.time);
            json["clock_synchronised"] = stored.stamp.clockSynchronised;
            json["boot"] = stored.stamp.bootId;
            AddFields{json}(stored.record);
        },
        row);
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace edge
