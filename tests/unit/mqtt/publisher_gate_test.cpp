// SPDX-License-Identifier: MIT
#include "mqtt/publisher_gate.hpp"

#include <gtest/gtest.h>

#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

class PublisherGateTest : public ::testing::Test {
  protected:
    void publish(const std::string& topic) {
        Publication publication;
        publication.topic = topic;
        gate->publish(std::move(publication), Priority::kReply,
                      [this](Delivery delivery) { ends.push_back(delivery); });
    }

    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<PublisherGate> gate = std::make_unique<PublisherGate>(*loop, publisher);
    std::vector<Delivery> ends;
};

TEST_F(PublisherGateTest, HandsOnAndTellsHowItEnded) {
    publish("a");
    EXPECT_NE(gate->connection(), nullptr);
    loop->runPending();
    EXPECT_EQ(publisher.on("a").size(), 1U);
    EXPECT_EQ(ends, std::vector<Delivery>{Delivery::kDelivered});
}

TEST_F(PublisherGateTest, WhatIsOpenWhenItClosesEndsAsLostOnce) {
    publisher.outcome.reset();
    publish("a");
    gate->close();
    EXPECT_TRUE(ends.empty()) << "never inside the call";
    loop->runPending();
    EXPECT_EQ(ends, std::vector<Delivery>{Delivery::kLost});

    publisher.finishAll(Delivery::kDelivered);
    publish("b");
    loop->runPending();
    EXPECT_EQ(ends, (std::vector<Delivery>{Delivery::kLost, Delivery::kLost}));
    EXPECT_TRUE(publisher.on("b").empty());
    EXPECT_EQ(gate->connection(), nullptr);
}

TEST_F(PublisherGateTest, MayGoBeforeTheAcknowledgement) {
    publisher.outcome.reset();
    publish("a");
    gate.reset();
    publisher.finishAll(Delivery::kDelivered);
    loop->runPending();
    EXPECT_TRUE(ends.empty());
}

}  // namespace
}  // namespace edge
