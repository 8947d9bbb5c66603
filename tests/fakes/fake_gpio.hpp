// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gpio/gpio.hpp"

namespace edge {

/// The wires of a board, by the configured name of the line. The test moves inputs, looks at outputs, and breaks
/// things.
class FakeGpio : public GpioPort {
  public:
    struct Wire {
        int fd = -1;                     ///< of an input: what the loop watches
        bool level = false;              ///< logical
        std::vector<GpioEdge> edges;     ///< that wait to be read
        std::optional<Error> openError;  ///< opening fails
        std::optional<Error> error;      ///< everything on the open line fails
        bool shorted = false;            ///< setting it changes nothing
        bool isOpen = false;
        int opens = 0;             ///< attempts, failed ones too
        std::vector<bool> driven;  ///< every level that was set, the one at opening first
    };

    Wire& wire(const std::string& name) {
        auto [it, isNew] = wires_.try_emplace(name);
        if (isNew) it->second.fd = 100 + static_cast<int>(wires_.size());
        return it->second;
    }

    /// By the line's name, else its offset; what is not in `uses` is free.
    Result<GpioLineUse> lookUp(const std::string&, const GpioLine& line) override {
        const std::string key = line.name.empty() ? std::to_string(line.offset) : line.name;
        const auto found = uses.find(key);
        return found == uses.end() ? GpioLineUse{"line " + key, false, ""} : found->second;
    }
    std::map<std::string, Result<GpioLineUse>> uses;

    Result<std::unique_ptr<GpioInputLine>> openInput(const GpioInputConfig& config) override {
        Wire& wire = attempt(config.name);
        if (wire.openError) return tl::unexpected<Error>(*wire.openError);
        return std::make_unique<Input>(wire);
    }

    Result<std::unique_ptr<GpioOutputLine>> openOutput(const GpioOutputConfig& config, bool active) override {
        Wire& wire = attempt(config.name);
        if (wire.openError) return tl::unexpected<Error>(*wire.openError);
        auto line = std::make_unique<Output>(wire);
        wire.driven.push_back(active);
        if (!wire.shorted) wire.level = active;
        return line;
    }

  private:
    struct Held {
        explicit Held(Wire& held) : wire(held) { wire.isOpen = true; }
        ~Held() { wire.isOpen = false; }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        [[nodiscard]] Result<bool> level() const {
            if (wire.error) return tl::unexpected<Error>(*wire.error);
            return wire.level;
        }
        Wire& wire;
    };

    struct Input : GpioInputLine {
        explicit Input(Wire& wire) : held(wire) {}
        [[nodiscard]] int fd() const override { return held.wire.fd; }
        Result<std::vector<GpioEdge>> readEdges() override {
            if (held.wire.error) return tl::unexpected<Error>(*held.wire.error);
            return std::exchange(held.wire.edges, {});
        }
        Result<bool> isActive() override { return held.level(); }
        Held held;
    };

    struct Output : GpioOutputLine {
        explicit Output(Wire& wire) : held(wire) {}
        Result<void> set(bool active) override {
            if (held.wire.error) return tl::unexpected<Error>(*held.wire.error);
            held.wire.driven.push_back(active);
            if (!held.wire.shorted) held.wire.level = active;
            return {};
        }
        Result<bool> isActive() override { return held.level(); }
        Held held;
    };

    Wire& attempt(const std::string& name) {
        Wire& found = wire(name);
        ++found.opens;
        return found;
    }

    std::map<std::string, Wire> wires_;
};

}  // namespace edge
