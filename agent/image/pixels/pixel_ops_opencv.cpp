// SPDX-License-Identifier: MIT
// The module, and the only file that includes OpenCV: core and imgproc. imgcodecs and videoio would bring two hundred
// libraries along.
#include <algorithm>
#include <cmath>
#include <exception>

#include <fmt/format.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "core/system/shared_module.hpp"
#include "core/version.hpp"
#include "image/pixels/pixel_ops.hpp"

namespace edge {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kCapitalPixels = 22;  ///< the font's height at scale 1

cv::Mat wrap(const Pixels& p) {
    return {p.height, p.width, CV_8UC1, p.data, p.strideBytes};
}
/// OpenCV has no Mat of constant data; the ones made here are only read.
cv::Mat wrap(const ConstPixels& p) {
    return wrap(Pixels{const_cast<std::uint8_t*>(p.data), p.width, p.height, p.strideBytes});
}
/// No exception of OpenCV's gets out of here.
template <typename Work>
Result<void> guarded(const Work& work) {
    try {
        work();
    } catch (const std::exception& e) {
        return fail(Errc::kInternal, fmt::format("OpenCV could not change the picture: {}", e.what()));
    }
    return {};
}

/// How a text is drawn so that it fits.
struct Lettering {
    std::string text;
    double scale = 1;
    int letter = 1;   ///< line thickness, pixels
    int outline = 3;  ///< line thickness, pixels
    int margin = 0;
    int baseline = 0;
    int width = 0;
};

Lettering measure(const std::string& text, double scale) {
    Lettering l{text, scale, 1, 3, 0, 0, 0};
    l.letter = std::max(1, static_cast<int>(std::lround(scale * 1.7)));
    l.outline = l.letter + 2 * std::max(1, static_cast<int>(std::lround(scale * 1.5)));
    l.margin = static_cast<int>(std::lround(scale * kCapitalPixels / 2)) + l.outline;
    l.width = cv::getTextSize(text, kFont, scale, l.outline, &l.baseline).width;
    return l;
}

Lettering layOut(const std::string& text, const cv::Size& picture) {
    constexpr double kSmallest = 8 / kCapitalPixels;
    const auto room = [&](const Lettering& l) { return picture.width - 2 * l.margin; };
    Lettering l = measure(text, std::max(10.0, picture.height / 28.0) / kCapitalPixels);
    if (l.width > room(l)) l = measure(text, std::max(kSmallest, l.scale * std::max(1, room(l)) / l.width));
    while (l.width > room(l) && l.scale > kSmallest) l = measure(text, std::max(kSmallest, l.scale * 0.95));
    while (l.width > room(l) && !l.text.empty()) l = measure(l.text.substr(0, l.text.size() - 1), l.scale);
    return l;
}

Result<void> resize(const ConstPixels& from, const Pixels& to) {
    return guarded([&] {
        const cv::Mat source = wrap(from);
        cv::Mat target = wrap(to);
        if (source.size() == target.size()) {
            source.copyTo(target);
        } else {
            const bool shrinks = to.width <= from.width && to.height <= from.height;
            cv::resize(source, target, target.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
        }
    });
}

Result<void> transform(const ConstPixels& from, const Pixels& to, Transform wanted) {
    return guarded([&] {
        const cv::Mat source = wrap(from);
        cv::Mat target = wrap(to);
        if (wanted.transpose) cv::transpose(source, target);
        if (wanted.hflip || wanted.vflip) {
            const int axes = wanted.hflip && wanted.vflip ? -1 : (wanted.hflip ? 1 : 0);
            cv::flip(wanted.transpose ? target : source, target, axes);
        } else if (!wanted.transpose) {
            source.copyTo(target);
        }
    });
}

Result<void> label(std::span<const Pixels> planes, const std::string& text) {
    return guarded([&] {
        cv::Mat luma = wrap(planes.front());
        const Lettering l = layOut(text, luma.size());
        const cv::Point origin(l.margin, luma.rows - l.margin - l.baseline / 2);
        cv::putText(luma, l.text, origin, kFont, l.scale, cv::Scalar(0), l.outline, cv::LINE_AA);
        cv::putText(luma, l.text, origin, kFont, l.scale, cv::Scalar(255), l.letter, cv::LINE_AA);
        for (const Pixels& chroma : planes.subspan(1)) {
            // Colourless under the letters and their outline: white on a red wall would come out pink.
            cv::Mat plane = wrap(chroma);
            cv::putText(plane, l.text, cv::Point(origin.x / 2, origin.y / 2), kFont, l.scale / 2, cv::Scalar(128),
                        l.outline / 2 + 1, cv::LINE_8);
        }
    });
}

Result<void> smooth(const ConstPixels& from, const Pixels& to) {
    constexpr int kSize = 5;
    return guarded([&] {
        cv::Mat target = wrap(to);
        cv::GaussianBlur(wrap(from), target, cv::Size(kSize, kSize), 0);
    });
}

}  // namespace
}  // namespace edge

extern "C" const char* edgeModuleVersion() {
    return edge::kVersion;
}

extern "C" const edge::PixelOps edgePixelOps{edge::resize, edge::transform, edge::label, edge::smooth};
