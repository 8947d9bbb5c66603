// SPDX-License-Identifier: MIT
#include "client/request_messages.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edge {
namespace {

using Json = nlohmann::json;

Json payloadOf(const std::string& command, const std::vector<std::string>& options) {
    const auto message = makeRequest(command, options, "t", seconds{5});
    return message ? Json::parse(message->payload) : Json(message.error().message);
}

InboundMessage picture(const std::string& jpeg, const std::string& id = "", const std::string& transaction = "") {
    InboundMessage message{.topic = "jpeg", .payload = jpeg};
    if (!id.empty()) message.userProperties.emplace_back("id", id);
    if (!transaction.empty()) message.userProperties.emplace_back("transaction", transaction);
    return message;
}

TEST(RequestMessages, OptionsAreJsonWhereTheyCanBeAndTextElsewhere) {
    EXPECT_EQ(payloadOf("capture", {"width=640", "settle=false", "every=2s", "a=\"7\"", "b={\"c\":1}", "d=", "e=x=y"}),
              Json::parse(R"({"command":"capture","width":640,"settle":false,"every":"2s","a":"7","b":{"c":1},"d":"",
                              "e":"x=y","transaction":"t"})"));
}

TEST(RequestMessages, TextOptionsStayText) {
    EXPECT_EQ(payloadOf("start", {"transaction=17", "expires_at=2026"}),
              Json::parse(R"({"command":"start","transaction":"17","expires_at":"2026"})"));
}

TEST(RequestMessages, RefusesWhatIsNoOption) {
    for (const std::vector<std::string>& options :
         {std::vector<std::string>{"width"},
          {"=5"},
          {"width=1", "width=2"},
          {"command=stop"},
          {"a=\xff"},
          {""},
          {"transaction=a\nb"},
          {"values=" + std::string(100'000, '[') + std::string(100'000, ']')}})
        EXPECT_FALSE(makeRequest("capture", options, "t", seconds{5})) << options.front();
    EXPECT_FALSE(makeRequest("\xff", {}, "t", seconds{5}));
}

TEST(RequestMessages, WaitsForAsLongAsTheCommandMayTake) {
    const auto extraTime = [](const std::string& command, const std::vector<std::string>& options) {
        return makeRequest(command, options, "t", seconds{5})->extraTime;
    };
    EXPECT_EQ(extraTime("start", {"interval=1h"}), seconds{0});
    EXPECT_EQ(extraTime("capture", {}), seconds{5});
    EXPECT_EQ(extraTime("capture", {"timeout=1m"}), seconds{60});
    EXPECT_EQ(extraTime("capture", {"count=3", "every=1m"}), seconds{125});
    EXPECT_EQ(extraTime("capture", {"count=99999999999999"}), seconds{5000});
}

TEST(RequestMessages, ReadsTheReplyToItsOwnTransactionOnly) {
    const std::string ok = R"({"status":"ok","command":"start","data":{},"transaction":"t"})";
    EXPECT_TRUE(readReply(ok, "t", false)->ok);
    EXPECT_FALSE(readReply(ok, "u", false));
    EXPECT_TRUE(readReply(ok, "u", true));
    for (const char* other : {"", "x", "[]", "null", R"({"status":"ok"})", R"({"transaction":5})"})
        EXPECT_FALSE(readReply(other, "t", false)) << other;
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    EXPECT_FALSE(readReply(R"({"status":"ok","data":)" + deep + "}", "t", true));
}

TEST(RequestMessages, SaysWhyAReplyIsAnError) {
    const auto reply =
        readReply(R"({"status":"error","code":"busy","error":"wait","data":{},"transaction":"t"})", "t", false);
    ASSERT_TRUE(reply);
    EXPECT_FALSE(reply->ok);
    EXPECT_EQ(reply->error, "wait (busy)");
}

TEST(RequestMessages, PrintsDataOnALineForEachValueAndEachPartOfAList) {
    const auto reply = readReply(
        R"({"status":"ok","transaction":"t","data":{"interval":"2s","taken":4,"none":[],
            "sensors":[{"name":"room","status":"online"},{"name":"\u001b[2J"}]}})",
        "t", false);
    EXPECT_EQ(reply->data, "interval: 2s\ntaken: 4\nnone: []\nsensors:\n  name room, status online\n  name \\x1b[2J");
    EXPECT_EQ(reply->taken, 4);
}

TEST(PictureFinder, TakesThePictureWithItsTransaction) {
    PictureFinder finder("t");
    finder.addPicture(picture("other", "1", "u"));
    finder.addPicture(picture("button", "2"));
    finder.addPicture(picture("ours", "3", "t"));
    finder.addDescription(R"({"id":"3","bytes":4,"transaction":"t"})");
    EXPECT_EQ(finder.take(), std::vector<std::string>{"ours"});
    finder.addPicture(picture("ours", "3", "t"));  // delivered again
    EXPECT_TRUE(finder.take().empty());
}

TEST(PictureFinder, TakesThePictureOfTheSizeThatIsDescribedBeforeOrAfterIt) {
    PictureFinder finder("t");
    finder.addPicture(picture("12345"));
    finder.addDescription(R"({"id":"1","bytes":7,"transaction":"u"})");
    finder.addPicture(picture("1234567"));
    finder.addDescription(R"({"id":"2","bytes":5,"transaction":"t"})");
    EXPECT_EQ(finder.take(), std::vector<std::string>{"12345"});
    finder.addDescription(R"({"id":"3","bytes":3,"transaction":"t"})");
    EXPECT_TRUE(finder.take().empty());
    finder.addPicture(picture("123"));
    EXPECT_EQ(finder.take(), std::vector<std::string>{"123"});
}

TEST(PictureFinder, TakesThePictureThatIsFetched) {
    PictureFinder finder("t");
    finder.addFetched({.topic = "", .payload = "without properties"});
    finder.addFetched({.topic = "", .payload = "ours", .userProperties = {{"id", "a"}, {"transaction", "t"}}});
    finder.addFetched(
        {.topic = "", .payload = "another client's", .userProperties = {{"id", "a"}, {"transaction", "u"}}});
    finder.addFetched({.topic = "", .payload = "old", .retained = true});
    EXPECT_EQ(finder.take(), (std::vector<std::string>{"without properties", "ours"}));
    EXPECT_EQ(makeRequest("fetch", {"id=17"}, "t", seconds{5})->fetchedId, "17");
    EXPECT_EQ(makeRequest("fetch", {"id=#"}, "t", seconds{5})->fetchedId, "");
}

TEST(PictureFinder, IgnoresRetainedPicturesAndDescriptionsThatAreNone) {
    PictureFinder finder("t");
    InboundMessage old = picture("old", "1", "t");
    old.retained = true;
    finder.addPicture(old);
    for (const char* text : {"", "[]", R"({"transaction":"t"})", R"({"transaction":"t","bytes":-1})"})
        finder.addDescription(text);
    EXPECT_TRUE(finder.take().empty());
}

TEST(PictureFile, NumbersThePicturesOfASeries) {
    EXPECT_EQ(pictureFile("a/garden.jpg", 1, 1), "a/garden.jpg");
    EXPECT_EQ(pictureFile("a/garden.jpg", 2, 3), "a/garden-2.jpg");
    EXPECT_EQ(pictureFile("garden", 1, 2), "garden-1");
}

}  // namespace
}  // namespace edge
