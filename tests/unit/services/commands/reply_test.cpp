// SPDX-License-Identifier: MIT
#include "services/commands/reply.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

TEST(FormatReply, IsTheContractsToTheByte) {
    EXPECT_EQ(formatReply(Outcome::success(R"({"taken":1})"), "capture", "t-1"),
              R"({"status":"ok","command":"capture","data":{"taken":1},"transaction":"t-1"})");
    EXPECT_EQ(formatReply(Outcome::failure(ReplyCode::kBusy, "wait"), "capture", ""),
              R"({"status":"error","command":"capture","code":"busy","error":"wait","data":{}})");
}

TEST(FormatReply, SaysNullWhereNoCommandCouldBeRead) {
    EXPECT_EQ(formatReply(Outcome::failure(ReplyCode::kUnknownCommand, "?"), "", ""),
              R"({"status":"error","command":null,"code":"unknown_command","error":"?","data":{}})");
}

TEST(FormatReply, StaysJsonWhateverIsInTheTexts) {
    EXPECT_EQ(formatReply(Outcome::failure(ReplyCode::kInternal, "a\"b\n\xff"), "", "온도\\"),
              "{\"status\":\"error\",\"command\":null,\"code\":\"internal\",\"error\":\"a\\\"b\\n\xEF\xBF\xBD\","
              "\"data\":{},\"transaction\":\"온도\\\\\"}");
}

TEST(Reply, ListsAsMuchAsFits) {
    const std::vector<std::string> entries{"{}", "{}", "{}"};
    EXPECT_EQ(formatList("pictures", entries, false, 1000), R"({"pictures":[{},{},{}],"more":false})");
    EXPECT_EQ(formatList("pictures", entries, true, 1000), R"({"pictures":[{},{},{}],"more":true})");
    EXPECT_EQ(formatList("pictures", {}, false, 0), R"({"pictures":[],"more":false})");
    const std::string cut = formatList("pictures", entries, false, 38);
    EXPECT_EQ(cut, R"({"pictures":[{},{}],"more":true})");
}

}  // namespace
}  // namespace edge
