// SPDX-License-Identifier: MIT
#include "core/time/clock_watch.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

class ClockWatchTest : public ::testing::Test {
  protected:
    void watch() {
        watcher.emplace(
            loop, strand, [this](ClockState state) { told.push_back(state); },
            [this] {
                ++questions;
                return answer;
            });
    }
    /// Lets a question be asked and its answer be heard.
    void turn() {
        strand->runPending();
        loop.runPending();
    }
    /// Time passes; whatever is asked is answered at once.
    void pass(seconds time) {
        for (seconds i{0}; i < time; ++i) {
            loop.advance(seconds{1});
            turn();
        }
    }

    ManualLoop loop;
    std::shared_ptr<ManualLoop> strand = std::make_shared<ManualLoop>();
    std::optional<ClockState> answer = ClockState::kUnsynchronised;
    int questions = 0;
    std::vector<ClockState> told;
    std::optional<ClockWatch> watcher;
};

TEST_F(ClockWatchTest, AsksAtTheStartAndTells) {
    answer = ClockState::kSynchronised;
    watch();
    EXPECT_EQ(questions, 0) << "the question blocks, it belongs on the strand";
    turn();

    EXPECT_EQ(told, std::vector{ClockState::kSynchronised});
}

TEST_F(ClockWatchTest, AsksOftenWhileTheClockIsNotSynchronised) {
    watch();
    turn();
    pass(4 * ClockWatch::kUnsynchronisedInterval);

    EXPECT_EQ(questions, 5);
}

TEST_F(ClockWatchTest, AsksSeldomOnceTheTimeIsThereAndNoticesItsLoss) {
    answer = ClockState::kSynchronised;
    watch();
    turn();
    pass(ClockWatch::kSynchronisedInterval - seconds{1});
    EXPECT_EQ(questions, 1);

    answer = ClockState::kUnsynchronised;
    pass(seconds{1});
    EXPECT_EQ(told.back(), ClockState::kUnsynchronised);
}

TEST_F(ClockWatchTest, NoAnswerChangesNothingAndIsAskedAgain) {
    answer = ClockState::kSynchronised;
    watch();
    turn();
    answer = std::nullopt;
    pass(ClockWatch::kSynchronisedInterval);

    EXPECT_EQ(questions, 2);
    EXPECT_EQ(told, std::vector{ClockState::kSynchronised});
}

TEST_F(ClockWatchTest, ASetClockIsAskedAboutOnceMoreHoweverOftenItIsSet) {
    watch();
    for (int i = 0; i < 3; ++i) watcher->ask();
    EXPECT_EQ(strand->pendingTasks(), 1U) << "questions that block for seconds must not pile up";
    turn();
    EXPECT_TRUE(told.empty()) << "the answer may be older than the clock";
    turn();

    EXPECT_EQ(questions, 2);
    EXPECT_EQ(told.size(), 1U);
}

TEST_F(ClockWatchTest, AnAnswerAfterItsEndIsNotHeard) {
    watch();
    strand->runPending();
    watcher.reset();
    loop.runPending();

    EXPECT_TRUE(told.empty());
}

}  // namespace
}  // namespace edge
