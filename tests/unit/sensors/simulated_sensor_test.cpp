// SPDX-License-Identifier: MIT
#include <cmath>
#include <set>

#include "sensor_fixture.hpp"

namespace edge {
namespace {

using SimulatedSensorTest = SensorFixture;

TEST_F(SimulatedSensorTest, SaysEveryWholeNumberFrom0To40) {
    constexpr int kReads = 5000;
    const auto sensor = make(SensorType::kSimulated);
    std::set<double> seen;
    for (int i = 0; i < kReads; ++i) seen.insert(sensor->readCelsius().value());

    EXPECT_EQ(seen.size(), 41U);
    EXPECT_EQ(*seen.begin(), 0.0);
    EXPECT_EQ(*seen.rbegin(), 40.0);
    for (const double value : seen) EXPECT_EQ(value, std::floor(value));
}

}  // namespace
}  // namespace edge
