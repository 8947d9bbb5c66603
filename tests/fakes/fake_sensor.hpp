// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>

#include "sensors/sensor.hpp"

namespace edge {

/// Says what the test tells it to: first what is in `answers`, then `value` for ever.
class FakeSensor : public Sensor {
  public:
    Result<double> read() override {
        ++reads;
        if (whileReading) whileReading();
        if (answers.empty()) return value;
        Result<double> answer = answers.front();
        answers.pop_front();
        return answer;
    }

    std::function<void()> whileReading;  ///< what happens before it answers
    std::deque<Result<double>> answers;
    Result<double> value = 21.437;
    int reads = 0;
};

}  // namespace edge
