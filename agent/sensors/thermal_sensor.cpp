// SPDX-License-Identifier: MIT
// Thermal zones of the kernel: the processor's temperature.
#include "sensors/devices.hpp"
#include "sensors/sensor.hpp"
#include "sensors/sysfs.hpp"

namespace edge {
namespace {

void addZone(const std::string& zone, std::vector<Device>& devices) {
    devices.push_back({zone, readWord(zone + "/type"), {}});
}

Result<double> readZone(const Device& zone) {
    return readMilliCelsius(zone.path + "/temp");
}

constexpr DeviceClass kThermalZones{
    "thermal zone", "use another sensor type on this machine", "/sys/class/thermal", "thermal_zone", addZone, readZone};

}  // namespace

std::unique_ptr<Sensor> makeThermalSensor(const SensorConfig& config, const std::string& sysRoot) {
    return makeDeviceSensor(kThermalZones, config, sysRoot);
}

}  // namespace edge
