// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/loop/asio_loop.hpp"

namespace edge {
namespace {

TEST(AsioLoop, RunsPostedTasksInOrderAndNeverInsidePost) {
    AsioLoop loop;
    std::vector<int> order;

    loop.post([&] {
        loop.post([&] {
            order.push_back(3);
            loop.stop();
        });
        order.push_back(1);
    });
    loop.post([&] { order.push_back(2); });
    EXPECT_TRUE(order.empty());
    loop.run();

    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(AsioLoop, RunsTimersByTheirTime) {
    AsioLoop loop;
    std::vector<int> order;

    const Timer late = loop.after(milliseconds{20}, [&] {
        order.push_back(2);
        loop.stop();
    });
    const Timer early = loop.after(milliseconds{1}, [&] { order.push_back(1); });
    loop.run();

    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(AsioLoop, ACancelledTimerNeverRunsEvenWhenItWasDue) {
    AsioLoop loop;
    bool ran = false;
    Timer doomed;

    // Both are due in the same turn; the first one cancels the second, whose handler is queued already.
    const Timer killer = loop.after(milliseconds{0}, [&] { doomed.cancel(); });
    doomed = loop.after(milliseconds{0}, [&] { ran = true; });
    const Timer end = loop.after(milliseconds{5}, [&] { loop.stop(); });
    loop.run();

    EXPECT_FALSE(ran);
}

TEST(AsioLoop, ATimerMayReplaceItselfWhileItRuns) {
    AsioLoop loop;
    int runs = 0;
    Timer timer;
    std::function<void()> again = [&] {
        if (++runs == 3) return loop.stop();
        timer = loop.after(milliseconds{1}, again);
    };

    timer = loop.after(milliseconds{1}, again);
    loop.run();

    EXPECT_EQ(runs, 3);
}

TEST(AsioLoop, WatchesADescriptorUntilTheWatchIsDestroyed) {
    AsioLoop loop;
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    int reads = 0;
    std::unique_ptr<FdWatch> watch = loop.watch(pipe[0], [&] {
        char byte = 0;
        ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
        if (++reads == 2) {
            watch.reset();
            loop.post([&] { loop.stop(); });
        }
    });

    ASSERT_EQ(::write(pipe[1], "abc", 3), 3);
    loop.run();

    EXPECT_EQ(reads, 2);
    ::close(pipe[0]);
    ::close(pipe[1]);
}

TEST(AsioLoop, TakesPostsFromOtherThreads) {
    AsioLoop loop;
    int sum = 0;
    std::thread other([&] {
        for (int i = 1; i <= 100; ++i) loop.post([&sum, i] { sum += i; });
        loop.post([&] { loop.stop(); });
    });

    loop.run();
    other.join();

    EXPECT_EQ(sum, 5050);
}

}  // namespace
}  // namespace edge
