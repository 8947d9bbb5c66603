// SPDX-License-Identifier: MIT
#include <cmath>
#include <random>

#include "sensor_fixture.hpp"
#include "sensors/number.hpp"
#include "sensors/w1_scratchpad.hpp"

namespace edge {
namespace {

/// Texts that nearly are what a driver writes: random edits of a good one, always the same ones.
class Mutator {
  public:
    std::string mutate(std::string text) {
        const int edits = 1 + static_cast<int>(engine_() % 6);
        for (int i = 0; i < edits && !text.empty(); ++i) {
            const std::size_t at = engine_() % text.size();
            switch (engine_() % 4) {
                case 0:
                    text[at] = static_cast<char>(engine_() % 256);
                    break;
                case 1:
                    text.erase(at, 1 + engine_() % 8);
                    break;
                case 2:
                    text.insert(at, text.substr(engine_() % text.size(), engine_() % 8));
                    break;
                default:
                    text.resize(at);
            }
        }
        return text;
    }

  private:
    std::mt19937 engine_{20261121};
};

TEST(HostileText, NeverMakesAReadingThatCannotBe) {
    constexpr int kTexts = 200'000;
    const std::string good = "57 01 4b 46 7f ff 09 10 57 : crc=57 YES\n57 01 4b 46 7f ff 09 10 57 t=21437\n";
    Mutator mutator;
    for (int i = 0; i < kTexts; ++i) {
        const std::string text = mutator.mutate(good);
        const auto reading = parseW1Slave(text);
        if (!reading) continue;
        EXPECT_NE(text.find("YES"), std::string::npos) << text;
        EXPECT_NE(text.find("t="), std::string::npos) << text;
    }
}

TEST(HostileText, NeverMakesANumberThatIsNotFinite) {
    constexpr int kTexts = 200'000;
    Mutator mutator;
    for (int i = 0; i < kTexts; ++i) {
        for (const char* good : {"-21437\n", "temp=42.3'C\n", "1.5e12", "nan 0x1p3 inf"}) {
            const std::string text = mutator.mutate(good);
            const auto decimal = parseDecimalNumber(text);
            const auto first = findFirstNumber(text);
            ASSERT_TRUE(!decimal || std::isfinite(*decimal)) << text;
            ASSERT_TRUE(!first || std::isfinite(*first)) << text;
        }
    }
}

}  // namespace
}  // namespace edge
