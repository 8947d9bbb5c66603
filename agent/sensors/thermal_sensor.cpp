// SPDX-License-Identifier: MIT
// Thermal zones of the kernel (its document sysfs-class-thermal): the processor's temperature.
#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

void addZone(const std::string& zone, Quantity quantity, std::vector<Device>& devices) {
    if (quantity != Quantity::kTemperature) return;
    const std::string type = readWord(zone + "/type");
    devices.push_back({zone, type, {}, {}, type});
}

Result<double> readZone(const Device& zone, Quantity /*quantity*/) {
    return TRY(readWholeNumber(zone.path + "/temp")) / 1000.0;
}

}  // namespace

const DeviceClass kThermalClass{
    "thermal zone", "use another sensor type on this machine", "/sys/class/thermal", "thermal_zone", addZone, readZone};

}  // namespace edge
