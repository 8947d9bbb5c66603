// SPDX-License-Identifier: MIT
#include "core/loop/worker_pool.hpp"

#include <cstdlib>
#include <future>
#include <memory>
#include <pthread.h>
#include <vector>

#include <gtest/gtest.h>

#include "core/loop/asio_loop.hpp"
#include "core/loop/scope.hpp"

namespace edge {
namespace {

constexpr seconds kLimit{30};

void waitFor(std::future<void> event) {
    ASSERT_EQ(event.wait_for(kLimit), std::future_status::ready);
}

/// While this lives no thread can be started: the stack it would get is larger than memory.
class ThreadsRefused {
  public:
    ThreadsRefused() {
        pthread_attr_t huge{};
        pthread_getattr_default_np(&before_);
        pthread_getattr_default_np(&huge);
        pthread_attr_setstacksize(&huge, std::size_t{1} << (sizeof(std::size_t) * 8 - 2));
        EXPECT_EQ(pthread_setattr_default_np(&huge), 0);
        pthread_attr_destroy(&huge);
    }
    ~ThreadsRefused() {
        pthread_setattr_default_np(&before_);
        pthread_attr_destroy(&before_);
    }

  private:
    pthread_attr_t before_{};
};

TEST(WorkerPool, AStrandRunsItsTasksInOrder) {
    WorkerPool pool;
    const auto strand = pool.makeStrand("a");
    std::vector<int> order;
    std::promise<void> finished;

    for (int i = 0; i < 1000; ++i) strand->post([&order, i] { order.push_back(i); });
    strand->post([&] { finished.set_value(); });
    waitFor(finished.get_future());

    ASSERT_EQ(order.size(), 1000U);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(WorkerPool, ABlockedStrandDelaysNoOther) {
    WorkerPool pool;
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    std::vector<std::shared_ptr<Executor>> blocked;
    for (int i = 0; i < 8; ++i) {
        blocked.push_back(pool.makeStrand("blocked"));
        blocked.back()->post([opened] { opened.wait(); });
    }

    std::promise<void> ran;
    const auto free = pool.makeStrand("free");
    free->post([&] { ran.set_value(); });
    waitFor(ran.get_future());

    gate.set_value();
}

TEST(WorkerPool, ReportsAStrandThatRunsPastItsLimit) {
    WorkerPool pool;
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    std::promise<void> started;
    const auto strand = pool.makeStrand("sensor room", seconds{0});
    EXPECT_EQ(pool.stalledStrand(), std::nullopt);

    strand->post([&started, opened] {
        started.set_value();
        opened.wait();
    });
    waitFor(started.get_future());
    EXPECT_EQ(pool.stalledStrand(), "sensor room");

    std::promise<void> finished;
    strand->post([&] { finished.set_value(); });
    gate.set_value();
    waitFor(finished.get_future());
}

TEST(WorkerPool, AStrandBeyondTheLimitWaitsAndIsNotStalled) {
    WorkerPool pool(2);
    std::promise<void> gate;
    const std::shared_future<void> opened = gate.get_future().share();
    std::vector<std::shared_ptr<Executor>> strands;
    std::vector<std::promise<void>> started(2);
    for (auto& promise : started) {
        strands.push_back(pool.makeStrand("busy"));
        strands.back()->post([&promise, opened] {
            promise.set_value();
            opened.wait();
        });
    }
    for (auto& promise : started) waitFor(promise.get_future());

    std::promise<void> ran;
    auto turn = ran.get_future();
    const auto waiting = pool.makeStrand("waiting", seconds{0});
    waiting->post([&] { ran.set_value(); });
    EXPECT_EQ(turn.wait_for(seconds{0}), std::future_status::timeout);
    EXPECT_EQ(pool.stalledStrand(), std::nullopt);

    gate.set_value();
    waitFor(std::move(turn));
}

TEST(WorkerPool, ATaskForWhichNoThreadCanBeStartedWaitsAndCountsAsStalled) {
    WorkerPool pool;
    const auto strand = pool.makeStrand("sensor room", seconds{0});
    std::vector<int> order;
    {
        const ThreadsRefused refused;
        strand->post([&order] { order.push_back(1); });
        EXPECT_EQ(pool.stalledStrand(), "sensor room");
    }

    std::promise<void> finished;
    strand->post([&] { finished.set_value(); });
    waitFor(finished.get_future());

    EXPECT_EQ(order, std::vector<int>{1});
}

TEST(WorkerPool, AStrandMayOutliveItsPool) {
    auto pool = std::make_unique<WorkerPool>();
    const auto strand = pool->makeStrand("a");
    pool.reset();

    strand->post([] { FAIL() << "ran without a pool"; });
}

/// The end of a program with a device that hangs: the pool has given up on the read, the owner of its callback is gone,
/// and the read returns while the process exits.
void exitWhileAReadHangs() {
    static auto& loop = *new AsioLoop;  // as in both programs: never destroyed
    static auto& gate = *new std::promise<void>;
    // Registered before all that the pool needs, so it runs when that was destroyed.
    std::atexit([] {
        gate.set_value();
        loop.run();
    });
    WorkerPool pool;
    const Scope owner;
    const auto strand = pool.makeStrand("sensor room");
    std::promise<void> begun;
    runOn(
        *strand, loop, owner,
        [&begun, opened = gate.get_future().share()] {
            begun.set_value();
            opened.wait();
            // Ends the loop when the posted result is destroyed.
            return std::shared_ptr<AsioLoop>(&loop, [](AsioLoop* with) { with->stop(); });
        },
        [](const std::shared_ptr<AsioLoop>&) { std::_Exit(1); });
    waitFor(begun.get_future());
}

TEST(WorkerPoolDeathTest, AReadThatReturnsDuringTheExitReachesNothingThatIsGone) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(
        {
            exitWhileAReadHangs();
            std::exit(0);
        },
        ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace edge
