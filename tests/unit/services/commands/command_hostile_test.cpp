// SPDX-License-Identifier: MIT
#include <array>
#include <cstdlib>
#include <random>
#include <string_view>

#include "command_fixture.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// Fewer than may wait at once: nothing here is to be refused for being too many.
constexpr int kAtOnce = 500;

int wantedPayloads() {
    const char* const wanted = std::getenv("EDGE_PAYLOADS");
    return wanted != nullptr ? std::atoi(wanted) : 10'000;
}

/// Random bytes, and commands with something changed about them. The same seed gives the same payloads.
class Payloads {
  public:
    explicit Payloads(unsigned seed) : random_(seed) {}

    std::string next() {
        if (below(8) == 0) return randomBytes(below(64));
        std::string payload(kSeeds[below(kSeeds.size())]);
        for (std::size_t changes = below(4); changes > 0; --changes) change(payload);
        return payload;
    }

  private:
    static constexpr std::array<std::string_view, 9> kSeeds{
        "start",
        " STOP\n",
        "capture",
        R"({"command":"start","interval":"2s"})",
        R"({"command":"capture","width":640,"height":480,"quality":80,"count":3,"every":"1s","timeout":"5s"})",
        R"({"command":"cancel","transaction":"t-1"})",
        R"({"command":"status","expires_at":"2026-11-20T09:30:00.123Z"})",
        R"({"command":"capture","width":-1e308,"height":null,"count":[[[[{}]]]],"transaction":"\u0000\ud800"})",
        "안녕하세요"};

    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }

    std::string randomBytes(std::size_t count) {
        std::string bytes;
        for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(below(256));
        return bytes;
    }

    void change(std::string& payload) {
        const std::size_t at = below(payload.size() + 1);
        switch (below(5)) {
            case 0:
                payload.insert(at, randomBytes(1 + below(3)));
                break;
            case 1:
                payload.erase(at, 1 + below(4));
                break;
            case 2:
                if (at < payload.size()) payload[at] = static_cast<char>(payload[at] ^ (1 << below(8)));
                break;
            case 3:
                payload.insert(at, payload.substr(below(payload.size() + 1), below(40)));
                break;
            default:
                payload.insert(at, std::string(below(100), "[{\"0"[below(4)]));
                break;
        }
    }

    std::mt19937 random_;
};

class CommandHostile : public CommandFixture {};

TEST_F(CommandHostile, EachOfManyPayloadsIsAnsweredOnce) {
    config.journal.maxSizeBytes = 1 << 20;
    boot();
    Payloads payloads(1);
    for (int sent = 0; sent < wantedPayloads(); sent += kAtOnce) {
        for (int i = 0; i < kAtOnce; ++i) commands->handle(message(payloads.next()));
        loop->advance(Journal::kCommitPause);

        const auto answers = publisher.on("edge/pi/response");
        ASSERT_EQ(answers.size(), static_cast<std::size_t>(kAtOnce));
        for (const Publication& answer : answers) {
            ASSERT_TRUE(isValidUtf8(answer.payload));
            const Json reply = Json::parse(answer.payload, nullptr, false);
            ASSERT_TRUE(reply.is_object() && reply.contains("command") && reply.contains("data")) << answer.payload;
            ASSERT_TRUE(reply["status"] == "ok" || reply["status"] == "error") << answer.payload;
        }
        ASSERT_EQ(commands->counters().waiting, 0U);
        publisher.sent.clear();
        carriedOut.clear();
    }
    EXPECT_TRUE(journal->health().writable);
    EXPECT_EQ(send("stop")["status"], "ok");
}

}  // namespace
}  // namespace edge
