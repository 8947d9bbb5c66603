// SPDX-License-Identifier: MIT
#include "client_fixture.hpp"

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;
using namespace std::string_view_literals;

class Fallback : public ClientFixture {
  protected:
    /// How a CONNECT of MQTT 5 ends with a broker that answers with these bytes, and hangs up.
    ConnectionFailure answer(std::string_view bytes) {
        StubServer broker([bytes](int fd) {
            readMqttPacket(fd);
            sendAll(fd, bytes);
        });
        const auto client = connect(optionsFor(broker.port()));
        EXPECT_TRUE(client->fails());
        return client->failed.value_or(ConnectionFailure{});
    }
};

TEST_F(Fallback, UnderstandsABrokerThatRefusesMqtt5InItsTerms) {
    EXPECT_EQ(answer("\x20\x03\x00\x84\x00"sv).kind, Kind::kProtocolUnsupported);
}

TEST_F(Fallback, UnderstandsA311BrokerThatRefusesMqtt5) {
    EXPECT_EQ(answer("\x20\x02\x00\x01"sv).kind, Kind::kProtocolUnsupported);
}

TEST_F(Fallback, UnderstandsABrokerThatJustHangsUp) {
    EXPECT_EQ(answer(""sv).kind, Kind::kClosedOnConnect);
}

TEST_F(Fallback, MapsOtherRefusals) {
    EXPECT_EQ(answer("\x20\x03\x00\x86\x00"sv).kind, Kind::kRefusedLogin);
    EXPECT_EQ(answer("\x20\x03\x00\x9a\x00"sv).reasonCode, 0x9A);
    EXPECT_EQ(answer("\x20\x03\x00\x88\x00"sv).kind, Kind::kServer);
}

TEST_F(Fallback, SurvivesABrokerThatAnswersRubbish) {
    for (const auto rubbish : {"HTTP/1.1 400 Bad Request\r\n\r\n"sv, "\x20\xff\xff\xff\xff\xff"sv, "\x20\x00"sv,
                               "\x00"sv, "\x20\x05\x00\x00\x7f\xff\xff"sv}) {
        const ConnectionFailure failure = answer(rubbish);
        EXPECT_FALSE(failure.message.empty());
    }
}

}  // namespace
}  // namespace edge
