// SPDX-License-Identifier: MIT
// libgpiod 1.6: Debian 12.
#include <gpiod.hpp>

#include "gpio/gpiod_bindings.hpp"
#include "gpio/gpiod_errors.hpp"

namespace edge {

namespace {

std::bitset<32> activeLowFlag(bool activeLow) {
    return activeLow ? gpiod::line_request::FLAG_ACTIVE_LOW : std::bitset<32>{};
}

std::bitset<32> biasFlag(GpioBias bias) {
    switch (bias) {
        case GpioBias::kDisabled:
            return gpiod::line_request::FLAG_BIAS_DISABLE;
        case GpioBias::kPullUp:
            return gpiod::line_request::FLAG_BIAS_PULL_UP;
        case GpioBias::kPullDown:
            return gpiod::line_request::FLAG_BIAS_PULL_DOWN;
        case GpioBias::kAsIs:
            break;
    }
    return {};
}

/// Holds the line for as long as it lives. The library's own line object does not: it belongs to the chip object.
class HeldLine {
  public:
    HeldLine(const std::string& path, unsigned offset, const gpiod::line_request& request, bool active)
        : line_(gpiod::chip(path, gpiod::chip::OPEN_BY_PATH).get_line(offset)) {
        line_.request(request, active ? 1 : 0);
    }

    [[nodiscard]] const gpiod::line& get() const { return line_; }
    [[nodiscard]] Result<bool> isActive() const {
        return guarded<bool>("read the line", [this] { return line_.get_value() != 0; });
    }

  private:
    gpiod::line line_;
};

class V1InputLine : public GpioInputLine {
  public:
    V1InputLine(const std::string& path, unsigned offset, const gpiod::line_request& request)
        : held_(path, offset, request, false) {}

    [[nodiscard]] int fd() const override { return held_.get().event_get_fd(); }
    Result<bool> isActive() override { return held_.isActive(); }

    Result<std::vector<GpioEdge>> readEdges() override {
        return guarded<std::vector<GpioEdge>>("read edges", [this] {
            std::vector<GpioEdge> edges;
            // The library's read blocks where nothing waits, and takes 16 at most.
            while (edges.size() < kMaxEdgesPerRead && held_.get().event_wait(std::chrono::nanoseconds{0})) {
                for (const gpiod::line_event& event : held_.get().event_read_multiple()) {
                    edges.push_back({event.event_type == gpiod::line_event::RISING_EDGE, event.timestamp});
                }
            }
            return edges;
        });
    }

  private:
    HeldLine held_;
};

class V1OutputLine : public GpioOutputLine {
  public:
    V1OutputLine(const std::string& path, unsigned offset, const gpiod::line_request& request, bool active)
        : held_(path, offset, request, active) {}

    Result<void> set(bool active) override {
        return guarded<void>("set the line", [&]() -> Result<void> {
            held_.get().set_value(active ? 1 : 0);
            return {};
        });
    }
    Result<bool> isActive() override { return held_.isActive(); }

  private:
    HeldLine held_;
};

}  // namespace

GpioChip describeChip(const std::string& path) {
    const gpiod::chip chip(path, gpiod::chip::OPEN_BY_PATH);
    return {path, chip.name(), chip.label(), chip.num_lines(), std::nullopt};
}

std::optional<GpioLineInfo> findLine(const std::string& path, const GpioLine& line) {
    const gpiod::chip chip(path, gpiod::chip::OPEN_BY_PATH);
    gpiod::line found;
    if (!line.name.empty()) {
        found = chip.find_line(line.name);
    } else if (static_cast<unsigned>(line.offset) < chip.num_lines()) {
        found = chip.get_line(static_cast<unsigned>(line.offset));
    }
    if (!found) return std::nullopt;
    return GpioLineInfo{found.offset(), found.is_used(), found.consumer()};
}

std::unique_ptr<GpioInputLine> requestInput(const std::string& path, unsigned offset, const std::string& consumer,
                                            const GpioInputConfig& config) {
    return std::make_unique<V1InputLine>(path, offset,
                                         gpiod::line_request{consumer, gpiod::line_request::EVENT_BOTH_EDGES,
                                                             activeLowFlag(config.activeLow) | biasFlag(config.bias)});
}

std::unique_ptr<GpioOutputLine> requestOutput(const std::string& path, unsigned offset, const std::string& consumer,
                                              const GpioOutputConfig& config, bool active) {
    return std::make_unique<V1OutputLine>(
        path, offset,
        gpiod::line_request{consumer, gpiod::line_request::DIRECTION_OUTPUT, activeLowFlag(config.activeLow)}, active);
}

}  // namespace edge
