// SPDX-License-Identifier: MIT
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/backends/backends.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {
namespace {

/// A grey JPEG, told apart by its width.
std::string jpegOfWidth(int width) {
    const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) * 64 * 3 / 2, 128);
    const auto luma = static_cast<std::size_t>(width) * 64;
    const auto stride = static_cast<std::size_t>(width);
    const FrameView view{PixelFormat::kYuv420,
                         ColorRange::kFull,
                         width,
                         64,
                         {{{pixels.data(), luma, stride},
                           {pixels.data() + luma, luma / 4, stride / 2},
                           {pixels.data() + luma * 5 / 4, luma / 4, stride / 2}}}};
    RenderOptions options;
    options.width = width;
    options.height = 64;
    const auto rendered = JpegRenderer().render(view, options);
    return rendered ? std::string(rendered->jpeg.begin(), rendered->jpeg.end()) : std::string();
}

class ReplayCameraTest : public testing::Test {
  protected:
    ReplayCameraTest() { config.device = directory.path().string(); }

    Result<Frame> take(Camera& camera) {
        Result<Frame> taken = fail(Errc::kInternal, "nothing came");
        camera.nextFrame(bootTimeNow(), [&](Result<Frame> frame) { taken = std::move(frame); });
        loop.advance(milliseconds{1});
        return taken;
    }
    std::vector<int> takeWidths(Camera& camera, int count) {
        std::vector<int> widths;
        for (int i = 0; i < count; ++i) {
            const auto frame = take(camera);
            widths.push_back(frame ? frame->view.width : -1);
        }
        return widths;
    }

    ManualLoop loop;
    TempDir directory;
    CameraConfig config;
};

TEST_F(ReplayCameraTest, GoesRoundTheFilesInTheOrderOfTheirNames) {
    directory.write("b.JPG", jpegOfWidth(66));
    directory.write("a.jpeg", jpegOfWidth(64));
    directory.write("c.jpg", jpegOfWidth(68));
    directory.write("readme.txt", "no picture");
    const auto camera = makeReplayCamera(loop, config);
    ASSERT_TRUE(camera->start({}));

    EXPECT_EQ(takeWidths(*camera, 7), (std::vector<int>{64, 66, 68, 64, 66, 68, 64}));
}

TEST_F(ReplayCameraTest, PassesOverABrokenFile) {
    directory.write("a.jpg", jpegOfWidth(64));
    directory.write("b.jpg", "\xFF\xD8\xFF nonsense");
    directory.write("c.jpg", "");
    directory.write("d.jpg", jpegOfWidth(66));
    const auto camera = makeReplayCamera(loop, config);
    ASSERT_TRUE(camera->start({}));

    EXPECT_EQ(takeWidths(*camera, 4), (std::vector<int>{64, 66, 64, 66}));
}

TEST_F(ReplayCameraTest, SeesNewAndChangedAndRemovedFilesWhenItBeginsAnew) {
    directory.write("a.jpg", jpegOfWidth(64));
    directory.write("b.jpg", jpegOfWidth(66));
    const auto camera = makeReplayCamera(loop, config);
    ASSERT_TRUE(camera->start({}));
    EXPECT_EQ(takeWidths(*camera, 2), (std::vector<int>{64, 66}));

    directory.write("a.jpg", jpegOfWidth(128));
    std::filesystem::remove(directory.path() / "b.jpg");
    directory.write("c.jpg", jpegOfWidth(68));

    EXPECT_EQ(takeWidths(*camera, 3), (std::vector<int>{128, 68, 128}));
}

TEST_F(ReplayCameraTest, DecodesAnUnchangedFileOnce) {
    directory.write("a.jpg", jpegOfWidth(64));
    const auto camera = makeReplayCamera(loop, config);
    ASSERT_TRUE(camera->start({}));
    const auto first = take(*camera);
    const auto second = take(*camera);

    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->view.planes[0].data, second->view.planes[0].data);
    EXPECT_NE(first->sequence, second->sequence);
}

TEST_F(ReplayCameraTest, SaysWhatIsMissing) {
    const auto empty = makeReplayCamera(loop, config);
    EXPECT_NE(empty->probe().error().message.find(config.device), std::string::npos);
    EXPECT_EQ(empty->start({}).error().code, Errc::kUnavailable);

    config.device = directory.file("nowhere");
    const auto nowhere = makeReplayCamera(loop, config);
    EXPECT_NE(nowhere->probe().error().message.find("nowhere"), std::string::npos);
}

TEST_F(ReplayCameraTest, SaysWhenNoFileIsAnyGood) {
    directory.write("a.jpg", "x");
    directory.write("b.jpg", "y");
    const auto camera = makeReplayCamera(loop, config);
    ASSERT_TRUE(camera->start({}));

    const auto frame = take(*camera);

    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, Errc::kUnavailable);
}

TEST_F(ReplayCameraTest, DoesNotTouchWhatIsNoFile) {
    std::filesystem::create_directory(directory.path() / "a.jpg");
    std::filesystem::create_symlink("/dev/zero", directory.path() / "b.jpg");
    directory.write("c.jpg", jpegOfWidth(64));
    const auto camera = makeReplayCamera(loop, config);
    ASSERT_TRUE(camera->start({}));

    EXPECT_EQ(takeWidths(*camera, 2), (std::vector<int>{64, 64}));
}

TEST_F(ReplayCameraTest, KeepsAFrameReadableAfterTheEnd) {
    directory.write("a.jpg", jpegOfWidth(64));
    std::optional<Frame> kept;
    {
        const auto camera = makeReplayCamera(loop, config);
        ASSERT_TRUE(camera->start({}));
        kept = *take(*camera);
    }

    EXPECT_GE(kept->view.planes[0].bytes, 64U * 64U);
    EXPECT_NEAR(kept->view.planes[0].data[64 * std::size_t{63}], 128, 3);
}

}  // namespace
}  // namespace edge
