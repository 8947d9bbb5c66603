// SPDX-License-Identifier: MIT
#include "integration/support/loop_thread.hpp"

#include <future>
#include <memory>

namespace edge {

namespace {

/// Looks again and again from a timer of the loop, so that no time between two looks belongs to the test's thread.
struct Watcher {
    Loop& loop;
    std::function<bool()> condition;
    SteadyTime giveUp;
    std::promise<bool> answer;
    Timer timer;

    void look() {
        if (condition()) {
            answer.set_value(true);
        } else if (loop.clock().now() >= giveUp) {
            answer.set_value(false);
        } else {
            timer = loop.after(milliseconds{2}, [this] { look(); });
        }
    }
};

}  // namespace

LoopThread::LoopThread() : thread_([this] { loop_.run(); }) {
    run([] {});  // stop() before run() would be lost
}

LoopThread::~LoopThread() {
    loop_.stop();
    thread_.join();
}

void LoopThread::run(const Task& task) {
    std::promise<void> done;
    loop_.post([&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

bool LoopThread::waitFor(const std::function<bool()>& condition, milliseconds limit) {
    Watcher watcher{loop_, condition, loop_.clock().now() + limit, {}, {}};
    auto answer = watcher.answer.get_future();
    loop_.post([&watcher] { watcher.look(); });
    const bool result = answer.get();
    run([&watcher] { watcher.timer.cancel(); });
    return result;
}

}  // namespace edge
