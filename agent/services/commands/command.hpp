// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "core/time/time.hpp"
#include "services/commands/reply.hpp"

namespace edge {

/// The options of all commands. Which of them a command has, and their ranges, is in the table in command.cpp.
struct CommandOptions {
    std::optional<milliseconds> interval;
    std::optional<int> width;             ///< pixels, even
    std::optional<int> height;            ///< pixels, even
    std::optional<int> quality;           ///< 1 … 100
    std::optional<int> count;             ///< 1 … 1000
    std::optional<milliseconds> every;    ///< only with count > 1
    std::optional<milliseconds> timeout;  ///< per picture
    std::optional<bool> settle;
    std::optional<std::string> values;  ///< of `set`: a JSON object
    std::optional<milliseconds> lease;  ///< "for": 0, or 1 s … 5 min
    std::optional<double> rate;         ///< frames a second
    Controls controls;                  ///< of libcamera, for this picture alone
    std::string id{};                   ///< of a kept picture; "" = not given
    std::string sensor{};               ///< by its name; "" = all
    std::optional<WallTime> since{};    ///< not before this …
    std::optional<WallTime> until{};    ///< … and before this
    std::optional<int> last{};          ///< 1 … 1000
};

struct Command {
    std::string name;  ///< lower case
    CommandOptions options{};
    std::string transaction{};  ///< "" = none; at most kMaxTransactionBytes
    std::optional<WallTime> expiresAt{};
    std::string source{};  ///< the topic it came on, "gpio:<name>", "schedule:<name>" or "motion"
    BootTime arrived{};    ///< CLOCK_BOOTTIME
};

/// What an output or another switch can be told on its /set topic: ON, OFF or TOGGLE in any case with white space
/// around it.
enum class OutputCommand { kOff, kOn, kToggle };
std::optional<OutputCommand> parseOutputCommand(std::string_view payload);

/// What carries the commands out: a function for each row of the table in command.cpp. Each calls `done` once, now or
/// later.
class CommandHandlers {
  public:
    virtual ~CommandHandlers() = default;
    virtual void startPublishing(const Command& command, OutcomeHandler done) = 0;
    virtual void stopPublishing(const Command& command, OutcomeHandler done) = 0;
    virtual void takePictures(const Command& command, OutcomeHandler done) = 0;
    virtual void viewLive(const Command& command, OutcomeHandler done) = 0;
    virtual void cancelSeries(const Command& command, OutcomeHandler done) = 0;
    virtual void publishStatus(const Command& command, OutcomeHandler done) = 0;
    virtual void changeSettings(const Command& command, OutcomeHandler done) = 0;
    virtual void examine(const Command& command, OutcomeHandler done) = 0;
    /// `<base>/<topic>/set`: an output ("gpio/lamp"), or a setting ("camera/motion/enabled").
    virtual Outcome setSwitch(const std::string& topic, OutputCommand command) = 0;
    virtual void listPictures(const Command& command, OutcomeHandler done) = 0;
    virtual void fetchPicture(const Command& command, OutcomeHandler done) = 0;
    virtual void listReadings(const Command& command, OutcomeHandler done) = 0;
};
using CommandFunction = void (CommandHandlers::*)(const Command&, OutcomeHandler);

/// A payload as it was read: what carries it out, or why it is not a command. With an error, `command` has the name and
/// the transaction if they could be read.
struct ParsedCommand {
    Command command;
    CommandFunction function = nullptr;  ///< set unless there is an error
    std::optional<Outcome> error;
};

inline constexpr std::size_t kMaxCommandBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxTransactionBytes = 128;
inline constexpr std::size_t kMaxJsonDepth = 8;

/// Reads a payload: a word in any case with white space around it, or a JSON object with "command" and options. Any
/// bytes.
ParsedCommand parseCommand(std::string_view payload);

/// The names of all commands, in the order of the table.
std::vector<std::string_view> commandNames();

}  // namespace edge
