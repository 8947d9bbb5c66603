// SPDX-License-Identifier: MIT
#include "mqtt/paho/inbound_stream.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace edge {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLongest = 1000;
constexpr std::string_view kAnswer =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nSec-WebSocket-Accept: the+key=\r\n\r\n";
constexpr std::string_view kPingResponse = "\xd0\x00"sv;

/// What the network has, and how much of it comes at once.
struct Network {
    std::string bytes;
    std::size_t atOnce = 1'000'000;
    bool isEnded = false;
    std::size_t largestRead = 0;

    std::ptrdiff_t read(char* to, std::size_t size) {
        largestRead = std::max(largestRead, size);
        if (bytes.empty()) return isEnded ? 0 : -1;
        const std::size_t count = bytes.copy(to, std::min(size, atOnce));
        bytes.erase(0, count);
        return static_cast<std::ptrdiff_t>(count);
    }
};

struct Reader {
    explicit Reader(InboundStream::Framing framing, std::size_t longest = kLongest) : stream(framing, longest) {}

    /// Everything that can be had now, read in pieces of `size`.
    std::string all(std::size_t size = 7) {
        std::string result;
        std::string piece(size, '\0');
        while ((last = stream.read(piece.data(), size, now,
                                   [this](char* to, std::size_t count) { return network.read(to, count); })) > 0) {
            result.append(piece, 0, static_cast<std::size_t>(last));
        }
        return result;
    }

    Network network;
    InboundStream stream;
    SteadyTime now{};
    std::ptrdiff_t last = 0;  ///< what ended all()
};

std::string length(std::size_t value) {
    std::string result;
    do {
        result.push_back(static_cast<char>(value % 128 | (value >= 128 ? 0x80 : 0)));
        value /= 128;
    } while (value > 0);
    return result;
}

/// QoS 1 on "t", packet id 5.
std::string publish(const std::string& payload) {
    return '\x32' + length(5 + payload.size()) + std::string("\0\1t\0\5"sv) + payload;
}

std::string frame(int first, std::string_view payload) {
    std::string result(1, static_cast<char>(first));
    if (payload.size() < 126) return result + static_cast<char>(payload.size()) + std::string(payload);
    result += '\x7E';
    result += static_cast<char>(payload.size() >> 8);
    result += static_cast<char>(payload.size() & 0xFF);
    return result + std::string(payload);
}

class InboundMqtt : public testing::Test {
  protected:
    Reader r{InboundStream::Framing::kMqtt};
};

TEST_F(InboundMqtt, PassesOrdinaryPacketsOnAsTheyAre) {
    const std::string sent = std::string("\x20\x02\0\0"sv) + publish("start") + std::string(kPingResponse) +
                             publish(std::string(kLongest - 5, 'x'));
    for (const std::size_t atOnce : {1UL, 3UL, 1'000'000UL}) {
        r.network = {sent, atOnce};
        EXPECT_EQ(r.all(), sent);
        EXPECT_EQ(r.last, -1);
    }
}

TEST_F(InboundMqtt, ReadsNothingAheadOfThePacket) {
    r.network.bytes = publish("a") + publish("b");
    std::string first(publish("a").size(), '\0');
    for (char& byte : first) {
        r.stream.read(&byte, 1, r.now, [this](char* to, std::size_t size) { return r.network.read(to, size); });
    }
    EXPECT_EQ(first, publish("a"));
    EXPECT_EQ(r.network.bytes, publish("b"));
}

