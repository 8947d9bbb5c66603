// SPDX-License-Identifier: MIT
// libgpiod 2: Debian 13.
#include <gpiod.hpp>

#include "gpio/gpiod_bindings.hpp"

namespace edge {

namespace {

gpiod::line::bias toBias(GpioBias bias) {
    switch (bias) {
        case GpioBias::kDisabled:
            return gpiod::line::bias::DISABLED;
        case GpioBias::kPullUp:
            return gpiod::line::bias::PULL_UP;
        case GpioBias::kPullDown:
            return gpiod::line::bias::PULL_DOWN;
        case GpioBias::kAsIs:
            break;
    }
    return gpiod::line::bias::AS_IS;
}

gpiod::line::value toValue(bool active) {
    return active ? gpiod::line::value::ACTIVE : gpiod::line::value::INACTIVE;
}

/// A requested line, held for as long as this lives; the chip itself need not stay open.
class HeldLine : public GpioInputLine, public GpioOutputLine {
  public:
    HeldLine(const std::string& path, unsigned offset, const std::string& consumer,
             const gpiod::line_settings& settings)
        : offset_(offset),
          request_(gpiod::chip(path)
                       .prepare_request()
                       .set_consumer(consumer)
                       .add_line_settings(offset_, settings)
                       .do_request()) {}

    [[nodiscard]] int fd() const override { return request_.fd(); }

    Result<std::vector<GpioEdge>> readEdges() override {
        return guarded("read edges", [this] {
            std::vector<GpioEdge> edges;
            // The library's read blocks where nothing waits.
            while (edges.size() < kMaxEdgesPerRead && request_.wait_edge_events(std::chrono::nanoseconds{0})) {
                request_.read_edge_events(buffer_);
                for (const gpiod::edge_event& event : buffer_) {
                    edges.push_back({event.type() == gpiod::edge_event::event_type::RISING_EDGE,
                                     std::chrono::nanoseconds{event.timestamp_ns().ns()}});
                }
            }
            return edges;
        });
    }

    Result<bool> isActive() override {
        return guarded("read the line", [this] { return request_.get_value(offset_) == gpiod::line::value::ACTIVE; });
    }

    Result<void> set(bool active) override {
        return guarded("set the line", [&] { request_.set_value(offset_, toValue(active)); });
    }

  private:
    gpiod::line::offset offset_;
    gpiod::line_request request_;
    gpiod::edge_event_buffer buffer_{64};
};

}  // namespace

GpioChip describeChip(const std::string& path) {
    const gpiod::chip_info info = gpiod::chip(path).get_info();
    return {path, info.name(), info.label(), static_cast<unsigned>(info.num_lines()), std::nullopt};
}

std::optional<GpioLineInfo> findLine(const std::string& path, const GpioLine& line) {
    const gpiod::chip chip(path);
    int offset = line.offset;
    if (!line.name.empty()) {
        offset = chip.get_line_offset_from_name(line.name);
    } else if (static_cast<std::size_t>(offset) >= chip.get_info().num_lines()) {
        offset = -1;
    }
    if (offset < 0) return std::nullopt;
    const gpiod::line_info info = chip.get_line_info(static_cast<unsigned>(offset));
    return GpioLineInfo{static_cast<unsigned>(offset), info.used(), info.consumer()};
}

std::unique_ptr<GpioInputLine> requestInput(const std::string& path, unsigned offset, const std::string& consumer,
                                            const GpioInputConfig& config) {
    // The kernel's own debouncing is not used: 1.6 has none, and one behaviour on both is worth more.
    return std::make_unique<HeldLine>(path, offset, consumer,
                                      gpiod::line_settings()
                                          .set_direction(gpiod::line::direction::INPUT)
                                          .set_edge_detection(gpiod::line::edge::BOTH)
                                          .set_event_clock(gpiod::line::clock::MONOTONIC)
                                          .set_bias(toBias(config.bias))
                                          .set_active_low(config.activeLow));
}

std::unique_ptr<GpioOutputLine> requestOutput(const std::string& path, unsigned offset, const std::string& consumer,
                                              const GpioOutputConfig& config, bool active) {
    return std::make_unique<HeldLine>(path, offset, consumer,
                                      gpiod::line_settings()
                                          .set_direction(gpiod::line::direction::OUTPUT)
                                          .set_active_low(config.activeLow)
                                          .set_output_value(toValue(active)));
}

}  // namespace edge
