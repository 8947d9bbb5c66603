// SPDX-License-Identifier: MIT
#include "core/worker_pool.hpp"

#include <future>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace edge {
namespace {

constexpr seconds kLimit{30};

void waitFor(std::future<void> event) {
    ASSERT_EQ(event.wait_for(kLimit), std::future_status::ready);
}

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

TEST(WorkerPool, AStrandMayOutliveItsPool) {
    auto pool = std::make_unique<WorkerPool>();
    const auto strand = pool->makeStrand("a");
    pool.reset();

    strand->post([] { FAIL() << "ran without a pool"; });
}

}  // namespace
}  // namespace edge
