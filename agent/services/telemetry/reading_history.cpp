// SPDX-License-Identifier: MIT
#include "services/telemetry/reading_history.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "journal/reader.hpp"
#include "services/commands/command_service.hpp"
#include "services/telemetry/reading_format.hpp"

namespace edge {
namespace {

/// As on the sensor's topic, with its name.
std::string formatEntry(const ReadingRecord& reading) {
    return fmt::format(R"({{"sensor":{},{})", jsonString(reading.sensor), formatReadingJson(reading).substr(1));
}

Result<std::string> read(const std::string& path, const JournalFilter& filter, std::size_t last, std::size_t maxBytes) {
    auto reader = TRY(JournalReader::open(path, filter));
    TRY(reader.skipToLast(last + 1));
    const auto rows = TRY(reader.next(last + 1));
    std::vector<std::string> entries;
    for (auto row = rows.rbegin(); row != rows.rend() && entries.size() < last; ++row) {
        if (const auto* reading = std::get_if<Stored<ReadingRecord>>(&*row))
            entries.push_back(formatEntry(reading->record));
    }
    return formatList("readings", entries, rows.size() > last, maxBytes);
}

}  // namespace

void ReadingHistory::list(const Command& command, OutcomeHandler done) {
    if (config_.journal.readings != KeepReadings::kAll) {
        return done(Outcome::failure(ReplyCode::kInvalidOption,
                                     "the journal does not keep all readings; set journal.readings = \"all\""));
    }
    if (waiting_ >= kMaxWaiting) {
        return done(Outcome::failure(
            ReplyCode::kBusy,
            fmt::format("{} such commands wait already; send it again later, with another transaction", kMaxWaiting)));
    }
    ++waiting_;
    const JournalFilter filter{"reading", command.options.since, command.options.until, command.options.sensor};
    const auto last = command.options.last.value_or(kLastByDefault);
    // First what is still in memory.
    journal_.flush(scope_.wrap([this, filter, last, done = std::move(done)] {
        const auto work = [path = config_.journal.path, filter, last, maxBytes = maxReplyData(publisher_, config_)] {
            return read(path, filter, static_cast<std::size_t>(last), maxBytes);
        };
        runOn(*strand_, loop_, scope_, work, [this, done](Result<std::string> list) {
            --waiting_;
            done(list ? Outcome::success(std::move(*list))
                      : Outcome::failure(ReplyCode::kInternal, list.error().message));
        });
    }));
}

}  // namespace edge
