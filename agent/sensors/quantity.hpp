// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

namespace edge {

/// What a sensor measures.
enum class Quantity {
    kTemperature,
    kHumidity,
    kPressure,
    kIlluminance,
    kVoltage,
    kCurrent,
    kPower,
    kDistance,
    kCo2,
    kResistance,
    kFan,
    kNumber,
};
inline constexpr std::size_t kQuantityCount = 12;

struct QuantityInfo {
    Quantity quantity;
    std::string_view name;         ///< in the configuration and in JSON
    std::string_view unit;         ///< one that Home Assistant accepts with the device class; "" = as configured
    std::string_view deviceClass;  ///< of Home Assistant; "" = it has none for this quantity
    /// Values outside are faults, unless the configuration says otherwise. Infinite: anything is allowed.
    double min;
    double max;
    /// How many a value is published with: what the kernel's unit and common sensors resolve.
    int decimals;
    /// How many of them a person wants to see.
    int shownDecimals;
    /// What a simulated sensor shows.
    double typical;
    double swing;
};

inline constexpr double kUnbounded = std::numeric_limits<double>::infinity();

/// In the order of the enumeration: the only place that knows names, units and limits.
inline constexpr std::array<QuantityInfo, kQuantityCount> kQuantities{{
    {Quantity::kTemperature, "temperature", "°C", "temperature", -55, 125, 3, 1, 21, 4},
    {Quantity::kHumidity, "humidity", "%", "humidity", 0, 100, 2, 1, 48, 8},
    {Quantity::kPressure, "pressure", "hPa", "atmospheric_pressure", 300, 1100, 2, 1, 1013, 6},
    {Quantity::kIlluminance, "illuminance", "lx", "illuminance", 0, 200'000, 2, 0, 320, 150},
    {Quantity::kVoltage, "voltage", "V", "voltage", -1000, 1000, 4, 2, 3.3, 0.1},
    {Quantity::kCurrent, "current", "A", "current", -1000, 1000, 4, 3, 0.25, 0.1},
    {Quantity::kPower, "power", "W", "power", -100'000, 100'000, 3, 2, 1.2, 0.4},
    {Quantity::kDistance, "distance", "m", "distance", 0, 1000, 3, 2, 1.5, 0.5},
    {Quantity::kCo2, "co2", "ppm", "carbon_dioxide", 0, 40'000, 0, 0, 620, 150},
    {Quantity::kResistance, "resistance", "Ω", "", 0, 1e9, 1, 0, 10'000, 400},
    {Quantity::kFan, "fan", "rpm", "", 0, 100'000, 0, 0, 1480, 200},
    {Quantity::kNumber, "number", "", "", -kUnbounded, kUnbounded, 3, 3, 50, 20},
}};

constexpr const QuantityInfo& infoOf(Quantity quantity) {
    return kQuantities[static_cast<std::size_t>(quantity)];
}

}  // namespace edge
