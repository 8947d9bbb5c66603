// SPDX-License-Identifier: MIT
#include "services/capture/picture_archive.hpp"

#include <filesystem>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "core/system/files.hpp"
#include "fakes/held_executor.hpp"
#include "unit/services/capture/capture_fixture.hpp"

namespace edge {
namespace {

class PictureArchiveTest : public CaptureFixture {
  protected:
    PictureArchiveTest() {
        config.archive.maxSizeBytes = 1 << 20;
        config.archive.minFreeBytes = 0;
        make();
        makeArchive();
    }
    void makeArchive() {
        const ServiceContext context{*loop, publisher, *journal, config};
        archive = std::make_unique<PictureArchive>(context, source, archiveStrand);
    }
    /// Takes so many pictures: run-1 is the oldest.
    void take(int count) {
        for (int i = 0; i < count; ++i) {
            capture();
            takeAll();
        }
        publisher.sent.clear();
        source.requests.clear();
        outcomes.clear();
    }
    Json list(const CommandOptions& options = {}) {
        archive->list({"pictures", options}, [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        loop->runPending();
        return Json::parse(outcomes.back().data);
    }
    void fetch(CommandOptions options, const std::string& id = "run-1", const std::string& transaction = "") {
        options.id = id;
        archive->fetch({"fetch", options, transaction},
                       [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        loop->runPending();
    }
    [[nodiscard]] std::vector<Publication> fetched(const std::string& id = "run-1") const {
        return publisher.on("edge/pi/picture/" + id);
    }

    std::shared_ptr<Executor> archiveStrand = loop;
    std::unique_ptr<PictureArchive> archive;
};

TEST_F(PictureArchiveTest, ListsPicturesNewestFirst) {
    take(25);
    const Json data = list();
    ASSERT_EQ(data["pictures"].size(), 20U);
    EXPECT_EQ(data["more"], true);
    const Json newest = data["pictures"][0];
    EXPECT_EQ(newest["id"], "run-25");
    EXPECT_EQ(newest["width"], 640);
    EXPECT_EQ(newest["height"], 480);
    EXPECT_EQ(newest["bytes"], 6);
    EXPECT_EQ(newest["trigger"], "command");
    EXPECT_TRUE(parseRfc3339(newest["time"].get<std::string>()));
    CommandOptions options;
    options.last = 1000;
    EXPECT_EQ(list(options)["pictures"].size(), 25U);
    EXPECT_EQ(list(options)["more"], false);
    options.since = WallTime::max();
    EXPECT_EQ(list(options)["pictures"].size(), 0U);
}

TEST_F(PictureArchiveTest, AListIsNoLongerThanTheBrokerTakes) {
    take(50);
    publisher.topicLimits["edge/pi/response"] = 4096;
    CommandOptions options;
    options.last = 1000;
    const Json data = list(options);
    EXPECT_LT(outcomes.back().data.size(), 2049U);
    EXPECT_GT(data["pictures"].size(), 5U);
    EXPECT_EQ(data["pictures"][0]["id"], "run-50");
    EXPECT_EQ(data["more"], true);
}

TEST_F(PictureArchiveTest, ThereIsNothingToAskWithoutAnArchive) {
    config.archive.maxSizeBytes = 0;
    list();
    fetch({});
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.code, ReplyCode::kInvalidOption);
    EXPECT_EQ(outcomes.size(), 2U);
}

TEST_F(PictureArchiveTest, FetchesTheWholePictureOnATopicOfItsOwn) {
    take(2);
    fetch({}, "run-1", "tx");
    ASSERT_EQ(fetched().size(), 1U);
    const Publication picture = fetched().front();
    EXPECT_EQ(picture.payload, "\xff\xd8jpeg");
    EXPECT_EQ(picture.contentType, "image/jpeg");
    EXPECT_EQ(picture.qos, Qos::kAtLeastOnce);
    EXPECT_EQ(picture.retain, Retain::kNo);
    ASSERT_EQ(picture.userProperties.size(), 3U);
    EXPECT_EQ(picture.userProperties[0].second, "run-1");
    EXPECT_EQ(picture.userProperties[1].first, "time");
    EXPECT_EQ(picture.userProperties[2].second, "tx");
    EXPECT_TRUE(publisher.on("jpeg").empty());
    EXPECT_TRUE(publisher.on("edge/pi/image").empty());
    EXPECT_EQ(publisher.sent.back().priority, Priority::kBacklog);
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0].ok);
    EXPECT_EQ(Json::parse(outcomes[0].data)["id"], "run-1");
    EXPECT_EQ(source.requests.size(), 0U) << "as it was taken";
}

TEST_F(PictureArchiveTest, MakesASmallOneOfTheSameShape) {
    take(1);
    CommandOptions options;
    options.width = 160;
    options.quality = 50;
    fetch(options);
    ASSERT_EQ(source.conversions.size(), 1U);
    EXPECT_EQ(source.conversions[0], "\xff\xd8jpeg");
    EXPECT_EQ(source.requests[0].width, 160);
    EXPECT_EQ(source.requests[0].height, 120);
    EXPECT_EQ(source.requests[0].quality, 50);
    EXPECT_TRUE(outcomes.empty());
    Picture small;
    small.jpeg = "small";
    small.width = 160;
    small.height = 120;
    small.quality = 50;
    source.give(small);
    loop->runPending();
    EXPECT_EQ(fetched().at(0).payload, "small");
    const Json data = Json::parse(outcomes.at(0).data);
    EXPECT_EQ(data["id"], "run-1");
    EXPECT_EQ(data["width"], 160);
    EXPECT_EQ(data["bytes"], 5);
    EXPECT_EQ(data["trigger"], "command");
}

TEST_F(PictureArchiveTest, ThePictureKeepsItsShapeAndIsNotEnlarged) {
    take(1);
    const auto sizeFor = [this](std::optional<int> width, std::optional<int> height) {
        CommandOptions options;
        options.width = width;
        options.height = height;
        options.quality = 10;
        fetch(options);
        source.givePicture();
        loop->runPending();
        return std::pair(source.requests.back().width, source.requests.back().height);
    };
    EXPECT_EQ(sizeFor({}, {}), std::pair(std::optional(640), std::optional(480)));
    EXPECT_EQ(sizeFor({}, 240), std::pair(std::optional(320), std::optional(240)));
    EXPECT_EQ(sizeFor(1920, {}), std::pair(std::optional(640), std::optional(480)));
    EXPECT_EQ(sizeFor({}, 1080), std::pair(std::optional(640), std::optional(480)));
    EXPECT_EQ(sizeFor(64, {}), std::pair(std::optional(64), std::optional(64))) << "no side is shorter";
    EXPECT_EQ(sizeFor(100, 100), std::pair(std::optional(100), std::optional(100))) << "as asked: cut in the middle";
    for (const Outcome& outcome : outcomes) EXPECT_TRUE(outcome.ok) << outcome.error;
}

TEST_F(PictureArchiveTest, WhatIsTooLargeForTheBrokerIsMadeSmaller) {
    take(1);
    publisher.topicLimits["edge/pi/picture/run-1"] = 5;
    fetch({});
    ASSERT_EQ(source.requests.size(), 1U);
    EXPECT_EQ(source.requests[0].maxBytes, 5U);
    source.give(fail(Errc::kTooLarge, "however small"));
    loop->runPending();
    EXPECT_EQ(outcomes.at(0).code, ReplyCode::kTooLarge);
    EXPECT_TRUE(fetched().empty());
}

TEST_F(PictureArchiveTest, UnknownAndHostileIdsAreRefused) {
    take(1);
    dir.write("run-1.jpg", "secret");
    for (const std::string id :
         {"", "run-2", "../run-1", "../../etc/passwd", "run-1.jpg", "#", "+/x", "run-1/../run-1"})
        fetch({}, id);
    fetch({}, std::string(200, 'a'));
    EXPECT_EQ(outcomes.size(), 9U);
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.code, ReplyCode::kInvalidOption);
    EXPECT_TRUE(publisher.sent.empty());
}

TEST_F(PictureArchiveTest, ADamagedFileIsAnError) {
    take(1);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.file("pictures"))) {
        if (entry.is_regular_file()) std::filesystem::resize_file(entry.path(), 3);
    }
    fetch({});
    EXPECT_EQ(outcomes.at(0).code, ReplyCode::kInternal);
    EXPECT_TRUE(list()["pictures"].empty());
}

