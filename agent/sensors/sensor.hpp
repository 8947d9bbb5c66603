// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.hpp"

namespace edge {

/// One temperature sensor. Thread: read() is called on one strand at a time and may block (a DS18B20 takes 750 ms); it
/// touches nothing but the device.
class Sensor {
  public:
    virtual ~Sensor() = default;

    /// The temperature now, in degrees Celsius, by the driver's own unit (before the configuration's scale and offset).
    /// Errors: kNotFound (not there now; found again by itself when it comes back), kFault (there, but what it says is
    /// no temperature: CRC, power-on value, garbage), kPermission, kIo. The message names the device and says what to
    /// do.
    virtual Result<double> readCelsius() = 0;
};

}  // namespace edge
