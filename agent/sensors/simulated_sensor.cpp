// SPDX-License-Identifier: MIT
#include "sensors/simulated_sensor.hpp"

#include <random>

namespace edge {
namespace {

class SimulatedSensor : public Sensor {
  public:
    Result<double> readCelsius() override { return distribution_(engine_); }

  private:
    static constexpr int kMin = 0;
    static constexpr int kMax = 40;
    std::mt19937 engine_{std::random_device{}()};
    std::uniform_int_distribution<int> distribution_{kMin, kMax};
};

}  // namespace

std::unique_ptr<Sensor> makeSimulatedSensor(const SensorConfig&, const std::string&) {
    return std::make_unique<SimulatedSensor>();
}

}  // namespace edge
