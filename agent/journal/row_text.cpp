// SPDX-License-Identifier: MIT
#include "journal/row_text.hpp"

#include <array>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/format.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxShownPayload = 300;

std::string formatLocal(WallTime time) {
    const auto ms = std::chrono::floor<milliseconds>(time - std::chrono::floor<seconds>(time)).count();
    return fmt::format("{}.{:03}", formatLocalTime(time), ms);
}

/// One row of the table.
std::string line(std::string_view time, std::string_view kind, std::string_view name, std::string_view result,
                 std::string_view details) {
    return fmt::format("{:<24} {:<8} {:<16} {:<20} {}", time, kind, name, result, details);
}

/// The part of a line that belongs to the kind.
struct Describe {
    const std::string& time;

    std::string operator()(const CommandRecord& record) const {
        const std::string transaction =
            record.transaction.empty() ? "" : fmt::format("  [{}]", printable(record.transaction));
        return line(time, "command", record.command.empty() ? "-" : printable(record.command),
                    record.status == "ok" ? "ok" : printable(record.code),
                    fmt::format("{}: {}{}", printable(record.source), printable(record.payload, kMaxShownPayload),
                                transaction));
    }
    std::string operator()(const ReadingRecord& record) const {
        return line(time, "reading", printable(record.sensor), record.delivered ? "delivered" : "not delivered yet",
                    fmt::format("{} °C  #{}", formatDecimal(record.value, kReadingDecimals), record.seq));
    }
    std::string operator()(const CaptureRecord& record) const {
        return line(
            time, "capture", printable(record.imageId), printable(record.status),
            fmt::format("{}x{}  {} bytes  {}", record.width, record.height, record.bytes, printable(record.trigger)));
    }
    std::string operator()(const EventRecord& record) const {
        return line(time, "event", printable(record.kind), "-", printable(record.text, kMaxShownPayload));
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
        json["value"] = nullptr;  // toJsonLine() puts it in
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
        json["status"] = record.status;
    }
    void operator()(const EventRecord& record) const {
        json["event"] = record.kind;
        json["text"] = record.text;
    }
};

constexpr std::array<const char*, 4> kKindOfAlternative{"command", "reading", "capture", "event"};

}  // namespace

std::string textHeader() {
    return line("TIME (local)", "KIND", "NAME", "RESULT", "DETAILS");
}

std::string toTextLine(const JournalRow& row) {
    return std::visit(
        [](const auto& stored) {
            const std::string time = formatLocal(stored.stamp.time) + (stored.stamp.clockSynchronised ? "" : "?");
            return Describe{time}(stored.record);
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
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (const auto* stored = std::get_if<Stored<ReadingRecord>>(&row)) {
        // The library has no numbers with a fixed count of decimals. Inside a string its quotes would be escaped.
        constexpr std::string_view kPlace = R"("value":null)";
        const std::string value = formatDecimal(stored->record.value, kReadingDecimals);
        text.replace(text.find(kPlace), kPlace.size(), R"("value":)" + value);
    }
    return printableJson(text);
}

}  // namespace edge
