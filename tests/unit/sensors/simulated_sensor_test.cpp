// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include "sensor_fixture.hpp"

namespace edge {
namespace {

using SimulatedSensorTest = SensorFixture;

TEST_F(SimulatedSensorTest, IsASlowCurveOfWholeNumbersAround21) {
    constexpr int kReads = 4800;
    const auto sensor = make(SensorType::kSimulated);
    std::vector<double> values;
    for (int i = 0; i < kReads; ++i) values.push_back(sensor->read().value());

    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    EXPECT_GE(*lowest, 14);
    EXPECT_LE(*highest, 28);
    EXPECT_GE(*highest - *lowest, 8);
    EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0) / kReads, 21, 0.5);
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(values[i], std::floor(values[i]));
        EXPECT_LE(std::abs(values[i] - values[i > 0 ? i - 1 : 0]), 2) << "reading " << i;
    }
}

}  // namespace
}  // namespace edge
