// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "image/jpeg/jpeg.hpp"
#include "image/jpeg/jpeg_layout.hpp"

namespace edge {

/// What a person would see: full-range Y, U, V.
struct Colour {
    int y;
    int u;
    int v;
};
inline constexpr Colour kRed{76, 85, 255};
inline constexpr Colour kGreen{150, 44, 21};
inline constexpr Colour kBlue{29, 255, 107};
inline constexpr Colour kWhite{255, 128, 128};

/// A frame that owns its bytes: red upper left, green upper right, blue lower left, white lower right.
struct TestFrame {
    std::vector<std::uint8_t> bytes;
    FrameView view;
};

inline Colour cornerColour(int x, int y, int width, int height) {
    if (y < height / 2) return x < width / 2 ? kRed : kGreen;
    return x < width / 2 ? kBlue : kWhite;
}

inline std::uint8_t byte(int value) {
    return static_cast<std::uint8_t>(value);
}

/// Planes with `padding` bytes after each row.
inline TestFrame makeYuv420(int width, int height, int padding = 0) {
    TestFrame frame;
    const std::size_t lumaStride = static_cast<std::size_t>(width) + static_cast<std::size_t>(padding);
    const int chromaWidth = (width + 1) / 2;
    const int chromaHeight = (height + 1) / 2;
    const std::size_t chromaStride = static_cast<std::size_t>(chromaWidth) + static_cast<std::size_t>(padding);
    const std::size_t lumaBytes = lumaStride * static_cast<std::size_t>(height);
    const std::size_t chromaBytes = chromaStride * static_cast<std::size_t>(chromaHeight);
    frame.bytes.assign(lumaBytes + 2 * chromaBytes, 99);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            frame.bytes[lumaStride * static_cast<std::size_t>(y) + static_cast<std::size_t>(x)] =
                byte(cornerColour(x, y, width, height).y);
        }
    }
    for (int y = 0; y < chromaHeight; ++y) {
        for (int x = 0; x < chromaWidth; ++x) {
            const Colour colour = cornerColour(2 * x, 2 * y, width, height);
            const std::size_t at = chromaStride * static_cast<std::size_t>(y) + static_cast<std::size_t>(x);
            frame.bytes[lumaBytes + at] = byte(colour.u);
            frame.bytes[lumaBytes + chromaBytes + at] = byte(colour.v);
        }
    }
    frame.view = {PixelFormat::kYuv420, ColorRange::kFull, width, height, {}};
    frame.view.planes[0] = {frame.bytes.data(), lumaBytes, lumaStride};
    frame.view.planes[1] = {frame.bytes.data() + lumaBytes, chromaBytes, chromaStride};
    frame.view.planes[2] = {frame.bytes.data() + lumaBytes + chromaBytes, chromaBytes, chromaStride};
    return frame;
}

inline TestFrame makeNv(int width, int height, PixelFormat format) {
    TestFrame frame;
    const std::size_t stride = static_cast<std::size_t>(width);
    const std::size_t lumaBytes = stride * static_cast<std::size_t>(height);
    frame.bytes.resize(lumaBytes * 3 / 2);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const Colour colour = cornerColour(x, y, width, height);
            frame.bytes[stride * static_cast<std::size_t>(y) + static_cast<std::size_t>(x)] = byte(colour.y);
            const bool isFirst = x % 2 == 0;
            const bool isU = isFirst == (format == PixelFormat::kNv12);
            frame.bytes[lumaBytes + stride * static_cast<std::size_t>(y / 2) + static_cast<std::size_t>(x)] =
                byte(isU ? colour.u : colour.v);
        }
    }
    frame.view = {format, ColorRange::kFull, width, height, {}};
    frame.view.planes[0] = {frame.bytes.data(), lumaBytes, stride};
    frame.view.planes[1] = {frame.bytes.data() + lumaBytes, lumaBytes / 2, stride};
    return frame;
}

/// One plane of `pixelBytes` bytes a pixel, filled by `fill(target, colour, x)`.
template <typename Fill>
TestFrame makePacked(int width, int height, PixelFormat format, int pixelBytes, const Fill& fill) {
    TestFrame frame;
    const std::size_t stride = static_cast<std::size_t>(width) * static_cast<std::size_t>(pixelBytes);
    frame.bytes.resize(stride * static_cast<std::size_t>(height));
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            fill(frame.bytes.data() + stride * static_cast<std::size_t>(y) + static_cast<std::size_t>(x * pixelBytes),
                 cornerColour(x, y, width, height), x);
        }
    }
    frame.view = {format, ColorRange::kFull, width, height, {}};
    frame.view.planes[0] = {frame.bytes.data(), frame.bytes.size(), stride};
    return frame;
}

