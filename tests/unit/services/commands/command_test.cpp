// SPDX-License-Identifier: MIT
#include "services/commands/command.hpp"

#include <string>

#include <gtest/gtest.h>

namespace edge {
namespace {

/// An error, and what could be read all the same.
struct Refusal : Outcome {
    std::string name;
    std::string transaction;
};

Refusal refused(std::string_view payload) {
    const ParsedCommand parsed = parseCommand(payload);
    EXPECT_TRUE(parsed.error) << payload;
    return {parsed.error.value_or(Outcome{}), parsed.command.name, parsed.command.transaction};
}

Command accepted(std::string_view payload) {
    const ParsedCommand parsed = parseCommand(payload);
    EXPECT_FALSE(parsed.error) << payload << ": " << parsed.error->error;
    return parsed.command;
}

TEST(ParseCommand, AcceptsEveryNameInAnyCaseWithWhiteSpaceAround) {
    for (const std::string_view word : commandNames()) EXPECT_EQ(accepted(word).name, word);
    EXPECT_EQ(accepted("  START\r\n").name, "start");
    EXPECT_EQ(accepted("\tCapture ").name, "capture");
}

TEST(ParseCommand, IgnoresInvisibleMarksAround) {
    EXPECT_EQ(accepted("\xEF\xBB\xBFstatus").name, "status");                              // byte order mark
    EXPECT_EQ(accepted("\xE2\x80\x8B stop\xE2\x80\x8B\r\n").name, "stop");                 // zero width
    EXPECT_EQ(accepted("\xE2\x80\x8F{\"command\":\"\xEF\xBB\xBFstart\"}").name, "start");  // right-to-left mark
    EXPECT_EQ(accepted("\xC2\xA0stop\xE3\x80\x80").name, "stop");                          // wide spaces
    EXPECT_EQ(refused("st\xE2\x80\x8Bop").code, ReplyCode::kUnknownCommand) << "not inside of a word";
    EXPECT_EQ(refused(std::string_view("start\0", 6)).code, ReplyCode::kUnknownCommand);
    EXPECT_EQ(refused("\xEF\xBB\xBF").code, ReplyCode::kInvalidPayload);
}

TEST(ParseCommand, TakesAnObjectWithEveryOption) {
    const Command command = accepted(R"( {"command": "Capture", "width": 1280, "height": 720, "quality": 75, "count": 3,
        "every": "500ms", "timeout": "10s", "settle": false, "transaction": "t-1", "expires_at": "2026-11-20T09:30:00Z"} )");

