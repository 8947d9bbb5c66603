// SPDX-License-Identifier: MIT
// libgpiod 1.6: Debian 12.
#include <gpiod.hpp>

#include "gpio/gpiod_bindings.hpp"

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

/// A requested line, held for as long as this lives. The library's own line object does not hold it: the chip does.
class HeldLine : public GpioInputLine, public GpioOutputLine {
  public:
    HeldLine(const std::string& path, unsigned offset, const gpiod::line_request& request, bool active)
        : line_(gpiod::chip(path, gpiod::chip::OPEN_BY_PATH).get_line(offset)) {
        line_.request(request, active ? 1 : 0);
    }

    [[nodiscard]] int fd() const override { return line_.event_get_fd(); }

    Result<std::vector<GpioEdge>> readEdges() override {
        return guarded("read edges", [this] {
            std::vector<GpioEdge> edges;
            // The library's read blocks where nothing waits, and takes 16 at most.
            while (edges.size() < kMaxEdgesPerRead && line_.event_wait(std::chrono::nanoseconds{0})) {
                for (const gpiod::line_event& event : line_.event_read_multiple()) {
                    edges.push_back({event.event_type == gpiod::line_event::RISING_EDGE, event.timestamp});
                }
            }
            return edges;
        });
    }

    Result<bool> isActive() override {
        return guarded("read the line", [this] { return line_.get_value() != 0; });
    }

    Result<void> set(bool active) override {
        return guarded("set the line", [&] { line_.set_value(active ? 1 : 0); });
    }

  private:
    gpiod::line line_;
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
    const gpiod::line_request request{consumer, gpiod::line_request::EVENT_BOTH_EDGES,
                                      activeLowFlag(config.activeLow) | biasFlag(config.bias)};
    return std::make_unique<HeldLine>(path, offset, request, false);
}

std::unique_ptr<GpioOutputLine> requestOutput(const std::string& path, unsigned offset, const std::string& consumer,
                                              const GpioOutputConfig& config, bool active) {
    const gpiod::line_request request{consumer, gpiod::line_request::DIRECTION_OUTPUT, activeLowFlag(config.activeLow)};
    return std::make_unique<HeldLine>(path, offset, request, active);
}

}  // namespace edge
