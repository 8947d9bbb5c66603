// SPDX-License-Identifier: MIT
// The first number in a file that another program or a driver writes.
#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/number.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

class FileSensor : public Sensor {
  public:
    FileSensor(std::string path, std::string unit) : path_(std::move(path)), unit_(std::move(unit)) {}

    Result<double> read() override {
        const std::string content = TRY(readAttribute(path_));
        // A program that overwrites it has truncated it first.
        if (trim(content).empty()) return fail(Errc::kIo, fmt::format("{} is empty", path_));
        if (const auto number = findFirstNumber(content, unit_)) return *number;
        return fail(Errc::kFault, fmt::format("{} says \"{}\": no number, or an ambiguous one; write it like -21.5",
                                              path_, printable(trim(content), 40)));
    }

  private:
    std::string path_;
    std::string unit_;
};

}  // namespace

std::unique_ptr<Sensor> makeFileSensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<FileSensor>(sysRoot + config.device, unitOf(config));
}

}  // namespace edge
