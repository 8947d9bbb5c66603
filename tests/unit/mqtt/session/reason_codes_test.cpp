// SPDX-License-Identifier: MIT
#include "mqtt/session/reason_codes.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

using Kind = ConnectionFailure::Kind;

TEST(ReasonCodes, DistinguishesReturnCodesOf311) {
    EXPECT_EQ(describeRefusal(1, "").kind, Kind::kProtocolUnsupported);
    EXPECT_EQ(describeRefusal(2, "").kind, Kind::kServer);
    EXPECT_EQ(describeRefusal(3, "").kind, Kind::kServer);
    EXPECT_EQ(describeRefusal(4, "").kind, Kind::kRefusedLogin);
    EXPECT_EQ(describeRefusal(5, "").kind, Kind::kRefusedLogin);
}

TEST(ReasonCodes, NamesBothReasonsOfARejectedIdentifierIn311) {
    const std::string message = describeRefusal(2, "").message;

    EXPECT_NE(message.find("device.id"), std::string::npos) << message;
    EXPECT_NE(message.find("mqtt.keep_alive"), std::string::npos) << message;
}

TEST(ReasonCodes, DistinguishesReasonCodesOf5) {
    EXPECT_EQ(describeRefusal(0x84, "").kind, Kind::kProtocolUnsupported);
    EXPECT_EQ(describeRefusal(0x86, "").kind, Kind::kRefusedLogin);
    EXPECT_EQ(describeRefusal(0x87, "").kind, Kind::kRefusedLogin);
    EXPECT_EQ(describeRefusal(0x8E, "").kind, Kind::kTakenOver);
    EXPECT_EQ(describeRefusal(0x95, "").kind, Kind::kPacketTooLarge);
    EXPECT_EQ(describeRefusal(0x8B, "").kind, Kind::kNetwork);
    EXPECT_EQ(describeRefusal(0x9F, "").kind, Kind::kServer);
}

TEST(ReasonCodes, UnderstandsA311BrokerThatAnswersMqtt5InItsOwnCodes) {
    EXPECT_EQ(describeRefusal(1, "").kind, Kind::kProtocolUnsupported);
    EXPECT_EQ(describeRefusal(5, "").kind, Kind::kRefusedLogin);
}

TEST(ReasonCodes, SaysWhatToDoAndQuotesTheBroker) {
    const ConnectionFailure failure = describeRefusal(0x86, "no such\x1b user");

    EXPECT_NE(failure.message.find("mqtt.password_file"), std::string::npos) << failure.message;
    EXPECT_NE(failure.message.find("code 134"), std::string::npos) << failure.message;
    EXPECT_NE(failure.message.find("no such\\x1b user"), std::string::npos) << failure.message;
}

TEST(ReasonCodes, KeepsAnUnknownCode) {
    const ConnectionFailure failure = describeRefusal(0xF0, "");

    EXPECT_EQ(failure.kind, Kind::kServer);
    EXPECT_EQ(failure.reasonCode, 0xF0);
}

}  // namespace
}  // namespace edge
