// SPDX-License-Identifier: MIT
#include "camera/backends/orientation.hpp"

#include <array>

#include <gtest/gtest.h>

namespace edge {
namespace {

/// Where the four corners of a picture end: enough to tell all eight orientations apart.
using Corners = std::array<char, 4>;  // top left, top right, bottom left, bottom right

Corners mirrored(const Corners& c, const Mirror& mirror) {
    Corners out = c;
    if (mirror.horizontal) out = {out[1], out[0], out[3], out[2]};
    if (mirror.vertical) out = {out[2], out[3], out[0], out[1]};
    return out;
}

Corners turned(Corners c, const Orientation& orientation) {
    for (int angle = 0; angle < orientation.rotation; angle += 90) c = {c[2], c[0], c[3], c[1]};
    return mirrored(c, {orientation.flip == Flip::kHorizontal, orientation.flip == Flip::kVertical});
}

constexpr Corners kPicture{'a', 'b', 'c', 'd'};

TEST(Orientation, EndsTheSameWhateverTheSensorDidOfIt) {
    for (const int rotation : {0, 90, 180, 270}) {
        for (const Flip flip : {Flip::kNone, Flip::kHorizontal, Flip::kVertical}) {
            for (const Mirror done : {Mirror{}, Mirror{true, false}, Mirror{false, true}, Mirror{true, true}}) {
                const Orientation wanted{rotation, flip};

                const Corners result = turned(mirrored(kPicture, done), remaining(wanted, done));

                EXPECT_EQ(result, turned(kPicture, wanted)) << rotation << " " << static_cast<int>(flip);
            }
        }
    }
}

TEST(Orientation, LeavesNothingWhenTheSensorDidItsPart) {
    for (const int rotation : {0, 180}) {
        for (const Flip flip : {Flip::kNone, Flip::kHorizontal, Flip::kVertical}) {
            const Orientation wanted{rotation, flip};

            EXPECT_EQ(remaining(wanted, sensorPart(wanted)), Orientation{});
        }
    }
}

TEST(Orientation, LeavesQuarterTurnsWhole) {
    EXPECT_EQ(sensorPart({90, Flip::kHorizontal}), Mirror{});
    EXPECT_EQ(remaining({90, Flip::kHorizontal}, {}), (Orientation{90, Flip::kHorizontal}));
}

}  // namespace
}  // namespace edge
