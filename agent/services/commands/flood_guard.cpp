// SPDX-License-Identifier: MIT
#include "services/commands/flood_guard.hpp"

#include <utility>

namespace edge {

void FloodGuard::refuse() {
    ++thisSecond_;
    ++total_;
    if (isRunning_) return;
    isRunning_ = true;
    timer_ = loop_.after(seconds{1}, [this] { tick(); });
}

void FloodGuard::tick() {
    if (thisSecond_ == 0) {
        isRunning_ = false;
        atEnd_(std::exchange(total_, 0));
        return;
    }
    everySecond_(std::exchange(thisSecond_, 0));
    timer_ = loop_.after(seconds{1}, [this] { tick(); });
}

}  // namespace edge
