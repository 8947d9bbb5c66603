// SPDX-License-Identifier: MIT
#include "sensors/file_sensor.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "sensors/attribute.hpp"
#include "sensors/number.hpp"

namespace edge {
namespace {

class FileSensor : public Sensor {
  public:
    explicit FileSensor(std::string path) : path_(std::move(path)) {}

    Result<double> readCelsius() override {
        constexpr std::size_t kShownBytes = 40;
        const auto content = readAttribute(path_);
        if (!content) return tl::unexpected<Error>(content.error());
        if (trim(*content).empty()) return fail(Errc::kFault, fmt::format("{} is empty", path_));
        const auto number = findFirstNumber(*content);
        if (number) return *number;
        return fail(Errc::kFault,
                    fmt::format("{} says \"{}\": no number, or one that can be read in two ways; write it like -21.5",
                                path_, printable(trim(*content), kShownBytes)));
    }

  private:
    std::string path_;
};

}  // namespace

std::unique_ptr<Sensor> makeFileSensor(const SensorConfig& config, const std::string& sysRoot) {
    return std::make_unique<FileSensor>(sysRoot + config.device);
}

}  // namespace edge
