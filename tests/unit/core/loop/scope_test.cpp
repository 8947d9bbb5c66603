// SPDX-License-Identifier: MIT
#include "core/loop/scope.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/held_executor.hpp"

namespace edge {
namespace {

TEST(Scope, CallsAsLongAsItIsThere) {
    std::vector<int> heard;
    std::optional<Scope> scope(std::in_place);
    const std::function<void(int)> callback = scope->wrap([&](int value) { heard.push_back(value); });

    callback(1);
    scope.reset();
    callback(2);

    EXPECT_EQ(heard, std::vector{1});
}

TEST(Scope, ResetCancelsWhatWasWrappedBefore) {
    std::vector<int> heard;
    Scope scope;
    const auto before = scope.wrap([&] { heard.push_back(1); });

    scope.reset();
    const auto after = scope.wrap([&] { heard.push_back(2); });
    before();
    after();

    EXPECT_EQ(heard, std::vector{2});
}

TEST(Scope, PassesMoveOnlyArgumentsAndReferences) {
    int sum = 0;
    const Scope scope;
    const std::function<void(std::unique_ptr<int>, int&)> callback =
        scope.wrap([](std::unique_ptr<int> value, int& to) { to += *value; });

    callback(std::make_unique<int>(7), sum);

    EXPECT_EQ(sum, 7);
}

TEST(Scope, CallsAMutableCallbackFromAConstLambda) {
    int last = 0;
    const Scope scope;
    const std::function<void()> outer = [inner = scope.wrap([&last, count = 0]() mutable { last = ++count; })] {
        inner();
    };

    outer();
    outer();

    EXPECT_EQ(last, 2);
}

TEST(Scope, LetsACallbackDestroyTheOwner) {
    struct Owner {
        std::function<void()> callback;
        std::string text = "a string that is too long for the short string optimisation";
        Scope scope;
    };
    auto owner = std::make_unique<Owner>();
    std::string seen;
    owner->callback = owner->scope.wrap([&, text = owner->text] {
        owner.reset();
        seen = text;
    });

    const auto run = owner->callback;
    run();
    run();

    EXPECT_EQ(owner, nullptr);
    EXPECT_FALSE(seen.empty());
}

TEST(Scope, LetsADestructorCallWhatItWrapped) {
    struct Caller {
        ~Caller() { callback(); }
        std::function<void()> callback;
    };
    int calls = 0;
    struct Owner {
        Caller caller;
        Scope scope;
    };
    {
        Owner owner;
        owner.caller.callback = owner.scope.wrap([&] { ++calls; });
    }
    EXPECT_EQ(calls, 0);
}

class RunOn : public ::testing::Test {
  protected:
    HeldExecutor strand_;
    HeldExecutor loop_;
    std::optional<Scope> scope_{std::in_place};
};

TEST_F(RunOn, RunsTheWorkOnTheStrandAndHandsItsResultToTheLoop) {
    std::vector<int> order;
    runOn(
        strand_, loop_, *scope_,
        [&] {
            order.push_back(1);
            return 2;
        },
        [&](int result) { order.push_back(result); });
    EXPECT_TRUE(order.empty());

    strand_.runAll();
    EXPECT_EQ(order, std::vector{1});
    loop_.runAll();
    EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST_F(RunOn, TakesWorkWithoutAResult) {
    int done = 0;
    runOn(
        strand_, loop_, *scope_, [] {}, [&] { ++done; });

    strand_.runAll();
    loop_.runAll();

    EXPECT_EQ(done, 1);
}

TEST_F(RunOn, MovesWorkResultAndCallbackThatCannotBeCopied) {
    int seen = 0;
    runOn(
        strand_, loop_, *scope_, [value = std::make_unique<int>(3)]() mutable { return std::move(value); },
        [&, more = std::make_unique<int>(4)](std::unique_ptr<int> value) { seen = *value + *more; });

    strand_.runAll();
    loop_.runAll();

    EXPECT_EQ(seen, 7);
}

TEST_F(RunOn, RunsTheWorkButNotTheCallbackOfAScopeThatIsGone) {
    int worked = 0;
    int done = 0;
    const auto start = [&] {
        runOn(
            strand_, loop_, *scope_, [&] { ++worked; }, [&] { ++done; });
    };
    start();
    strand_.runAll();
    start();
    scope_.reset();
    strand_.runAll();
    loop_.runAll();

    EXPECT_EQ(worked, 2);
    EXPECT_EQ(done, 0);
}

TEST_F(RunOn, DestroysTheWorkOnTheStrandAndTheCallbackOnTheLoop) {
    const auto inWork = std::make_shared<int>();
    const auto inDone = std::make_shared<int>();
    // What is captured from a const variable is const, and would be copied where a lambda is moved.
    runOn(
        strand_, loop_, *scope_, [inWork] { return 1; }, [inDone](int) {});

    strand_.runAll();
    EXPECT_EQ(inWork.use_count(), 1);
    EXPECT_EQ(inDone.use_count(), 2);

    strand_.tasks.clear();
    EXPECT_EQ(inDone.use_count(), 2);
    loop_.runAll();
    EXPECT_EQ(inDone.use_count(), 1);
}

}  // namespace
}  // namespace edge
