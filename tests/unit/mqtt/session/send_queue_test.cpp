// SPDX-License-Identifier: MIT
#include "mqtt/session/send_queue.hpp"

#include <string>

#include <gtest/gtest.h>

namespace edge {
namespace {

constexpr SteadyTime kNow{seconds{5}};
constexpr std::size_t kPicture = 300'000;

Outgoing make(const std::string& topic, Priority priority, std::size_t bytes = 1, Qos qos = Qos::kAtLeastOnce,
              Retain retain = Retain::kNo) {
    auto publication = std::make_shared<Publication>();
    publication->topic = topic;
    publication->payload = std::string(bytes, 'x');
    publication->qos = qos;
    publication->retain = retain;
    return {publication, priority, {}, {}};
}

/// Sends all that may be sent; the topics, separated by spaces.
std::string sendAll(SendQueue& queue) {
    std::string topics;
    while (auto next = queue.next(kNow)) topics += (topics.empty() ? "" : " ") + next->outgoing.publication->topic;
    return topics;
}

TEST(SendQueue, SendsByPriorityAndInOrderInsideOne) {
    SendQueue queue;
    for (const char* number : {"1", "2"}) {
        queue.add(make(std::string("backlog") + number, Priority::kBacklog));
        queue.add(make(std::string("image") + number, Priority::kImage));
        queue.add(make(std::string("live") + number, Priority::kLive));
        queue.add(make(std::string("reply") + number, Priority::kReply));
    }

    EXPECT_EQ(sendAll(queue), "reply1 live1 reply2 live2 image1 image2 backlog1 backlog2");
}

TEST(SendQueue, LetsNeitherRepliesNorReadingsKeepTheOtherFromLeaving) {
    SendQueue queue;
    for (int i = 0; i < 4; ++i) queue.add(make("reply", Priority::kReply));
    queue.add(make("live1", Priority::kLive));
    queue.add(make("live2", Priority::kLive));
    EXPECT_EQ(sendAll(queue), "reply live1 reply live2 reply reply");

    for (int i = 0; i < 3; ++i) queue.add(make("live", Priority::kLive));
    queue.add(make("reply", Priority::kReply));
    EXPECT_EQ(sendAll(queue), "live reply live live");
}

TEST(SendQueue, HoldsAtMostTheWindow) {
    SendQueue queue;
    for (int i = 0; i < 40; ++i) queue.add(make("t", Priority::kLive));

    sendAll(queue);

    EXPECT_EQ(queue.inFlight(), SendQueue::kWindow);
    EXPECT_EQ(queue.waiting(), 40 - SendQueue::kWindow);
}

TEST(SendQueue, ObeysASmallerReceiveMaximumWithWhatIsAcknowledged) {
    SendQueue queue;
    queue.setReceiveMaximum(2);
    for (const char* topic : {"a", "b", "c"}) queue.add(make(topic, Priority::kLive));

    EXPECT_EQ(sendAll(queue), "a b");
    ASSERT_TRUE(queue.finished(1));
    EXPECT_EQ(sendAll(queue), "c");
}

TEST(SendQueue, DoesNotCountQos0AgainstTheReceiveMaximum) {
    SendQueue queue;
    queue.setReceiveMaximum(1);
    queue.add(make("a", Priority::kLive));
    queue.add(make("b", Priority::kLive, 1, Qos::kAtMostOnce));

    EXPECT_EQ(sendAll(queue), "a b");
}

TEST(SendQueue, HoldsAtMostFourPicturesAndLetsRepliesPast) {
    SendQueue queue;
    for (int i = 0; i < 6; ++i) queue.add(make("picture", Priority::kImage, kPicture));

    EXPECT_EQ(sendAll(queue), "picture picture picture picture");
    queue.add(make("reply", Priority::kReply));
    EXPECT_EQ(sendAll(queue), "reply");
}

TEST(SendQueue, HoldsAtMostFourMebibytesOfPictures) {
    SendQueue queue;
    for (int i = 0; i < 4; ++i) queue.add(make("picture", Priority::kImage, 2 << 20));

    EXPECT_EQ(sendAll(queue), "picture picture");
}

TEST(SendQueue, SendsAPictureThatIsLargerThanTheWindowAlone) {
    SendQueue queue;
    queue.add(make("huge", Priority::kImage, 6 << 20));
    queue.add(make("next", Priority::kImage, kPicture));

    EXPECT_EQ(sendAll(queue), "huge");
    queue.finished(1);
    EXPECT_EQ(sendAll(queue), "next");
}

TEST(SendQueue, KeepsAPlaceForWhatIsSmallWhenTheWindowIsNarrow) {
    SendQueue queue;
    queue.setReceiveMaximum(2);
    queue.add(make("picture1", Priority::kImage, kPicture));
    queue.add(make("picture2", Priority::kImage, kPicture));

    EXPECT_EQ(sendAll(queue), "picture1");
    queue.add(make("reading", Priority::kLive));
    EXPECT_EQ(sendAll(queue), "reading");
}

TEST(SendQueue, LeavesBacklogAloneWhileAPictureWaits) {
    SendQueue queue;
    for (int i = 0; i < 5; ++i) queue.add(make("picture", Priority::kImage, kPicture));
    sendAll(queue);
    queue.add(make("backlog", Priority::kBacklog));

    EXPECT_EQ(sendAll(queue), "");
    queue.finished(1);
    EXPECT_EQ(sendAll(queue), "picture backlog");
}

TEST(SendQueue, IsBoundedByCountAndBytes) {
    SendQueue queue;
    for (std::size_t i = 0; i < SendQueue::kMaxWaiting; ++i) {
        ASSERT_EQ(queue.add(make("t", Priority::kLive)), SendQueue::Added::kWaits);
    }
    EXPECT_EQ(queue.add(make("t", Priority::kLive)), SendQueue::Added::kFull);

    int pictures = 0;
    while (queue.add(make("p", Priority::kImage, 1 << 20)) == SendQueue::Added::kWaits) ++pictures;
    EXPECT_EQ(pictures, 16);
}

TEST(SendQueue, GivesWhatWasInFlightBackInOrderAndInFrontOfTheRest) {
    SendQueue queue;
    for (const char* topic : {"a", "b"}) queue.add(make(topic, Priority::kReply));
    sendAll(queue);
    queue.add(make("c", Priority::kReply));

    queue.putBack(queue.takeInFlight());

    EXPECT_EQ(queue.inFlight(), 0u);
    EXPECT_EQ(sendAll(queue), "a b c");
}

TEST(SendQueue, KeepsRepliesOverALossButNotRetainedStates) {
    SendQueue queue;
    queue.add(make("reply", Priority::kReply));
    queue.add(make("state", Priority::kReply, 1, Qos::kAtLeastOnce, Retain::kYes));
    queue.add(make("live", Priority::kLive));

    const auto dropped = queue.takeWaiting(SendQueue::Which::kNotKept);

    ASSERT_EQ(dropped.size(), 2u);
    EXPECT_EQ(sendAll(queue), "reply");
}

TEST(SendQueue, ForgetsAnIdThatIsNotInFlight) {
    SendQueue queue;
    queue.add(make("a", Priority::kLive));
    sendAll(queue);
    queue.takeInFlight();

    EXPECT_FALSE(queue.finished(1));
}

}  // namespace
}  // namespace edge