inline std::array<std::uint8_t, 3> toRgb(Colour c) {
    const auto clamp = [](double v) { return static_cast<std::uint8_t>(std::lround(std::fmin(255, std::fmax(0, v)))); };
    return {clamp(c.y + 1.402 * (c.v - 128)), clamp(c.y - 0.344136 * (c.u - 128) - 0.714136 * (c.v - 128)),
            clamp(c.y + 1.772 * (c.u - 128))};
}

inline TestFrame makeFrame(PixelFormat format, int width, int height) {
    switch (format) {
        case PixelFormat::kNv12:
        case PixelFormat::kNv21:
            return makeNv(width, height, format);
        case PixelFormat::kYuyv:
        case PixelFormat::kUyvy:
            return makePacked(width, height, format, 2, [format](std::uint8_t* p, Colour c, int x) {
                const int luma = format == PixelFormat::kYuyv ? 0 : 1;
                p[luma] = byte(c.y);
                p[1 - luma] = byte(x % 2 == 0 ? c.u : c.v);
            });
        case PixelFormat::kRgb888:
        case PixelFormat::kBgr888:
            return makePacked(width, height, format, 3, [format](std::uint8_t* p, Colour c, int) {
                const auto rgb = toRgb(c);
                const bool isBlueFirst = format == PixelFormat::kRgb888;
                p[0] = rgb[isBlueFirst ? 2 : 0];
                p[1] = rgb[1];
                p[2] = rgb[isBlueFirst ? 0 : 2];
            });
        case PixelFormat::kXrgb8888:
        case PixelFormat::kXbgr8888:
            return makePacked(width, height, format, 4, [format](std::uint8_t* p, Colour c, int) {
                const auto rgb = toRgb(c);
                const bool isBlueFirst = format == PixelFormat::kXrgb8888;
                p[0] = rgb[isBlueFirst ? 2 : 0];
                p[1] = rgb[1];
                p[2] = rgb[isBlueFirst ? 0 : 2];
            });
        default:
            return makeYuv420(width, height);
    }
}

/// A grey baseline JPEG of 64x64 pixels, byte by byte: each row of blocks is a restart interval of its own brightness.
/// It can have what webcams add to theirs.
struct HandmadeJpeg {
    static constexpr int kRows = 8;
    static int brightness(int row) { return 40 + 20 * row; }

    std::vector<std::uint8_t> atStart;          ///< after SOI
    std::vector<std::uint8_t> betweenSegments;  ///< before each of the headers but the first
    std::vector<std::uint8_t> beforeRestart;    ///< before each restart marker
    std::vector<std::uint8_t> beforeEnd;
    bool hasTables = true;
    int firstRow = 0;  ///< what comes before is missing
    int lastRow = kRows - 1;

    [[nodiscard]] std::vector<std::uint8_t> bytes() const {
        std::vector<std::uint8_t> out{0xFF, 0xD8};
        append(out, atStart);
        std::vector<std::uint8_t> quantisation{0xFF, 0xDB, 0x00, 0x43, 0x00};
        quantisation.insert(quantisation.end(), 64, 8);
        append(out, quantisation);
        append(out, betweenSegments);
        append(out, {0xFF, 0xC0, 0x00, 0x0B, 8, 0, 8 * kRows, 0, 64, 1, 1, 0x11, 0});
        append(out, betweenSegments);
        append(out, {0xFF, 0xDD, 0x00, 0x04, 0, 8});
        append(out, betweenSegments);
        if (hasTables) append(out, {standardHuffmanTables().begin(), standardHuffmanTables().end()});
        append(out, {0xFF, 0xDA, 0x00, 0x08, 1, 1, 0x00, 0, 63, 0});
        for (int row = firstRow; row <= lastRow; ++row) {
            append(out, interval(brightness(row) - 128));
            if (row == kRows - 1) break;
            append(out, beforeRestart);
            append(out, {0xFF, byte(0xD0 + row % 8)});
        }
        append(out, beforeEnd);
        append(out, {0xFF, 0xD9});
        return out;
    }

  private:
    static void append(std::vector<std::uint8_t>& out, const std::vector<std::uint8_t>& more) {
        out.insert(out.end(), more.begin(), more.end());
    }

