// SPDX-License-Identifier: MIT
#include "camera/ipc/protocol.hpp"

#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace edge {
namespace {

Capture someCapture() {
    return {
        7,
        1920,
        1080,
        85,
        900'000,
        BootTime{123},
        BootTime{456},
        false,
        true,
        {{"AeEnable", false}, {"ColourGains", std::vector<double>{1.5, 1.25}}, {"ExposureTime", std::int64_t{20000}}}};
}

template <typename Message>
Message throughRequest(const Message& message) {
    const auto decoded = decodeRequest(encode(CameraRequest{message}));
    return decoded ? std::get<Message>(*decoded) : Message{};
}

template <typename Message>
Message throughReply(const Message& message) {
    const auto decoded = decodeReply(encode(CameraReply{message}));
    return decoded ? std::get<Message>(*decoded) : Message{};
}

TEST(Protocol, CarriesEveryRequest) {
    const Hello hello{kProtocolVersion, true};
    const Hello withSettings{kProtocolVersion, false, R"({"camera.controls":{"Gains":[1.5,2]},"log.level":"debug"})"};
    const Convert convert{7, 12'345, 320, 240, 50, 900'000, WallTime{nanoseconds{1'700'000'000'123'456'789}}};
    const Cancel cancel{99};

    EXPECT_EQ(throughRequest(hello), hello);
    EXPECT_EQ(throughRequest(withSettings), withSettings);
    EXPECT_EQ(throughRequest(someCapture()), someCapture());
    EXPECT_EQ(throughRequest(convert), convert);
    EXPECT_EQ(throughRequest(cancel), cancel);
}

TEST(Protocol, CarriesEveryReply) {
    const Description description{kProtocolVersion, true, "libcamera", "libcamera 0.0.3", "imx708", ""};
    const PictureTaken picture{3,         12'345,   640,  480, 72, WallTime{nanoseconds{1'700'000'000'123'456'789}},
                               "smaller", "imx708", false};
    const CaptureFailed failed{4, Errc::kTooLarge, "it is too large"};
    const PictureBefore before{9000, 320, 240, WallTime{seconds{1'700'000'000}}};
    const Goodbye goodbye{false, "bye \"you\""};

    EXPECT_EQ(throughReply(description), description);
    EXPECT_EQ(throughReply(picture), picture);
    EXPECT_EQ(throughReply(failed), failed);
    EXPECT_EQ(throughReply(before), before);
    EXPECT_EQ(throughReply(goodbye), goodbye);
}

TEST(Protocol, TellsAnErrorThatItHasNoWordForAsUnavailable) {
    EXPECT_EQ(throughReply(CaptureFailed{1, Errc::kBusy, "in use"}), (CaptureFailed{1, Errc::kUnavailable, "in use"}));
}

TEST(Protocol, KeepsEveryPacketWithinTheLimit) {
    const std::string endless(100'000, '"');

    const std::string packet =
        encode(CameraReply{Description{kProtocolVersion, false, endless, endless, endless, endless}});

    EXPECT_LE(packet.size(), kMaxPacketBytes);
    EXPECT_TRUE(decodeReply(packet));
}

TEST(Protocol, EscapesTextThatIsNoUtf8) {
    const auto decoded = decodeReply(encode(CameraReply{CaptureFailed{1, Errc::kTimeout, "a\xff\nb"}}));

    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::get<CaptureFailed>(*decoded).message, "a\\xff\\x0ab");
}

TEST(Protocol, UnderstandsTheVersionOfAnyHello) {
    const auto hello = decodeRequest("hello\n9\nmore\n\n{}");
    const auto description = decodeReply("description\n8");

    ASSERT_TRUE(hello);
    EXPECT_EQ(std::get<Hello>(*hello).version, 9);
    ASSERT_TRUE(description);
    EXPECT_EQ(std::get<Description>(*description).version, 8);
}

TEST(Protocol, NamesThePackageToUpgrade) {
    EXPECT_NE(versionMismatch("pi-edge-agent", "pi-edge-camera", 0).find("upgrade pi-edge-camera"), std::string::npos);
    EXPECT_NE(versionMismatch("pi-edge-agent", "pi-edge-camera", 9).find("upgrade pi-edge-agent"), std::string::npos);
}

TEST(Protocol, RefusesWhatIsNotExactlyRight) {
    const std::string good = encode(CameraRequest{someCapture()});
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string bad = good;
        const auto at = bad.find("\n" + from + "\n");
        EXPECT_NE(at, std::string::npos) << from;
        return bad.replace(at + 1, from.size(), to);
    };
    const std::vector<std::string> bad{"",
                                       "\n",
                                       "capture",
                                       "hello",
                                       "hello\n",
                                       "reboot",
                                       R"({"type":"hello","version":5,"verify":false})",
                                       good + "x",
                                       good + "\n",
                                       good.substr(0, good.size() - 1),
                                       good.substr(0, good.rfind('\n')),
                                       good + std::string(kMaxPacketBytes, ' '),
                                       with("1920", "63"),
                                       with("1920", "65"),
                                       with("1920", "1920.0"),
                                       with("1920", "+1920"),
                                       with("1920", ""),
                                       with("1920", "9154"),
                                       with("1080", "-64"),
                                       with("1080", "6946"),
                                       with("85", "0"),
                                       with("85", "101"),
                                       with("900000", "0"),
                                       with("900000", "18446744073709551615"),
                                       with("7", "-1"),
                                       with("7", "1e400"),
                                       with("0", "2"),
                                       with("0", "false")};

    for (const std::string& packet : bad) {
        const auto decoded = decodeRequest(packet);
        ASSERT_FALSE(decoded) << packet;
        EXPECT_EQ(decoded.error().code, Errc::kInvalid);
        EXPECT_FALSE(decodeReply(packet)) << packet;
    }
}

TEST(Protocol, RefusesTextThatIsNoUtf8) {
    EXPECT_TRUE(decodeReply("goodbye\n1\nidle"));
    EXPECT_FALSE(decodeReply("goodbye\n1\nid\xffle"));
}

TEST(Protocol, RefusesAnUnknownErrorCode) {
    EXPECT_FALSE(decodeReply("failed\n1\nfun\n"));
}

TEST(Protocol, SurvivesDeepNesting) {
    const std::string capture = encode(CameraRequest{someCapture()});
    EXPECT_FALSE(decodeRequest(capture.substr(0, capture.find('{')) + std::string(4000, '[')));
}

TEST(Protocol, SurvivesDamagedPackets) {
    std::mt19937 random(20'261'120);
    const std::string request = encode(CameraRequest{someCapture()});
    const std::string reply = encode(CameraReply{PictureTaken{3, 1, 2, 3, 4, WallTime{}, "x", "y"}});
    for (int round = 0; round < 20'000; ++round) {
        std::string packet = round % 2 == 0 ? request : reply;
        for (int damage = 0; damage < 3; ++damage) packet[random() % packet.size()] = static_cast<char>(random());
        if (random() % 4 == 0) packet.resize(random() % packet.size());

        const auto decoded = decodeRequest(packet);

        if (const auto* capture = decoded ? std::get_if<Capture>(&*decoded) : nullptr) {
            EXPECT_EQ(capture->width % 2, 0);
            EXPECT_LE(capture->width, 9152);
            EXPECT_GE(capture->quality, 1);
        }
        (void)decodeReply(packet);
    }
}

}  // namespace
}  // namespace edge
