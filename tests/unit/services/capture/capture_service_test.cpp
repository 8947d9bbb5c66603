// SPDX-License-Identifier: MIT
#include "capture_fixture.hpp"

namespace edge {
namespace {

using CaptureServiceTest = CaptureFixture;

TEST_F(CaptureServiceTest, PublishesTheJpegAndNothingElseOnItsTopic) {
    capture({}, "t-1");
    takePicture();

    ASSERT_EQ(pictures(), 1U);
    const Publication jpeg = publisher.on("jpeg").front();
    EXPECT_EQ(jpeg.payload, "\xff\xd8jpeg");
    EXPECT_EQ(jpeg.contentType, "image/jpeg");
    EXPECT_TRUE(jpeg.retain == Retain::kNo);
    ASSERT_EQ(jpeg.userProperties.size(), 3U);
    EXPECT_EQ(jpeg.userProperties[2], (std::pair<std::string, std::string>{"transaction", "t-1"}));
}

TEST_F(CaptureServiceTest, LeavesOutOfThePropertiesWhatMqttDoesNotTake) {
    const std::string transaction("a\0\n", 3);
    capture({}, transaction);
    takePicture();

    ASSERT_EQ(pictures(), 1U);
    const Publication jpeg = publisher.on("jpeg").front();
    for (const auto& [name, value] : jpeg.userProperties) EXPECT_NE(name, "transaction");
    EXPECT_EQ(Json::parse(outcomes.at(0).data)["transaction"], transaction);
}

TEST_F(CaptureServiceTest, DescribesThePictureBesideItAndInTheReply) {
    capture({}, "t-1");
    takePicture();

    const Publication description = publisher.on("edge/pi/image").front();
    EXPECT_TRUE(description.qos == Qos::kAtMostOnce);
    const Json json = Json::parse(description.payload);
    EXPECT_FALSE(json.contains("sha256"));
    EXPECT_EQ(json["bytes"], 6);
    EXPECT_EQ(json["transaction"], "t-1");
    EXPECT_EQ(json["trigger"], "command");
    EXPECT_FALSE(json.contains("reduced"));
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes.front().ok);
    EXPECT_EQ(Json::parse(outcomes.front().data), json);
}

TEST_F(CaptureServiceTest, SaysWhereThePictureHadNotSettled) {
    capture();
    takePicture();
    capture();
    Picture picture;
    picture.jpeg = "\xff\xd8jpeg";
    picture.isSettled = false;
    source.give(picture);
    loop->runPending();

    const auto descriptions = publisher.on("edge/pi/image");
    ASSERT_EQ(descriptions.size(), 2U);
    EXPECT_FALSE(Json::parse(descriptions.front().payload).contains("settled"));
    EXPECT_EQ(Json::parse(descriptions.back().payload)["settled"], false);
}

TEST_F(CaptureServiceTest, PublishesEachDescriptionRightBehindItsPicture) {
    capture({}, "first");
    capture({}, "second");
    takeAll();

    std::vector<std::string> order;
    for (const auto& sent : publisher.sent) order.push_back(sent.publication.topic);
    EXPECT_EQ(order, (std::vector<std::string>{"jpeg", "edge/pi/image", "jpeg", "edge/pi/image"}));
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(Json::parse(outcomes[0].data)["transaction"], "first");
    EXPECT_EQ(Json::parse(outcomes[1].data)["transaction"], "second");
}

TEST_F(CaptureServiceTest, AsksForWhatTheCommandSaysAndTheBrokerTakes) {
    CommandOptions options;
    options.width = 320;
    options.quality = 50;
    options.timeout = seconds{9};
    options.settle = false;
    options.controls = {{"Brightness", 0.5}};
    publisher.topicLimits["jpeg"] = 1234;
    capture(options);

    const PictureRequest& request = source.requests.front();
    EXPECT_EQ(request.width, 320);
    EXPECT_EQ(request.height, std::nullopt);
    EXPECT_EQ(request.quality, 50);
    EXPECT_EQ(request.timeout, seconds{9});
    EXPECT_EQ(request.settle, false);
    EXPECT_EQ(request.controls, options.controls);
    EXPECT_EQ(request.maxBytes, 1234U);
    EXPECT_EQ(request.notBefore, BootTime{1});
}

class PicturesFromBefore : public CaptureFixture {
  protected:
    static Picture small(const std::string& jpeg) {
        Picture picture;
        picture.jpeg = jpeg;
        picture.width = 320;
        picture.height = 240;
        return picture;
    }
    void captureMotion() {
        captures->capture({.name = "capture", .source = "motion", .arrived = BootTime{1}},
                          [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); },
                          {small("first"), small("second")});
        loop->runPending();
    }
};

TEST_F(PicturesFromBefore, ArePublishedAheadOfTheEventsAndListedInItsDescription) {
    captureMotion();
    EXPECT_TRUE(publisher.sent.empty());
    takePicture();

    std::vector<std::string> order;
    for (const auto& sent : publisher.sent) order.push_back(sent.publication.topic);
    EXPECT_EQ(order, (std::vector<std::string>{"edge/pi/picture/run-1-before-1", "edge/pi/picture/run-1-before-2",
                                               "jpeg", "edge/pi/image"}));
    EXPECT_EQ(publisher.sent[0].publication.payload, "first");
    EXPECT_EQ(publisher.sent[0].publication.contentType, "image/jpeg");
    const Json before = Json::parse(publisher.on("edge/pi/image").front().payload)["before"];
    ASSERT_EQ(before.size(), 2U);
    EXPECT_EQ(before[0]["id"], "run-1-before-1");
    EXPECT_EQ(before[0]["bytes"], 5);
    EXPECT_EQ(before[1]["id"], "run-1-before-2");
    EXPECT_EQ(before[1]["width"], 320);
}

