// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"

namespace edge {

enum class GpioBias { kAsIs, kDisabled, kPullUp, kPullDown };
enum class OutputRole { kFree, kStatus };

/// A line by its offset on the chip, or by its name; exactly one is set.
struct GpioLine {
    int offset = -1;
    std::string name;

    bool operator==(const GpioLine&) const = default;
};

struct GpioOutputConfig {
    std::string name;
    std::string chip;
    GpioLine line;
    bool activeLow = false;
    bool initial = false;
    OutputRole role = OutputRole::kFree;

    bool operator==(const GpioOutputConfig&) const = default;
};

struct GpioInputConfig {
    std::string name;
    std::string chip;
    GpioLine line;
    GpioBias bias = GpioBias::kAsIs;
    bool activeLow = false;
    milliseconds debounce{20};
    std::string action;  ///< "" or the word of a command

    bool operator==(const GpioInputConfig&) const = default;
};

struct GpioConfig {
    std::vector<GpioOutputConfig> outputs;
    std::vector<GpioInputConfig> inputs;

    bool operator==(const GpioConfig&) const = default;
};

/// An edge as the kernel saw it, logical level (active-low already applied).
struct GpioEdge {
    bool active = false;
    nanoseconds timestamp{};  ///< CLOCK_MONOTONIC
};

/// A requested input line. Thread: the loop's.
class GpioInputLine {
  public:
    virtual ~GpioInputLine() = default;
    /// Readable when edges wait.
    [[nodiscard]] virtual int fd() const = 0;
    /// The edges that wait, oldest first; never blocks. An error means that the line is gone (chip removed).
    virtual Result<std::vector<GpioEdge>> readEdges() = 0;
    virtual Result<bool> isActive() = 0;
};

/// A requested output line. Thread: the loop's.
class GpioOutputLine {
  public:
    virtual ~GpioOutputLine() = default;
    virtual Result<void> set(bool active) = 0;
    virtual Result<bool> isActive() = 0;
};

/// A line that is there.
struct GpioLineUse {
    std::string place;     ///< "line 17 of /dev/gpiochip0 (pinctrl-bcm2711)"
    bool isUsed = false;   ///< by a program or by the kernel
    std::string consumer;  ///< by whom, in its own words; may be "" for the kernel
};

/// As messages name a consumer.
inline std::string quotedConsumer(const std::string& consumer) {
    return consumer.empty() ? "the kernel" : "\"" + consumer + "\"";
}

/// Opens lines by the configuration's chip (label, name, path; "" = the header's chip) and line (offset or name). The
/// port behind which libgpiod 1.6 and 2.x are hidden. Errors: kNotFound (no such chip or line), kBusy (another program
/// has the line; the message names its consumer), kPermission, kIo.
class GpioPort {
  public:
    virtual ~GpioPort() = default;
    /// Whether there is such a line and who uses it; takes nothing, changes nothing.
    virtual Result<GpioLineUse> lookUp(const std::string& chip, const GpioLine& line) = 0;
    virtual Result<std::unique_ptr<GpioInputLine>> openInput(const GpioInputConfig& config) = 0;
    virtual Result<std::unique_ptr<GpioOutputLine>> openOutput(const GpioOutputConfig& config, bool active) = 0;
};

/// The kernel's chips through libgpiod.
std::unique_ptr<GpioPort> makeGpiodPort();

}  // namespace edge