TEST_F(InboundMqtt, CutsAMessageThatIsTooLongAndGoesOnBehindIt) {
    for (const std::size_t size : {kLongest + 1, std::size_t{200'000}}) {
        for (const std::size_t atOnce : {1UL, 1000UL, 1'000'000UL}) {
            r.network = {publish(std::string(size, 'x')) + publish("stop"), atOnce};
            EXPECT_EQ(r.all(), publish(std::string(kLongest - 5, 'x')) + publish("stop"));
            EXPECT_FALSE(r.stream.isDiscarding());
        }
    }
    EXPECT_LE(r.network.largestRead, 16u << 10) << "however much was announced";
}

TEST_F(InboundMqtt, CutsNothingWithoutALimit) {
    Reader unlimited(InboundStream::Framing::kMqtt, 0);
    const std::string sent = publish(std::string(300'000, 'x'));
    unlimited.network.bytes = sent;
    EXPECT_EQ(unlimited.all(), sent);
}

TEST_F(InboundMqtt, ShowsSignsOfLifeWhileItThrowsAway) {
    const std::string sent = publish(std::string(5000, 'x'));
    r.network.bytes = sent.substr(0, 3000);
    r.now += seconds{100};

    EXPECT_EQ(r.all(), kPingResponse);
    EXPECT_TRUE(r.stream.isDiscarding());
    EXPECT_EQ(r.all(), "") << "once a second is enough";
    r.now += seconds{1};
    EXPECT_EQ(r.all(), kPingResponse);

    r.network.bytes = sent.substr(3000);
    EXPECT_EQ(r.all(), publish(std::string(kLongest - 5, 'x')));
}

TEST_F(InboundMqtt, EndsWithTheConnection) {
    r.network = {publish("cut off").substr(0, 4), 1'000'000, true};
    r.all();
    EXPECT_EQ(r.last, 0);
    EXPECT_EQ(r.stream.problem(), "");
}

TEST_F(InboundMqtt, EndsOnWhatIsNoMqtt) {
    for (const auto sent : {"\x90\xff\xff\xff\x7f"sv, "\x30\xff\xff\xff\xff\x01"sv}) {
        Reader reader(InboundStream::Framing::kMqtt);
        reader.network.bytes = sent;
        reader.all();
        EXPECT_EQ(reader.last, 0);
        EXPECT_NE(reader.stream.problem(), "");
    }
}

TEST_F(InboundMqtt, TellsAPortForTlsOrForTheWeb) {
    r.network.bytes = "\x15\x03\x01\x00\x02\x02\x46"sv;
    EXPECT_EQ(r.all(), "");
    EXPECT_EQ(r.last, 0);
    EXPECT_NE(r.stream.problem().find("mqtts://"), std::string::npos);

    Reader web(InboundStream::Framing::kMqtt);
    web.network.bytes = "HTTP/1.1 400 Bad Request\r\n\r\n";
    web.all();
    EXPECT_NE(web.stream.problem().find("web server"), std::string::npos);
}

class InboundWebsocket : public testing::Test {
  protected:
    void SetUp() override {
        r.network.bytes = kAnswer;
        answer = r.all(1024);
    }

    Reader r{InboundStream::Framing::kWebsocket};
    std::string answer;
};

TEST_F(InboundWebsocket, PassesAShortAnswerOnHoweverLongItWas) {
    EXPECT_NE(answer.find("Sec-WebSocket-Accept: the+key=\r\n"), std::string::npos);
    Reader proxied(InboundStream::Framing::kWebsocket);
    std::string sent(kAnswer);
    sent.insert(sent.find("\r\n") + 2, "Content-Security-Policy: " + std::string(5000, 'x') + "\r\n");
    for (const std::size_t atOnce : {1UL, 700UL, 1'000'000UL}) {
        Reader reader(InboundStream::Framing::kWebsocket);
        reader.network = {sent, atOnce};
        EXPECT_EQ(reader.all(1024), answer);
    }
    EXPECT_LT(answer.size(), 1024u);
}

TEST_F(InboundWebsocket, NamesWhatTheServerAnswersInstead) {
    const auto problemOf = [](std::string_view sent) {
        Reader reader(InboundStream::Framing::kWebsocket);
        reader.network.bytes = sent;
        EXPECT_EQ(reader.all(), "");
        EXPECT_EQ(reader.last, 0);
        return reader.stream.problem();
    };
    EXPECT_NE(problemOf("HTTP/1.1 404 Not Found\r\n\r\n").find("404 Not Found"), std::string::npos);
    EXPECT_NE(problemOf("HTTP/1.0 502 Bad Gateway\r\nX: y\r\n\r\n").find("502 Bad Gateway"), std::string::npos);
    const std::string moved = problemOf("HTTP/1.1 301 Moved\r\nlocation:  https://h/mqtt \r\n\r\n");
    EXPECT_NE(moved.find("301"), std::string::npos);
    EXPECT_NE(moved.find("https://h/mqtt"), std::string::npos);
    EXPECT_NE(problemOf("HTTP/1.1 101 Switching Protocols\r\n\r\n").find("Sec-WebSocket-Accept"), std::string::npos);
    EXPECT_NE(problemOf("\x15\x03\x01\x00\x02\x02\x46"sv).find("wss://"), std::string::npos);
    EXPECT_NE(problemOf("\x20\x02\0\0"sv), "");
}

TEST_F(InboundWebsocket, HandsOutOneFrameAPacketHoweverTheyCame) {
    const std::string packets = publish("one") + publish(std::string(500, 'x')) + std::string(kPingResponse);
    const std::string expected =
        frame(0x82, publish("one")) + frame(0x82, publish(std::string(500, 'x'))) + frame(0x82, kPingResponse);
    const std::string_view view = packets;
    const std::string fragmented = frame(0x02, view.substr(0, 5)) + frame(0x00, "") + frame(0x00, view.substr(5, 1)) +
                                   frame(0x00, view.substr(6, 200)) + frame(0x80, view.substr(206));
    for (const std::string& sent : {frame(0x82, packets), expected, fragmented}) {
        for (const std::size_t atOnce : {1UL, 1'000'000UL}) {
            r.network = {sent, atOnce};
            EXPECT_EQ(r.all(), expected);
        }
    }
}

TEST_F(InboundWebsocket, PassesAPingOnInTheMiddleOfAMessage) {
    const std::string packet = publish("start");
    r.network.bytes = frame(0x02, packet.substr(0, 4)) + frame(0x89, "are you there") + frame(0x8A, "") +
                      frame(0x80, packet.substr(4));
    EXPECT_EQ(r.all(), frame(0x89, "are you there") + frame(0x82, packet));
}

TEST_F(InboundWebsocket, CutsAMessageThatIsTooLong) {
    r.network.bytes = frame(0x02, publish(std::string(30'000, 'x'))) + frame(0x82, publish("stop"));
    EXPECT_EQ(r.all(), frame(0x82, publish(std::string(kLongest - 5, 'x'))) + frame(0x82, publish("stop")));
}

TEST_F(InboundWebsocket, EndsWithACloseFrameAndOnWhatIsNone) {
    const std::string_view masked = "\x82\x85"sv;
    for (const std::string& sent :
         {frame(0x88, ""), frame(0x83, "x"), std::string(masked), frame(0x89, std::string(126, 'x'))}) {
        Reader reader(InboundStream::Framing::kWebsocket);
        reader.network.bytes = std::string(kAnswer) + sent;
        reader.all();
        EXPECT_EQ(reader.last, 0);
        EXPECT_NE(reader.stream.problem(), "");
    }
}

}  // namespace
}  // namespace edge