TEST_F(PicturesFromBefore, AreDroppedWithoutAConnection) {
    config.image.keepOfflineBytes = 1 << 20;
    publisher.disconnect();
    captureMotion();
    takeAll();
    publisher.connect();

    EXPECT_TRUE(publisher.sent.empty());
}

TEST_F(PicturesFromBefore, NeedTheTopicsOfTheDevice) {
    config.topics.base = "";
    captureMotion();
    takePicture();

    ASSERT_EQ(publisher.sent.size(), 1U);
    EXPECT_EQ(publisher.sent[0].publication.topic, "jpeg");
}

TEST_F(CaptureServiceTest, AtMostAHundredWait) {
    for (std::size_t i = 0; i < CaptureService::kMaxWaiting + CaptureService::kInFlight; ++i) capture();
    EXPECT_TRUE(outcomes.empty());
    capture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kBusy);
    takeAll();
    EXPECT_EQ(pictures(), CaptureService::kMaxWaiting + CaptureService::kInFlight) << "each has a picture of its own";
}

TEST_F(CaptureServiceTest, TakesNoMoreThanTheLineCarriesAwayAndLosesNone) {
    publisher.outcome.reset();
    for (int i = 0; i < 30; ++i) capture();
    takeAll();
    EXPECT_EQ(pictures(), 8U);
    EXPECT_EQ(source.requests.size(), 8U + CaptureService::kInFlight - 1) << "what was asked for before it was full";

    for (std::size_t i = 0; i < publisher.sent.size(); ++i) {
        publisher.finish(i, Delivery::kDelivered);
        loop->runPending();
        takeAll();
    }
    EXPECT_EQ(pictures(), 30U);
    EXPECT_EQ(captures->counters().published, 30U);
}

TEST_F(CaptureServiceTest, SendsLargePicturesOneAfterTheOther) {
    publisher.outcome.reset();
    const std::string large = "\xff\xd8" + std::string(5 << 20, 'x');
    for (int i = 0; i < 5; ++i) capture();
    for (int i = 0; i < 2; ++i) source.givePicture(large);
    loop->runPending();
    EXPECT_EQ(pictures(), 1U) << "the other waits for it";
    EXPECT_EQ(source.requests.size(), CaptureService::kInFlight);

    publisher.finishAll(Delivery::kLost);
    loop->runPending();
    EXPECT_EQ(pictures(), 2U);
    EXPECT_EQ(outcomes.size(), 1U);
}

TEST_F(CaptureServiceTest, SaysWhyThereIsNoPicture) {
    const std::vector<std::pair<Errc, std::string_view>> cases = {{Errc::kUnavailable, ReplyCode::kCameraUnavailable},
                                                                  {Errc::kTimeout, ReplyCode::kCaptureTimeout},
                                                                  {Errc::kTooLarge, ReplyCode::kTooLarge},
                                                                  {Errc::kBusy, ReplyCode::kCameraUnavailable},
                                                                  {Errc::kInternal, ReplyCode::kInternal}};
    for (const auto& [error, code] : cases) {
        capture();
        source.give(fail(error, "a sentence"));
        loop->runPending();
        EXPECT_EQ(outcomes.back().code, code);
        EXPECT_EQ(outcomes.back().error, "a sentence");
    }
    EXPECT_EQ(pictures(), 0U);
    EXPECT_EQ(captures->counters().failed, cases.size());
}

TEST_F(CaptureServiceTest, APictureWhoseConnectionBreaksIsNotSentAgain) {
    publisher.outcome.reset();
    capture();
    takePicture();
    EXPECT_TRUE(outcomes.empty()) << "not before the broker has it";
    publisher.disconnect();
    loop->runPending();
    publisher.connect();
    captures->publishStatus();
    loop->runPending();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kInternal);
    EXPECT_EQ(pictures(), 1U);
}

TEST_F(CaptureServiceTest, WithoutAConnectionNoPictureIsTaken) {
    publisher.disconnect();
    capture();

    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().code, ReplyCode::kInternal);
    EXPECT_TRUE(source.requests.empty());
}

TEST_F(CaptureServiceTest, ADeniedTopicIsSaid) {
    publisher.outcome = Delivery::kDenied;
    capture();
    takePicture();

    EXPECT_EQ(outcomes.front().code, ReplyCode::kInternal);
    EXPECT_NE(outcomes.front().error.find("jpeg"), std::string::npos);
}

TEST_F(CaptureServiceTest, ShutDownAnswersEverythingThatWaits) {
    for (int i = 0; i < 10; ++i) capture();
    series(5, seconds{1});
    captures->shutDown();
    loop->runPending();

    ASSERT_EQ(outcomes.size(), 11U);
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.code, ReplyCode::kCancelled);
    takeAll();
    EXPECT_EQ(outcomes.size(), 11U);
    EXPECT_EQ(pictures(), 0U) << "what was answered is not published afterwards";
}

TEST_F(CaptureServiceTest, TellsWhetherTheCameraIsThere) {
    captures->publishStatus();
    EXPECT_EQ(publisher.lastPayload("edge/pi/camera/status"), "online");
    source.changeState({false, "", "unplugged"});
    EXPECT_EQ(publisher.lastPayload("edge/pi/camera/status"), "offline");
    EXPECT_TRUE(publisher.on("edge/pi/camera/status").back().retain == Retain::kYes);
}

TEST_F(CaptureServiceTest, HasNoStatusWhereNoCameraIsConfigured) {
    config.camera.backend = CameraBackend::kNone;
    make();
    captures->publishStatus();

    EXPECT_TRUE(publisher.sent.empty());
}

}  // namespace
}  // namespace edge