TEST_F(PictureArchiveTest, ASizeThatCannotBeIsUnknown) {
    take(1);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.file("pictures"))) {
        if (!entry.is_regular_file()) continue;
        std::string content = readSmallFile(entry.path().string(), 1 << 20).value();
        const std::string key = R"("width":)";
        content.insert(content.find(key) + key.size(), "99999999");
        ASSERT_TRUE(replaceFile(entry.path().string(), content));
    }
    CommandOptions options;
    options.quality = 50;
    fetch(options);
    ASSERT_EQ(source.requests.size(), 1U);
    EXPECT_EQ(source.requests[0].width, std::nullopt);
}

TEST_F(PictureArchiveTest, OneAtATimeAndOnlyAFewWait) {
    take(1);
    publisher.outcome.reset();
    for (std::size_t i = 0; i < PictureArchive::kMaxWaiting + 2; ++i) fetch({});
    EXPECT_EQ(fetched().size(), 1U);
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].code, ReplyCode::kBusy);
    list();
    EXPECT_EQ(outcomes.back().code, ReplyCode::kBusy);
    publisher.finishAll(Delivery::kDelivered);
    loop->runPending();
    EXPECT_EQ(fetched().size(), 2U);
    archive->shutDown();
    EXPECT_EQ(outcomes.size(), PictureArchive::kMaxWaiting + 3);
    EXPECT_EQ(outcomes.back().code, ReplyCode::kCancelled);
}

TEST_F(PictureArchiveTest, ASlowDiskUnderAQuestionDelaysNoPicture) {
    take(1);
    const auto slow = std::make_shared<HeldExecutor>();
    archiveStrand = slow;
    makeArchive();
    fetch({});
    EXPECT_TRUE(outcomes.empty());
    capture();
    takeAll();
    EXPECT_EQ(pictures(), 1U);
    slow->runAll();
    loop->runPending();
    EXPECT_EQ(fetched().size(), 1U);
}

TEST_F(PictureArchiveTest, ADeniedTopicIsTriedOnceAConnection) {
    take(2);
    publisher.outcome = Delivery::kDenied;
    fetch({}, "run-1");
    fetch({}, "run-2");
    EXPECT_EQ(publisher.sent.size(), 1U);
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_NE(outcomes[1].error.find("edge/pi/picture/run-2"), std::string::npos);
    archive->onConnected();
    publisher.outcome = Delivery::kDelivered;
    fetch({}, "run-2");
    EXPECT_TRUE(outcomes.back().ok);
}

TEST_F(PictureArchiveTest, PicturesThatWaitForTheBrokerAreListedToo) {
    publisher.disconnect();
    captures->capture({.name = "capture", .source = "motion", .arrived = BootTime{1}}, [](const Outcome&) {});
    takeAll();
    loop->runPending();
    const Json data = list();
    ASSERT_EQ(data["pictures"].size(), 1U);
    EXPECT_EQ(data["pictures"][0]["waiting"], true);
    EXPECT_EQ(data["pictures"][0]["trigger"], "motion");
}

}  // namespace
}  // namespace edge
