// SPDX-License-Identifier: MIT
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "doctor/doctor.hpp"

namespace edge {
namespace {

const Finding kFine{Severity::kFine, "clock", "synchronised", ""};
const Finding kWarning{Severity::kWarning, "power", "it is too hot", "give it air"};
const Finding kError{Severity::kError, "broker", "refused", "start it"};
const Finding kWrong{Severity::kError, kConfigurationCheck, "agent.toml:3: no", ""};

std::string printed(const Findings& findings, ReportStyle style) {
    std::ostringstream out;
    printReport(findings, style, out);
    return out.str();
}

TEST(DoctorReport, TheExitCodeIsThatOfTheWorst) {
    EXPECT_EQ(exitCodeOf({}), 0);
    EXPECT_EQ(exitCodeOf({kFine, {Severity::kNote, "sensor", "none", ""}}), 0);
    EXPECT_EQ(exitCodeOf({kFine, kWarning}), 3);
    EXPECT_EQ(exitCodeOf({kError, kWarning}), 1);
    EXPECT_EQ(exitCodeOf({kError, kWrong}), 78);
}

TEST(DoctorReport, TextSaysWhatToDoBelowWhatIsWrong) {
    EXPECT_EQ(printed({kFine, kWarning}, ReportStyle::kText),
              "fine     clock          synchronised\n"
              "warning  power          it is too hot\n"
              "                        → give it air\n"
              "\n0 errors, 1 warning.\n");
    EXPECT_EQ(printed({kFine}, ReportStyle::kText).find("\033["), std::string::npos);
}

TEST(DoctorReport, ATerminalGetsSymbolsAndColours) {
    const std::string text = printed({kFine, kError}, ReportStyle::kTerminal);
    EXPECT_NE(text.find("\033[32m✓\033[0m clock"), std::string::npos) << text;
    EXPECT_NE(text.find("\033[31m✗\033[0m broker"), std::string::npos) << text;
}

TEST(DoctorReport, JsonIsOneObject) {
    const auto json = nlohmann::json::parse(printed({kFine, kError}, ReportStyle::kJson));
    EXPECT_EQ(json["status"], "error");
    EXPECT_EQ(json["findings"][0],
              nlohmann::json({{"check", "clock"}, {"severity", "fine"}, {"text", "synchronised"}}));
    EXPECT_EQ(json["findings"][1]["remedy"], "start it");
}

}  // namespace
}  // namespace edge
