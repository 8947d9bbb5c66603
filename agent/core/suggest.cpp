// SPDX-License-Identifier: MIT
#include "core/suggest.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kMaxTypedBytes = 40;

struct Synonym {
    std::string_view typed;
    std::string_view meant;
};
/// Names of chips, and of the same thing in other programs and formats.
constexpr std::array kSynonyms{std::to_array<Synonym>({
    {"password", "password_file"},
    {"passwd", "password_file"},
    {"pass", "password_file"},
    {"user", "username"},
    {"login", "username"},
    {"host", "servers"},
    {"broker", "servers"},
    {"address", "servers"},
    {"url", "servers"},
    {"port", "servers"},
    {"ca", "ca_file"},
    {"ca_cert", "ca_file"},
    {"cert", "cert_file"},
    {"certificate", "cert_file"},
    {"key", "key_file"},
    {"private_key", "key_file"},
    {"period", "interval"},
    {"fps", "frame_rate"},
    {"pin", "line"},
    {"gpio", "line"},
    {"pull", "bias"},
    {"invert", "active_low"},
    {"inverted", "active_low"},
    {"ds18b20", "w1"},
    {"ds18s20", "w1"},
    {"ds1820", "w1"},
    {"onewire", "w1"},
    {"1-wire", "w1"},
    {"1wire", "w1"},
    {"bme280", "iio"},
    {"bmp280", "iio"},
    {"dht11", "iio"},
    {"dht22", "iio"},
    {"lm75", "hwmon"},
    {"sht31", "hwmon"},
    {"cpu", "thermal"},
    {"fake", "simulated"},
    {"fake", "pattern"},
    {"test", "simulated"},
    {"test", "pattern"},
    {"usb", "libcamera"},
    {"uvc", "libcamera"},
    {"v4l2", "libcamera"},
    {"webcam", "libcamera"},
    {"csi", "libcamera"},
    {"picamera", "libcamera"},
    {"picamera2", "libcamera"},
    {"rpicam", "libcamera"},
    {"yes", "true"},
    {"on", "true"},
    {"1", "true"},
    {"no", "false"},
    {"off", "false"},
    {"0", "false"},
})};

}  // namespace

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> beforeLast(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            const bool isSwap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (isSwap) row[j] = std::min(row[j], beforeLast[j - 2] + 1);
        }
        beforeLast.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates) {
    if (typed.size() > kMaxTypedBytes) return "";
    const std::string lower = toLower(typed);
    for (const Synonym& synonym : kSynonyms) {
        if (synonym.typed != lower) continue;
        const auto found = std::find(candidates.begin(), candidates.end(), synonym.meant);
        if (found != candidates.end()) return *found;
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
