// SPDX-License-Identifier: MIT
#include "mqtt/net/resolver.hpp"

#include <gtest/gtest.h>

#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

/// Strands that run when the test says so.
struct Fixture {
    Fixture() {
        resolver = makeSystemResolver(loop, [this](const std::string& name) {
            names.push_back(name);
            strands.push_back(std::make_shared<ManualLoop>());
            return strands.back();
        });
    }
    void resolve(const std::string& host) {
        resolver->resolve(host,
                          [this](Result<std::vector<std::string>> result) { results.push_back(std::move(result)); });
    }

    ManualLoop loop;
    std::vector<std::string> names;
    std::vector<std::shared_ptr<ManualLoop>> strands;
    std::vector<Result<std::vector<std::string>>> results;
    std::unique_ptr<Resolver> resolver;
};

TEST(SystemResolver, GivesNumericHostsBackWithoutAStrandAndNotInsideTheCall) {
    for (const char* host : {"192.0.2.7", "2001:db8::1", "fe80::1%eth0"}) {
        Fixture f;
        f.resolve(host);
        EXPECT_TRUE(f.results.empty());

        f.loop.runPending();

        ASSERT_EQ(f.results.size(), 1u);
        EXPECT_EQ(f.results[0].value(), std::vector<std::string>{host});
        EXPECT_TRUE(f.strands.empty());
    }
}

TEST(SystemResolver, KnowsLocalhostWithoutAskingAnybody) {
    Fixture f;
    f.resolve("LocalHost");
    f.loop.runPending();

    ASSERT_EQ(f.results.size(), 1u);
    EXPECT_EQ(f.results[0].value(), (std::vector<std::string>{"127.0.0.1", "::1"}));
    EXPECT_TRUE(f.strands.empty());
}

/// Not numeric by our rules, and for the system's resolver no reason to ask a name server.
constexpr const char* kName = "127.1";

TEST(SystemResolver, LooksANameUpOnAStrandOfItsOwn) {
    Fixture f;
    f.resolve(kName);
    f.loop.runPending();
    EXPECT_TRUE(f.results.empty());

    f.strands.at(0)->runPending();
    f.loop.runPending();

    ASSERT_EQ(f.results.size(), 1u);
    EXPECT_EQ(f.results[0].value(), std::vector<std::string>{"127.0.0.1"});
}

TEST(SystemResolver, JoinsALookUpThatIsUnderWay) {
    Fixture f;
    f.resolve(kName);
    f.resolve(kName);

    EXPECT_EQ(f.strands.at(0)->pendingTasks(), 1u);
    f.strands.at(0)->runPending();
    f.loop.runPending();
    EXPECT_EQ(f.results.size(), 2u);

    f.resolve(kName);
    EXPECT_EQ(f.strands.size(), 1u);
    EXPECT_EQ(f.strands.at(0)->pendingTasks(), 1u);
}

TEST(SystemResolver, LetsNoHostWaitForAnother) {
    Fixture f;
    f.resolve("a.invalid");
    f.resolve(kName);

    ASSERT_EQ(f.strands.size(), 2u);
    f.strands[1]->runPending();
    f.loop.runPending();

    EXPECT_EQ(f.results.size(), 1u);
}

TEST(SystemResolver, NamesTheHostThatIsNotThere) {
    Fixture f;
    f.resolve("");
    f.strands.at(0)->runPending();
    f.loop.runPending();
    ASSERT_EQ(f.results.size(), 1u);
    EXPECT_FALSE(f.results[0].has_value());

    Fixture g;
    g.resolve("not a name!");
    g.strands.at(0)->runPending();
    g.loop.runPending();
    ASSERT_EQ(g.results.size(), 1u);
    ASSERT_FALSE(g.results[0].has_value());
    EXPECT_NE(g.results[0].error().message.find("not a name!"), std::string::npos);
}

TEST(SystemResolver, SaysNothingAfterItIsGone) {
    Fixture f;
    f.resolve(kName);
    const auto strand = f.strands.at(0);
    f.resolver.reset();

    strand->runPending();
    f.loop.runPending();

    EXPECT_TRUE(f.results.empty());
}

TEST(SystemResolver, SaysNothingWhenItGoesBetweenStrandAndLoop) {
    Fixture f;
    f.resolve(kName);
    f.strands.at(0)->runPending();
    f.resolver.reset();

    f.loop.runPending();

    EXPECT_TRUE(f.results.empty());
}

}  // namespace
}  // namespace edge
