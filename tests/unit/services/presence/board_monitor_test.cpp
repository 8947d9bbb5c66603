// SPDX-License-Identifier: MIT
#include "services/presence/board_monitor.hpp"

#include <gtest/gtest.h>

#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

class BoardMonitorTest : public ::testing::Test {
  protected:
    BoardMonitorTest() { config.journal.path = dir.file("journal.db"); }

    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    std::shared_ptr<ManualLoop> strand = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    Journal journal{*loop, loop, config.journal, std::string(32, 'b')};
    int changes = 0;
    int looks = 0;
    BoardHealth next;
    ServiceContext context{*loop, publisher, journal, config, [this] { ++changes; }};
    std::string disk;
    BoardMonitor monitor{context, "boot-1", strand,
                         [this](const std::string& path) {
                             disk = path;
                             return next;
                         },
                         [this] { ++looks; }};

    void letItRead() {
        strand->runPending();
        loop->runPending();
    }
};

TEST_F(BoardMonitorTest, LooksAtOnceAndEveryMinute) {
    next.load = 0.5;
    monitor.start({});
    letItRead();
    EXPECT_EQ(monitor.board().load, 0.5);
    next.load = 0.7;
    loop->advance(BoardMonitor::kInterval);
    letItRead();
    EXPECT_EQ(monitor.board().load, 0.7);
    EXPECT_EQ(looks, 2);
    EXPECT_EQ(changes, 0) << "the next health has it";
}

TEST_F(BoardMonitorTest, LooksAtTheDiskOfTheJournalAlsoAfterItHasMoved) {
    monitor.start({});
    letItRead();
    EXPECT_EQ(disk, config.journal.path);
    config.journal.path = "/mnt/disk/journal.db";
    loop->advance(BoardMonitor::kInterval);
    letItRead();
    EXPECT_EQ(disk, "/mnt/disk/journal.db");
}

TEST_F(BoardMonitorTest, UndervoltageIsPublishedAtOnce) {
    next.undervoltage = BoardHealth::Flag{};
    monitor.start({});
    letItRead();
    changes = 0;
    next.undervoltage = BoardHealth::Flag{true, true};
    loop->advance(BoardMonitor::kInterval);
    letItRead();
    EXPECT_EQ(changes, 1);
}

TEST_F(BoardMonitorTest, WhatWasSeenSinceBootIsNotForgotten) {
    next.undervoltage = BoardHealth::Flag{true, true};
    JournalSnapshot snapshot;
    snapshot.state["board"] = "boot-1 2";
    next.throttled = BoardHealth::Flag{};
    monitor.start(snapshot);
    letItRead();
    next.undervoltage = BoardHealth::Flag{};  // the kernel has cleared it
    loop->advance(BoardMonitor::kInterval);
    letItRead();
    EXPECT_EQ(monitor.board().undervoltage, (BoardHealth::Flag{false, true}));
    EXPECT_EQ(monitor.board().throttled, (BoardHealth::Flag{false, true})) << "the run before saw it";
}

TEST_F(BoardMonitorTest, ABootIsANewBeginning) {
    JournalSnapshot snapshot;
    snapshot.state["board"] = "boot-0 3";
    next.undervoltage = BoardHealth::Flag{};
    monitor.start(snapshot);
    letItRead();
    EXPECT_EQ(monitor.board().undervoltage, BoardHealth::Flag{});
}

TEST_F(BoardMonitorTest, AFirmwareThatHangsLeavesNoOldValues) {
    next.load = 0.5;
    monitor.start({});
    letItRead();
    loop->advance(BoardMonitor::kInterval);
    loop->advance(BoardMonitor::kInterval);
    EXPECT_EQ(monitor.board(), BoardHealth{});
    letItRead();
    EXPECT_EQ(monitor.board().load, 0.5);
}

}  // namespace
}  // namespace edge
