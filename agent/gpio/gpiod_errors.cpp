// SPDX-License-Identifier: MIT
#include "gpio/gpiod_errors.hpp"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace edge {

namespace {

Errc toCode(int error) {
    switch (error) {
        case EBUSY:
            return Errc::kBusy;
        case EACCES:
        case EPERM:
            return Errc::kPermission;
        case ENOENT:
        case ENODEV:  // the chip was removed while its lines were held
        case ENXIO:
            return Errc::kNotFound;
        default:
            return Errc::kIo;
    }
}

}  // namespace

Error toGpioError(std::string_view what, const std::exception& thrown) {
    const auto* system = dynamic_cast<const std::system_error*>(&thrown);
    if (system == nullptr) return {Errc::kIo, fmt::format("cannot {}: {}", what, thrown.what())};

    const Errc code = toCode(system->code().value());
    const char* advice =
        code == Errc::kPermission
            ? "; add the agent's user to the group gpio, or give the device to that group by a udev rule"
            : "";
    return {code, fmt::format("cannot {}: {}{}", what, system->code().message(), advice)};
}

}  // namespace edge
