// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "core/system/files.hpp"
#include "gpio/gpio.hpp"
#include "gpio/gpiod_bindings.hpp"

namespace edge {

namespace {

GpioChip probe(const std::string& path) {
    auto chip = guarded("open " + path, [&] { return describeChip(path); });
    if (chip) return *chip;
    return {path, std::filesystem::path(path).filename().string(), "", 0, chip.error()};
}

std::vector<GpioChip> allChips() {
    std::vector<GpioChip> chips;
    std::error_code ignored;  // no /dev to be read: no chip
    for (const auto& entry : std::filesystem::directory_iterator("/dev", ignored)) {
        const std::string name = entry.path().filename().string();
        // Raspberry Pi OS keeps gpiochip4 as a link to gpiochip0 for old programs: one chip, not two.
        if (name.starts_with("gpiochip") && !entry.is_symlink(ignored)) chips.push_back(probe(entry.path().string()));
    }
    std::ranges::sort(chips, {}, &GpioChip::name);
    return chips;
}

Result<GpioChip> lookUpChip(const std::string& wanted) {
    if (!wanted.starts_with('/')) return pickChip(allChips(), wanted);
    GpioChip chip = probe(wanted);
    if (chip.problem) return tl::unexpected(*chip.problem);
    return chip;
}

std::string toString(const GpioLine& line) {
    return line.name.empty() ? fmt::format("line {}", line.offset) : fmt::format("line \"{}\"", line.name);
}

/// Where a configured line is.
struct FoundLine {
    std::string path;
    std::string place;  ///< for people
    GpioLineInfo info;
};

Result<FoundLine> find(const std::string& wantedChip, const GpioLine& wantedLine) {
    const GpioChip chip = TRY(lookUpChip(wantedChip));
    const std::string place = fmt::format("{} of {} ({})", toString(wantedLine), chip.path, chip.label);
    const auto line = TRY(guarded("look up " + place, [&] { return findLine(chip.path, wantedLine); }));
    if (!line) {
        return fail(Errc::kNotFound,
                    fmt::format("there is no {}, which has {} lines; gpioinfo lists them", place, chip.lines));
    }
    return FoundLine{chip.path, place, *line};
}

/// Finds chip and line, then has `request` (path, offset) take it.
template <typename Line, typename Request>
Result<std::unique_ptr<Line>> open(const std::string& wantedChip, const GpioLine& wantedLine, Request request) {
    const FoundLine found = TRY(find(wantedChip, wantedLine));
    auto opened = guarded("use " + found.place, [&] { return request(found.path, found.info.offset); });
    if (!opened && opened.error().code == Errc::kBusy) {
        return fail(Errc::kBusy, fmt::format("{} is in use by {}: stop that, or configure another line", found.place,
                                             quotedConsumer(found.info.consumer)));
    }
    return opened;
}

class GpiodPort : public GpioPort {
  public:
    Result<GpioLineUse> lookUp(const std::string& chip, const GpioLine& line) override {
        const FoundLine found = TRY(find(chip, line));
        return GpioLineUse{found.place, found.info.isUsed, found.info.consumer};
    }
    Result<std::unique_ptr<GpioInputLine>> openInput(const GpioInputConfig& config) override {
        return open<GpioInputLine>(config.chip, config.line, [&](const std::string& path, unsigned offset) {
            return requestInput(path, offset, consumer(config.name), config);
        });
    }
    Result<std::unique_ptr<GpioOutputLine>> openOutput(const GpioOutputConfig& config, bool active) override {
        return open<GpioOutputLine>(config.chip, config.line, [&](const std::string& path, unsigned offset) {
            return requestOutput(path, offset, consumer(config.name), config, active);
        });
    }

  private:
    /// What gpioinfo shows as the user of the line; the kernel cuts it after 31 bytes.
    static std::string consumer(const std::string& name) { return "pi-edge-agent:" + name; }
};

}  // namespace

Error toGpioError(std::string_view what, const std::exception& thrown) {
    const auto* system = dynamic_cast<const std::system_error*>(&thrown);
    if (system == nullptr) return {Errc::kIo, fmt::format("cannot {}: {}", what, thrown.what())};

    const Errc code = errcOf(system->code().value());
    const char* advice =
        code == Errc::kPermission
            ? "; add the agent's user to the group gpio, or give the device to that group by a udev rule"
            : "";
    return {code, fmt::format("cannot {}: {}{}", what, system->code().message(), advice)};
}

std::unique_ptr<GpioPort> makeGpiodPort() {
    return std::make_unique<GpiodPort>();
}

}  // namespace edge
