// SPDX-License-Identifier: MIT
#include "journal/command.hpp"

#include <time.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/exit_codes.hpp"
#include "core/suggest.hpp"
#include "core/text.hpp"
#include "core/time/time.hpp"
#include "journal/reader.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxShownPayload = 300;

std::string formatLocal(WallTime time) {
    const auto ms = std::chrono::floor<milliseconds>(time - std::chrono::floor<seconds>(time)).count();
    return fmt::format("{}.{:03}", formatLocalTime(time), ms);
}

/// One row of a table for a person. Whatever a payload holds, the line is printable.
std::string line(std::string_view time, std::string_view kind, std::string_view name, std::string_view result,
                 std::string_view details) {
    return fmt::format("{:<24} {:<8} {:<16} {:<20} {}", time, kind, name, result, details);
}

struct Describe {
    const std::string& time;  ///< local; "?" after it: the clock was not synchronised

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
                    fmt::format("{}{}{}  #{}", formatDecimal(record.value, record.decimals),
                                record.unit.empty() ? "" : " ", printable(record.unit), record.seq));
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

Json orNull(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

struct AddFields {
    Json& json;
    void operator()(const CommandRecord& record) const {
        json["source"] = record.source;
        json["payload"] = record.payload;
        if (!isValidUtf8(record.payload)) json["payload_hex"] = toHex(record.payload);
        json["command"] = orNull(record.command);
        json["status"] = record.status;
        json["code"] = orNull(record.code);
        json["transaction"] = orNull(record.transaction);
    }
    void operator()(const ReadingRecord& record) const {
        json["sensor"] = record.sensor;
        json["value"] = nullptr;  // toJsonLine() puts it in
        json["unit"] = record.unit;
        if (!record.quantity.empty()) json["quantity"] = record.quantity;
        json["seq"] = record.seq;
        json["delivered"] = record.delivered;
    }
    void operator()(const CaptureRecord& record) const {
        json["image"] = record.imageId;
        json["trigger"] = record.trigger;
        json["transaction"] = orNull(record.transaction);
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

std::string toTextLine(const JournalRow& row) {
    return std::visit(
        [](const auto& stored) {
            const std::string time = formatLocal(stored.stamp.time) + (stored.stamp.clockSynchronised ? "" : "?");
            return Describe{time}(stored.record);
        },
        row);
}

/// Always valid UTF-8: a text that is not shows its bad bytes as U+FFFD, and a payload is then also in `payload_hex`.
std::string toJsonLine(const JournalRow& row) {
    Json json;
    std::visit(
        [&](const auto& stored) {
            json["id"] = stored.stamp.id;
            json["kind"] = JournalReader::kKinds[row.index()];
            json["time"] = formatRfc3339(stored.stamp.time);
            json["clock_synchronised"] = stored.stamp.clockSynchronised;
            json["boot"] = stored.stamp.bootId;
            AddFields{json}(stored.record);
        },
        row);
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (const auto* stored = std::get_if<Stored<ReadingRecord>>(&row)) {
        // The library cannot print a fixed number of decimals. Inside a string the quotes would be escaped.
        constexpr std::string_view kPlace = R"("value":null)";
        const std::string value = formatDecimal(stored->record.value, stored->record.decimals);
        text.replace(text.find(kPlace), kPlace.size(), R"("value":)" + value);
    }
    return printableJson(text);
}

constexpr std::size_t kRowsAtOnce = 256;
constexpr milliseconds kPoll{500};
constexpr std::uint64_t kShownBeforeFollowing = 10;

int failed(std::ostream& err, const Error& error) {
    err << error.message << '\n';
    return kExitFailed;
}

/// No message where `out` cannot be written: the shell reports that.
int show(JournalReader& reader, const JournalCommandOptions& options, std::ostream& out, std::ostream& err) {
    if (options.header && !options.json) out << line("TIME (local)", "KIND", "NAME", "RESULT", "DETAILS") << '\n';
    while (true) {
        const auto rows = reader.next(kRowsAtOnce);
        if (!rows) return failed(err, rows.error());
        for (const JournalRow& row : *rows) out << (options.json ? toJsonLine(row) : toTextLine(row)) << '\n';
        if (!out.flush()) return kExitFailed;
        if (!rows->empty()) continue;
        if (!options.follow) return 0;
        for (bool isNew = false; !isNew;) {
            std::this_thread::sleep_for(kPoll);
            const auto changed = reader.hasChanged();
            if (!changed) return failed(err, changed.error());
            isNew = *changed;
        }
    }
}

std::optional<WallTime> parseLocal(const std::string& text) {
    for (const char* format :
         {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"}) {
        std::tm local{};
        const char* end = ::strptime(text.c_str(), format, &local);
        if (end == nullptr || *end != '\0') continue;
        local.tm_isdst = -1;
        const int day = local.tm_mday;
        const std::time_t time = std::mktime(&local);
        // mktime turns the 31st of February into a day of March.
        if (time == -1 || local.tm_mday != day) return std::nullopt;
        constexpr auto kLimit = std::chrono::duration_cast<seconds>(WallTime::duration::max());
        return WallTime{std::clamp(seconds{time}, -kLimit, kLimit)};
    }
    return std::nullopt;
}

}  // namespace

std::optional<WallTime> parseSince(std::string_view text, WallTime now) {
    std::string_view word = trim(text);
    if (word.ends_with(" ago")) word = trim(word.substr(0, word.size() - 4));
    if (const auto duration = parseDuration(word)) {
        // Before the epoch: everything.
        if (*duration > std::chrono::duration_cast<milliseconds>(now.time_since_epoch())) return WallTime{};
        return now - *duration;
    }
    if (const auto time = parseRfc3339(word)) return time;
    return parseLocal(std::string(word));
}

std::string validateJournalOptions(const JournalCommandOptions& options) {
    const auto& kinds = JournalReader::kKinds;
    if (!options.kind.empty() && std::ranges::find(kinds, options.kind) == kinds.end()) {
        const std::string meant = nearest(options.kind, {kinds.begin(), kinds.end()});
        return fmt::format("--kind {}: {}allowed are command, reading, capture and event", printable(options.kind),
                           meant.empty() ? "" : fmt::format("did you mean {}? ", meant));
    }
    if (!options.since.empty() && !parseSince(options.since, std::chrono::system_clock::now())) {
        return fmt::format(
            "--since {}: give 2h or 7d, 2026-11-20 or \"2026-11-20 09:30\" (local time), or an RFC 3339 "
            "time like 2026-11-20T09:30:00Z",
            printable(options.since));
    }
    return "";
}

int runJournalCommand(const JournalCommandOptions& options, std::ostream& out, std::ostream& err) {
    if (const std::string mistake = validateJournalOptions(options); !mistake.empty()) {
        err << mistake << '\n';
        return kExitUsage;
    }
    JournalFilter filter{.kind = options.kind};
    if (!options.since.empty()) filter.since = parseSince(options.since, std::chrono::system_clock::now());
    auto reader = JournalReader::open(options.path, std::move(filter));
    if (!reader) return failed(err, reader.error());

    auto last = options.last;
    if (options.follow && !last && options.since.empty()) last = kShownBeforeFollowing;
    if (last) {
        if (auto skipped = reader->skipToLast(*last); !skipped) return failed(err, skipped.error());
    }
    const int code = show(*reader, options, out, err);
    if (reader->damaged() > 0) {
        err << fmt::format("{} damaged rows are not shown\n", reader->damaged());
    }
    return code;
}

}  // namespace edge
