// SPDX-License-Identifier: MIT
#include "core/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "core/standard_streams.hpp"
#include "core/text.hpp"

namespace edge::log {
namespace {

/// systemd's "<N>" prefix (sd-daemon.h): journald takes the level from it and has its own clock.
class JournalPriority : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& out) override {
        std::string_view prefix = "<6>";
        if (message.level == spdlog::level::err) prefix = "<3>";
        if (message.level == spdlog::level::warn) prefix = "<4>";
        if (message.level == spdlog::level::debug) prefix = "<7>";
        out.append(prefix.data(), prefix.data() + prefix.size());
    }
    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JournalPriority>();
    }
};

std::shared_ptr<spdlog::logger> makeLogger() {
    auto logger = std::make_shared<spdlog::logger>("edge", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    if (isJournalReading()) {
        auto formatter = std::make_unique<spdlog::pattern_formatter>();
        formatter->add_flag<JournalPriority>('*').set_pattern("%*%v");
        logger->set_formatter(std::move(formatter));
    } else {
        logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
    }
    logger->flush_on(spdlog::level::debug);
    return logger;
}

/// The one process-wide object: a log line may come from any thread at any moment, even while the program ends.
spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger>* const kept = new std::shared_ptr<spdlog::logger>(makeLogger());
    return **kept;
}

spdlog::level::level_enum toSpdlog(Level level) {
    switch (level) {
        case Level::kDebug:
            return spdlog::level::debug;
        case Level::kInfo:
            return spdlog::level::info;
        case Level::kWarning:
            return spdlog::level::warn;
        case Level::kError:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

}  // namespace

void setLevel(Level level) {
    logger().set_level(toSpdlog(level));
}
bool enabled(Level level) {
    return logger().should_log(toSpdlog(level));
}
// What does not print is escaped, whatever the line is made of: a message cannot change the terminal that shows it.
void write(Level level, std::string_view line) {
    // Each of several lines gets what is in front of a line: journald takes them for messages of their own.
    const std::string text = printableLines(line);
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        logger().log(toSpdlog(level), std::string_view(text).substr(begin, end - begin));
        begin = end + 1;
    }
}

}  // namespace edge::log