    /// Eight flat blocks: the first one's DC value, then differences of 0, without any AC values (ITU-T T.81, K.3).
    static std::vector<std::uint8_t> interval(int value) {
        constexpr std::array<const char*, 8> kCategories{"00", "010", "011", "100", "101", "110", "1110", "11110"};
        constexpr const char* kEndOfBlock = "1010";
        std::size_t category = 0;
        while (std::abs(value) >> category != 0) ++category;
        std::string bits = kCategories[category];
        const int coded = value < 0 ? value + (1 << category) - 1 : value;
        for (std::size_t bit = category; bit > 0; --bit) bits += (coded >> (bit - 1) & 1) != 0 ? '1' : '0';
        bits += kEndOfBlock;
        for (int block = 1; block < 8; ++block) bits += std::string(kCategories[0]) + kEndOfBlock;
        while (bits.size() % 8 != 0) bits += '1';
        std::vector<std::uint8_t> out;
        for (std::size_t at = 0; at < bits.size(); at += 8) {
            out.push_back(byte(std::stoi(bits.substr(at, 8), nullptr, 2)));
            if (out.back() == 0xFF) out.push_back(0);
        }
        return out;
    }
};

/// An EXIF segment that says how the picture lies.
inline std::vector<std::uint8_t> exifWithOrientation(std::uint8_t orientation, bool isIntel = true) {
    std::vector<std::uint8_t> segment{0xFF, 0xE1, 0x00, 0x22, 'E', 'x', 'i', 'f', 0, 0};
    const std::vector<std::uint8_t> intel{'I', 'I', 42, 0, 8, 0,           0, 0, 1, 0, 0x12, 0x01, 3,
                                          0,   1,   0,  0, 0, orientation, 0, 0, 0, 0, 0,    0,    0};
    const std::vector<std::uint8_t> motorola{'M', 'M', 0, 42, 0, 0, 0,           8, 0, 1, 0x01, 0x12, 0,
                                             3,   0,   0, 0,  1, 0, orientation, 0, 0, 0, 0,    0,    0};
    const auto& block = isIntel ? intel : motorola;
    segment.insert(segment.end(), block.begin(), block.end());
    return segment;
}

/// The quarters of makeYuv420()'s picture, in the order of quarter(), where it has been turned as EXIF's orientation
/// says.
inline std::array<Colour, 4> uprightQuarters(int orientation) {
    switch (orientation) {
        case 2:
            return {kGreen, kRed, kWhite, kBlue};
        case 3:
            return {kWhite, kBlue, kGreen, kRed};
        case 4:
            return {kBlue, kWhite, kRed, kGreen};
        case 5:
            return {kRed, kBlue, kGreen, kWhite};
        case 6:
            return {kBlue, kRed, kWhite, kGreen};
        case 7:
            return {kWhite, kGreen, kBlue, kRed};
        case 8:
            return {kGreen, kWhite, kRed, kBlue};
        default:
            return {kRed, kGreen, kBlue, kWhite};
    }
}

/// The colour in the middle of a quarter of a picture: 0 upper left, 1 upper right, 2 lower left, 3 lower right.
inline Colour quarter(const DecodedImage& image, int which) {
    const int x = image.view.width * (which % 2 == 0 ? 1 : 3) / 4;
    const int y = image.view.height * (which < 2 ? 1 : 3) / 4;
    const auto at = [&](std::size_t plane, int px, int py) {
        const Plane& p = image.view.planes[plane];
        return static_cast<int>(p.data[p.strideBytes * static_cast<std::size_t>(py) + static_cast<std::size_t>(px)]);
    };
    return {at(0, x, y), at(1, x / 2, y / 2), at(2, x / 2, y / 2)};
}

inline void expectColour(Colour actual, Colour expected, const std::string& where) {
    constexpr int kTolerance = 12;
    EXPECT_NEAR(actual.y, expected.y, kTolerance) << where;
    EXPECT_NEAR(actual.u, expected.u, kTolerance) << where;
    EXPECT_NEAR(actual.v, expected.v, kTolerance) << where;
}

inline RenderOptions optionsFor(int width, int height, int quality = 90) {
    RenderOptions options;
    options.width = width;
    options.height = height;
    options.quality = quality;
    return options;
}

inline std::vector<std::uint8_t> toVector(const JpegBytes& jpeg) {
    return {jpeg.begin(), jpeg.end()};
}

inline DecodedImage decode(std::span<const std::uint8_t> jpeg) {
    auto image = decodeJpeg(jpeg);
    EXPECT_TRUE(image) << (image ? "" : image.error().message);
    return image ? std::move(*image) : DecodedImage{};
}

/// Noise over a slope: nothing an encoder could make small.
inline TestFrame makeNoise(int width, int height) {
    TestFrame frame = makeYuv420(width, height);
    std::uint32_t seed = 20261121;
    for (std::uint8_t& value : frame.bytes) {
        seed = seed * 1664525U + 1013904223U;
        value = static_cast<std::uint8_t>(seed >> 24U);
    }
    return frame;
}

}  // namespace edge
