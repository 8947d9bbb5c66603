// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "sensors/sensor.hpp"

namespace edge {

/// A device, or a channel of one, that a sensor can read.
struct Device {
    std::string path;
    std::string name;                  ///< as messages show it
    std::vector<std::string> aliases;  ///< what else the configuration may call it
};

/// Chooses the device that a configuration names, and logs once which of several it reads.
class DeviceChooser {
  public:
    /// `kind`: "thermal zone". `advice`: what to check where there is none.
    DeviceChooser(const SensorConfig& config, std::string kind, std::string advice);

    /// The first device that has the configured name or alias; of any name where none is configured. Error: kNotFound.
    Result<Device> choose(std::vector<Device> devices);

  private:
    std::string sensor_;
    std::string wanted_;
    std::string kind_;
    std::string advice_;
    std::string logged_;  ///< the choice that the log knows
};

/// How the kernel lists the devices of one class under /sys, and how one of them is read.
struct DeviceClass {
    const char* kind;       ///< "thermal zone"
    const char* advice;     ///< what to check where there is none
    const char* directory;  ///< "/sys/class/thermal"
    const char* prefix;     ///< of the directory's entries: "thermal_zone"
    /// Adds what an entry can measure; nothing for one that has just been unplugged.
    void (*addDevices)(const std::string& entry, std::vector<Device>& devices);
    Result<double> (*readCelsius)(const Device& device);
};

/// A sensor that looks its device up for every reading: numbers change from boot to boot, devices come and go.
std::unique_ptr<Sensor> makeDeviceSensor(const DeviceClass& deviceClass, const SensorConfig& config,
                                         const std::string& sysRoot);

}  // namespace edge
