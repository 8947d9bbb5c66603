// SPDX-License-Identifier: MIT

#include <memory>

#include <gtest/gtest.h>

#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "services/presence/presence.hpp"

namespace edge {
namespace {

class LastConnectionTest : public ::testing::Test {
  protected:
    LastConnectionTest() {
        config.journal.path = dir.file("journal.db");
        openJournal();
    }
    void openJournal() {
        journal = std::make_unique<Journal>(*loop, loop, config.journal, kBoot);
        journal->open([](const Result<JournalSnapshot>& opened) { ASSERT_TRUE(opened) << opened.error().message; });
        loop->runPending();
    }
    /// A start of the agent.
    Presence& make(const std::string& bootId = kBoot) {
        identity.bootId = bootId;
        presence = std::make_unique<Presence>(ServiceContext{*loop, publisher, *journal, config}, identity,
                                              [] { return std::string("{}"); });
        return *presence;
    }
    /// What a next start would find.
    JournalSnapshot reopen() {
        journal->close([] {});
        loop->runPending();
        journal.reset();
        loop->runPending();
        JournalSnapshot snapshot;
        auto next = std::make_unique<Journal>(*loop, loop, config.journal, kBoot);
        next->open([&](const Result<JournalSnapshot>& opened) { snapshot = opened.value(); });
        next->close([] {});
        loop->runPending();
        next.reset();
        loop->runPending();
        openJournal();
        return snapshot;
    }

    static constexpr const char* kBoot = "0123456789abcdef0123456789abcdef";
    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    Identity identity;
    std::unique_ptr<Presence> presence;
};

TEST_F(LastConnectionTest, KnowsNothingOnAFirstStart) {
    EXPECT_EQ(make().away({}), std::nullopt);
}

TEST_F(LastConnectionTest, WritesNothingWithMqtt5) {
    Presence& connection = make();
    connection.onConnected(5);
    loop->advance(std::chrono::hours{10});
    connection.onDisconnected();

    EXPECT_FALSE(reopen().state.contains("connection"));
}

TEST_F(LastConnectionTest, MeasuresFromTheLastNoteAcrossBootsByTheClock) {
    Presence& connection = make();
    connection.onConnected(4);
    loop->advance(std::chrono::hours{3});
    connection.onDisconnected();
    const JournalSnapshot snapshot = reopen();
    loop->manualClock().wall += std::chrono::hours{2};

    EXPECT_EQ(make("another boot").away(snapshot), std::chrono::hours{2});
}

TEST_F(LastConnectionTest, AnAgentThatWasKilledLeftANoteNotLongAgo) {
    Presence& connection = make();
    connection.onConnected(4);
    loop->advance(std::chrono::hours{3} + std::chrono::minutes{10});
    const JournalSnapshot snapshot = reopen();

    const auto away = make("another boot").away(snapshot);
    ASSERT_TRUE(away);
    EXPECT_LE(*away, config.mqtt.sessionExpiry / 4);
}

TEST_F(LastConnectionTest, AClockThatWentBackwardsIsNoTimeAway) {
    Presence& connection = make();
    connection.onConnected(4);
    connection.onDisconnected();
    const JournalSnapshot snapshot = reopen();
    loop->manualClock().wall -= std::chrono::hours{24 * 365};

    EXPECT_EQ(make("another boot").away(snapshot), milliseconds{0});
}

TEST_F(LastConnectionTest, ANoteThatCannotBeReadIsNone) {
    const Presence& connection = make();
    for (const char* text : {"", "[]", "{}", R"({"wall_ms":"x","boot_ms":1,"boot":"b"})", "{"}) {
        JournalSnapshot snapshot;
        snapshot.state["connection"] = text;
        EXPECT_EQ(connection.away(snapshot), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace edge
