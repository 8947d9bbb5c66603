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
    std::string name;                     ///< as messages show it
    std::vector<std::string> aliases;     ///< what else the configuration may call the device
    std::vector<std::string> channels{};  ///< what it may call the channel
    std::string driver{};                 ///< or what else names the chip, without the channel
    std::string address{};                ///< of the chip on its bus: "1-0076"; "" = unknown
};

/// Chooses the device that a configuration names, and logs once which of several it reads.
class DeviceChooser {
  public:
    /// `kind`: "thermal zone". `advice`: what to check where there is none.
    DeviceChooser(const SensorConfig& config, std::string kind, std::string advice);

    /// The first one that has the configured device's and channel's name or alias; any, where none is configured.
    /// Error: kNotFound.
    Result<Device> choose(std::vector<Device> devices);

  private:
    std::string sensor_;
    std::string device_;
    std::string channel_;
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
    /// Adds the channels of an entry that measure `quantity`; none for an entry that has just been unplugged.
    void (*addChannels)(const std::string& entry, Quantity quantity, std::vector<Device>& channels);
    /// The value in the quantity's unit.
    Result<double> (*read)(const Device& channel, Quantity quantity);
};

extern const DeviceClass kHwmonClass;
extern const DeviceClass kIioClass;
extern const DeviceClass kThermalClass;

/// All channels that measure `quantity` now, in the order a person counts devices.
Result<std::vector<Device>> listChannels(const DeviceClass& deviceClass, Quantity quantity, const std::string& sysRoot);

/// The 1-Wire thermometers that are there now, by id.
Result<std::vector<Device>> listThermometers(const std::string& sysRoot);

/// A sensor that looks its device up for every reading: numbers change from boot to boot, devices come and go.
std::unique_ptr<Sensor> makeDeviceSensor(const DeviceClass& deviceClass, const SensorConfig& config,
                                         const std::string& sysRoot);

}  // namespace edge