    EXPECT_EQ(command.name, "capture");
    EXPECT_EQ(command.options.width, 1280);
    EXPECT_EQ(command.options.height, 720);
    EXPECT_EQ(command.options.quality, 75);
    EXPECT_EQ(command.options.count, 3);
    EXPECT_EQ(command.options.every, milliseconds{500});
    EXPECT_EQ(command.options.timeout, seconds{10});
    EXPECT_EQ(command.options.settle, false);
    EXPECT_EQ(command.transaction, "t-1");
    EXPECT_EQ(command.expiresAt, parseRfc3339("2026-11-20T09:30:00Z"));
}

TEST(ParseCommand, SettleIsTrueOrFalse) {
    for (const char* value : {"1", "\"true\"", "null", "[]"}) {
        const Refusal error = refused(std::string(R"({"command":"capture","settle":)") + value + "}");
        EXPECT_EQ(error.code, ReplyCode::kInvalidOption) << value;
        EXPECT_NE(error.error.find("true or false"), std::string::npos) << error.error;
    }
}

TEST(ParseCommand, TakesControlsByName) {
    const Controls controls =
        accepted(R"({"command":"capture","controls":{"ExposureTime":20000,"AeEnable":false,"ColourGains":[1.5,2]}})")
            .options.controls;

    EXPECT_EQ(controls, (Controls{{"AeEnable", false},
                                  {"ColourGains", std::vector<double>{1.5, 2}},
                                  {"ExposureTime", std::int64_t{20'000}}}));
}

TEST(ParseCommand, RefusesWhatIsNoControl) {
    std::string many;
    for (int i = 0; i < 300; ++i) many += (i == 0 ? "\"A" : ",\"A") + std::to_string(i) + "\":1.23456789";
    std::string longer;  // as it is sent to the camera program, with 1.0 in place of 1
    for (int i = 0; i < 7; ++i) {
        longer += (i == 0 ? "\"A" : ",\"A") + std::to_string(i) + "\":[1";
        for (int j = 1; j < 256; ++j) longer += ",1";
        longer += ']';
    }
    for (const std::string& controls :
         {std::string("5"), std::string("[]"), std::string("null"), std::string(R"({"A":"text"})"),
          std::string(R"({"A":null})"), std::string(R"({"A":{}})"), std::string(R"({"A":[]})"),
          std::string(R"({"A":["x"]})"), std::string(R"({"":1})"), std::string(R"({"A B":1})"),
          std::string(R"({"A":18446744073709551615})"), "{" + many + "}", "{" + longer + "}"}) {
        const Refusal error = refused(R"({"command":"capture","controls":)" + controls + "}");
        EXPECT_EQ(error.code, ReplyCode::kInvalidOption) << controls;
        EXPECT_NE(error.error.find("ExposureTime"), std::string::npos) << error.error;
    }
}

TEST(ParseCommand, ReadsWhatIsAskedOfTheArchive) {
    const Command list = parseCommand(R"({"command":"pictures","since":"2026-11-20T00:00:00Z","last":1000,
        "until":"2026-11-21T00:00:00+09:00"})")
                             .command;
    EXPECT_EQ(list.options.since, parseRfc3339("2026-11-20T00:00:00Z"));
    EXPECT_EQ(list.options.until, parseRfc3339("2026-11-20T15:00:00Z"));
    EXPECT_EQ(list.options.last, 1000);
    const Command fetch = parseCommand(R"({"command":"fetch","id":"3f2a91bc-17","width":320})").command;
    EXPECT_EQ(fetch.options.id, "3f2a91bc-17");
    EXPECT_EQ(fetch.options.width, 320);
    EXPECT_EQ(parseCommand(R"({"command":"readings","sensor":"room"})").command.options.sensor, "room");

    for (const std::string option :
         {R"("since":"yesterday")", R"("since":17)", R"("until":null)", R"("last":0)", R"("last":1001)", R"("id":"x")"})
        EXPECT_EQ(refused(R"({"command":"pictures",)" + option + "}").code, ReplyCode::kInvalidOption) << option;
    for (const std::string& id : {std::string(), std::string(65, 'a'), std::string(200, '.')})
        EXPECT_EQ(refused(R"({"command":"fetch","id":")" + id + "\"}").code, ReplyCode::kInvalidOption) << id;
    EXPECT_EQ(refused(R"({"command":"fetch","id":["a"]})").code, ReplyCode::kInvalidOption);
}

TEST(ParseCommand, PlainTextIsAnUnknownCommandWithoutAName) {
    for (const char* payload : {"strat", "안녕하세요", "start now", "\"start\"", "[\"start\"]", "42", "null"}) {
        const Refusal error = refused(payload);
        EXPECT_EQ(error.code, ReplyCode::kUnknownCommand) << payload;
        EXPECT_EQ(error.name, "") << payload;
        for (const std::string_view name : commandNames()) EXPECT_NE(error.error.find(name), std::string::npos) << name;
    }
}

TEST(ParseCommand, AnUnknownNameInAnObjectIsEchoed) {
    const Refusal error = refused(R"({"command":"explode","transaction":"t"})");

    EXPECT_EQ(error.code, ReplyCode::kUnknownCommand);
    EXPECT_EQ(error.name, "explode");
    EXPECT_EQ(error.transaction, "t");
}

TEST(ParseCommand, BrokenPayloadsAreInvalid) {
    for (const std::string& payload :
         {std::string(), std::string("  \n"), std::string("{"), std::string("{}"), std::string(R"({"command":5})"),
          std::string(R"({"command":"start"} x)"), std::string("\xff\xfe"), std::string("start\xc3"),
          std::string("{\"command\":\"start\"}\0", 20), std::string("{\"command\":\"start\"}\0x", 21),
          std::string(R"({"command":"start","command":"stop"})"), std::string(R"({"Command":"start"})")}) {
        EXPECT_EQ(refused(payload).code, ReplyCode::kInvalidPayload) << payload;
    }
}

TEST(ParseCommand, SaysThatTheShellRemovedTheQuotes) {
    for (const char* payload : {"{command:capture}", "{command:capture,count:3}", "'{command:capture}'"}) {
        EXPECT_NE(refused(payload).error.find("the shell has removed the double quotes"), std::string::npos) << payload;
    }
    for (const char* payload : {"{", "{}", R"({"command":capture})"}) {
        EXPECT_EQ(refused(payload).error.find("shell"), std::string::npos) << payload;
    }
}

TEST(ParseCommand, AnExpiryBeyondTheClocksRangeIsClamped) {
    EXPECT_EQ(accepted(R"({"command":"start","expires_at":"2999-12-31T00:00:00Z"})").expiresAt,
              parseRfc3339("2262-04-11T23:47:16.854Z"));
    EXPECT_EQ(accepted(R"({"command":"start","expires_at":"0001-01-01T00:00:00Z"})").expiresAt,
              parseRfc3339("1677-09-21T00:12:43.146Z"));
}

TEST(ParseCommand, DeepJsonIsRefusedWhateverItsSize) {
    const std::string open = R"({"command":"start","transaction":)";
    for (const std::size_t depth : {8U, 9U, 1000U, 60000U}) {
        const Refusal error = refused(open + std::string(depth, '['));
        EXPECT_EQ(error.code, ReplyCode::kInvalidPayload) << depth;
    }
    EXPECT_NE(refused(open + std::string(9, '[') + std::string(9, ']') + "}").error.find("deeper"), std::string::npos);
}

TEST(ParseCommand, ThePayloadHasAtMost64KiB) {
    EXPECT_EQ(accepted("start" + std::string(kMaxCommandBytes - 5, ' ')).name, "start");
    EXPECT_EQ(refused("start" + std::string(kMaxCommandBytes - 4, ' ')).code, ReplyCode::kTooLarge);
}

struct OptionCase {
    const char* option;
    bool isAllowed;
};

class CaptureOption : public testing::TestWithParam<OptionCase> {};

TEST_P(CaptureOption, IsHeldToItsRange) {
    const std::string payload = std::string(R"({"command":"capture",)") + GetParam().option + "}";
    const auto [command, function, error] = parseCommand(payload);

    EXPECT_EQ(!error, GetParam().isAllowed) << payload;
    EXPECT_NE(function, nullptr);
    EXPECT_EQ(command.name, "capture");
    if (error) {
        EXPECT_EQ(error->code, ReplyCode::kInvalidOption);
        EXPECT_FALSE(error->error.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(
    Boundaries, CaptureOption,
    testing::Values(
        OptionCase{R"("width":64)", true}, OptionCase{R"("width":62)", false}, OptionCase{R"("width":9152)", true},
        OptionCase{R"("width":9154)", false}, OptionCase{R"("width":641)", false},
        OptionCase{R"("width":640.0)", false}, OptionCase{R"("width":"640")", false},
        OptionCase{R"("width":-640)", false}, OptionCase{R"("width":99999999999999999999)", false},
        OptionCase{R"("width":18446744073709551615)", false}, OptionCase{R"("width":-9223372036854775808)", false},
        OptionCase{R"("width":null)", false}, OptionCase{R"("height":64)", true}, OptionCase{R"("height":6944)", true},
        OptionCase{R"("height":6946)", false}, OptionCase{R"("quality":1)", true}, OptionCase{R"("quality":100)", true},
        OptionCase{R"("quality":0)", false}, OptionCase{R"("quality":101)", false},
        OptionCase{R"("quality":true)", false}, OptionCase{R"("count":1)", true}, OptionCase{R"("count":1000)", true},
        OptionCase{R"("count":0)", false}, OptionCase{R"("count":1001)", false},
        OptionCase{R"("count":2,"every":"0s")", true}, OptionCase{R"("count":2,"every":"24h")", true},
        OptionCase{R"("count":2,"every":"25h")", false}, OptionCase{R"("count":2,"every":2)", false},
        OptionCase{R"("count":1,"every":"2s")", false}, OptionCase{R"("every":"2s")", false},
        OptionCase{R"("timeout":"100ms")", true}, OptionCase{R"("timeout":"10m")", true},
        OptionCase{R"("timeout":"99ms")", false}, OptionCase{R"("timeout":"11m")", false},
        OptionCase{R"("interval":"2s")", false}, OptionCase{R"("colour":"red")", false},
        OptionCase{R"("transaction":7)", false}, OptionCase{R"("expires_at":"tomorrow")", false},
        OptionCase{R"("expires_at":1795167000)", false}));

TEST(ParseCommand, StartTakesAnIntervalAndNothingElse) {
    EXPECT_EQ(accepted(R"({"command":"start","interval":"100ms"})").options.interval, milliseconds{100});
    EXPECT_EQ(accepted(R"({"command":"start","interval":"24h"})").options.interval, std::chrono::hours{24});
    EXPECT_EQ(refused(R"({"command":"start","interval":"99ms"})").code, ReplyCode::kInvalidOption);
    EXPECT_EQ(refused(R"({"command":"start","interval":"25h"})").code, ReplyCode::kInvalidOption);
    EXPECT_EQ(refused(R"({"command":"start","interval":2})").code, ReplyCode::kInvalidOption);
    EXPECT_EQ(refused(R"({"command":"stop","interval":"2s"})").code, ReplyCode::kInvalidOption);
}

TEST(ParseCommand, LiveTakesALeaseAndARate) {
    const Command command =
        accepted(R"({"command":"live","for":"1m","rate":0.5,"width":320,"height":240,"quality":30})");
    EXPECT_EQ(command.options.lease, milliseconds{60'000});
    EXPECT_EQ(command.options.rate, 0.5);
    EXPECT_EQ(command.options.width, 320);
    EXPECT_EQ(accepted("live").name, "live");
    for (const char* option : {R"("for":"0s")", R"("for":"1s")", R"("for":"5m")", R"("rate":0.1)", R"("rate":30)"})
        EXPECT_EQ(accepted(std::string(R"({"command":"live",)") + option + "}").name, "live") << option;
    for (const char* option : {R"("for":"999ms")", R"("for":"301s")", R"("for":30)", R"("rate":0.09)", R"("rate":31)",
                               R"("rate":"5")", R"("rate":1e999)", R"("rate":null)", R"("width":0)", R"("count":2)"}) {
        EXPECT_NE(parseCommand(std::string(R"({"command":"live",)") + option + "}").error, std::nullopt) << option;
    }
}

TEST(ParseCommand, ATransactionHasAtMost128BytesAndIsKeptInErrors) {
    const std::string longest(kMaxTransactionBytes, 't');
    EXPECT_EQ(accepted(R"({"command":"stop","transaction":")" + longest + "\"}").transaction, longest);
    EXPECT_EQ(refused(R"({"command":"stop","transaction":")" + longest + "t\"}").code, ReplyCode::kInvalidOption);
    EXPECT_EQ(refused(R"({"command":"stop","transaction":"t-9","x":1})").transaction, "t-9");
}

TEST(ParseOutputCommand, TakesItsThreeWordsInAnyCase) {
    EXPECT_EQ(parseOutputCommand(" On\n"), OutputCommand::kOn);
    EXPECT_EQ(parseOutputCommand("OFF"), OutputCommand::kOff);
    EXPECT_EQ(parseOutputCommand("toggle"), OutputCommand::kToggle);
    EXPECT_EQ(parseOutputCommand("BRIGHT"), std::nullopt);
    EXPECT_EQ(parseOutputCommand(""), std::nullopt);
}

}  // namespace
}  // namespace edge
