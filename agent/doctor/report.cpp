// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/exit_codes.hpp"
#include "core/text.hpp"
#include "doctor/doctor.hpp"

namespace edge {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCheckWidth = 14;

struct Style {
    const char* name;
    const char* symbol;
    const char* colour;
};
constexpr std::array<Style, 4> kStyles{
    {{"fine", "✓", "\033[32m"}, {"note", "·", "\033[36m"}, {"warning", "!", "\033[33m"}, {"error", "✗", "\033[31m"}}};
const Style& styleOf(Severity severity) {
    return kStyles.at(static_cast<std::size_t>(severity));
}

Severity worstOf(const Findings& findings) {
    Severity worst = Severity::kFine;
    for (const Finding& finding : findings) worst = std::max(worst, finding.severity);
    return worst;
}

void printJson(const Findings& findings, std::ostream& out) {
    Json list = Json::array();
    for (const Finding& finding : findings) {
        Json entry{{"check", finding.check}, {"severity", styleOf(finding.severity).name}, {"text", finding.text}};
        if (!finding.remedy.empty()) entry["remedy"] = finding.remedy;
        list.push_back(std::move(entry));
    }
    const Json report{{"status", styleOf(worstOf(findings)).name}, {"findings", std::move(list)}};
    out << printableJson(report.dump(2, ' ', false, Json::error_handler_t::replace)) << '\n';
}

void printFinding(const Finding& finding, ReportStyle style, std::ostream& out) {
    std::string mark = fmt::format("{:8}", styleOf(finding.severity).name);
    if (style == ReportStyle::kTerminal) {
        const Style& look = styleOf(finding.severity);
        mark = fmt::format("{}{}\033[0m", look.colour, look.symbol);
    }
    out << fmt::format("{} {:{}} {}\n", mark, finding.check, kCheckWidth, printableLines(finding.text));
    if (finding.remedy.empty()) return;
    const int indent = style == ReportStyle::kTerminal ? kCheckWidth + 3 : kCheckWidth + 10;
    out << fmt::format("{:{}}→ {}\n", "", indent, printableLines(finding.remedy));
}

std::string sumOf(const Findings& findings) {
    const auto errors = std::ranges::count(findings, Severity::kError, &Finding::severity);
    const auto warnings = std::ranges::count(findings, Severity::kWarning, &Finding::severity);
    if (errors == 0 && warnings == 0) return "Nothing is wrong.";
    return fmt::format("{} error{}, {} warning{}.", errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

}  // namespace

void append(Findings& all, Findings more) {
    for (Finding& finding : more) all.push_back(std::move(finding));
}

ReportStyle styleOfStandardOutput() {
    const char* terminal = std::getenv("TERM");
    const char* noColour = std::getenv("NO_COLOR");
    const bool isPlain =
        (noColour != nullptr && *noColour != '\0') || terminal == nullptr || std::string_view(terminal) == "dumb";
    return ::isatty(STDOUT_FILENO) == 1 && !isPlain ? ReportStyle::kTerminal : ReportStyle::kText;
}

void printReport(const Findings& findings, ReportStyle style, std::ostream& out) {
    if (style == ReportStyle::kJson) return printJson(findings, out);
    for (const Finding& finding : findings) printFinding(finding, style, out);
    out << '\n' << sumOf(findings) << '\n';
}

int exitCodeOf(const Findings& findings) {
    const bool isConfigurationWrong = std::ranges::any_of(findings, [](const Finding& finding) {
        return finding.check == kConfigurationCheck && finding.severity == Severity::kError;
    });
    if (isConfigurationWrong) return kExitConfig;
    const Severity worst = worstOf(findings);
    return worst == Severity::kError ? kExitFailed : worst == Severity::kWarning ? kExitWarnings : 0;
}

}  // namespace edge
