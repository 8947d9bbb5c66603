// SPDX-License-Identifier: MIT
#include "camera/backends/libcamera/frame_kind.hpp"

#include <gtest/gtest.h>

namespace edge {
namespace {

/// libcamera::FrameMetadata up to 0.5.0 …
struct OldMetadata {
    enum Status { FrameSuccess, FrameError, FrameCancelled };
    Status status = FrameSuccess;
};
/// … and since.
struct NewMetadata {
    enum Status { FrameSuccess, FrameError, FrameCancelled, FrameStartup };
    Status status = FrameSuccess;
};

TEST(FrameKind, IsAPictureOnlyWhenTheRequestIsComplete) {
    EXPECT_EQ(kindOf(OldMetadata{}, true), FrameKind::kPicture);
    EXPECT_EQ(kindOf(NewMetadata{}, true), FrameKind::kPicture);
    EXPECT_EQ(kindOf(OldMetadata{}, false), FrameKind::kBroken);
    EXPECT_EQ(kindOf(NewMetadata{NewMetadata::FrameStartup}, false), FrameKind::kBroken);
    EXPECT_EQ(kindOf(OldMetadata{OldMetadata::FrameError}, true), FrameKind::kBroken);
    EXPECT_EQ(kindOf(NewMetadata{NewMetadata::FrameCancelled}, true), FrameKind::kBroken);
    EXPECT_EQ(kindOf(NewMetadata{NewMetadata::FrameStartup}, true), FrameKind::kStartup);
}

TEST(BrokenFrames, AreTooManyWhenThirtyComeInARow) {
    BrokenFrames broken;
    for (int i = 0; i + 1 < BrokenFrames::kLimit; ++i) EXPECT_TRUE(broken.add(FrameKind::kBroken));
    EXPECT_TRUE(broken.add(FrameKind::kPicture));
    for (int i = 0; i + 1 < BrokenFrames::kLimit; ++i) EXPECT_TRUE(broken.add(FrameKind::kBroken));
    EXPECT_FALSE(broken.add(FrameKind::kBroken));
}

TEST(BrokenFrames, StartUpFramesAreNoneOfThem) {
    BrokenFrames broken;
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(broken.add(FrameKind::kStartup));
    for (int i = 0; i + 1 < BrokenFrames::kLimit; ++i) EXPECT_TRUE(broken.add(FrameKind::kBroken));
    EXPECT_TRUE(broken.add(FrameKind::kStartup)) << "and they forgive none";
    EXPECT_FALSE(broken.add(FrameKind::kBroken));
}

}  // namespace
}  // namespace edge
