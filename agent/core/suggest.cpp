// SPDX-License-Identifier: MIT
#include "core/suggest.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxTypedBytes = 40;

/// Names of chips, and of the same thing in other programs and formats.
struct Synonyms {
    std::string_view meant;
    std::string_view typed;  ///< words between spaces
};
constexpr std::array kSynonyms{std::to_array<Synonyms>({
    {"password_file", "password passwd pass"},
    {"username", "user login"},
    {"servers", "host broker address url port"},
    {"ca_file", "ca ca_cert"},
    {"cert_file", "cert certificate"},
    {"key_file", "key private_key"},
    {"interval", "period"},
    {"frame_rate", "fps"},
    {"line", "pin gpio"},
    {"bias", "pull"},
    {"active_low", "invert inverted"},
    {"w1", "ds18b20 ds18s20 ds1820 onewire 1-wire 1wire"},
    {"iio", "bme280 bmp280 dht11 dht22"},
    {"hwmon", "lm75 sht31"},
    {"thermal", "cpu"},
    {"simulated", "fake test"},
    {"pattern", "fake test"},
    {"libcamera", "usb uvc v4l2 webcam csi picamera picamera2 rpicam"},
    {"true", "yes on 1"},
    {"false", "no off 0"},
})};

bool hasWord(std::string_view words, std::string_view word) {
    return fmt::format(" {} ", words).find(fmt::format(" {} ", word)) != std::string::npos;
}

/// The Damerau-Levenshtein distance: how many letters are inserted, deleted, replaced or swapped with their neighbour.
std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> distance(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            std::size_t& best = distance[i][j];
            best = i + j;
            if (i == 0 || j == 0) continue;
            best = std::min({distance[i - 1][j] + 1, distance[i][j - 1] + 1,
                             distance[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            const bool isSwap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (isSwap) best = std::min(best, distance[i - 2][j - 2] + 1);
        }
    }
    return distance[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
    if (typed.size() > kMaxTypedBytes) return "";
    const std::string lower = toLower(typed);
    for (const auto& [meant, words] : kSynonyms) {
        const bool isCandidate = std::ranges::find(candidates, meant) != candidates.end();
        if (isCandidate && hasWord(words, lower)) return std::string(meant);
    }
    std::string best;
    std::size_t bestDistance = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t d = editDistance(lower, toLower(candidate));
        if (d >= bestDistance) continue;
        best = candidate;
        bestDistance = d;
    }
    return best;
}

}  // namespace edge
