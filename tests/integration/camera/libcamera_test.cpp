// SPDX-License-Identifier: MIT
#include "camera_fixture.hpp"

namespace edge {
namespace {

class LibcameraTest : public CameraFixture {};

TEST_F(LibcameraTest, SaysThatTheModuleIsMissing) {
    configure("backend = \"libcamera\"");
    std::filesystem::copy_file(EDGE_CAMERA_BINARY, directory.file("pi-edge-camera"));
    startClient(directory.file("pi-edge-camera"));

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, Errc::kUnavailable);
    EXPECT_NE(picture.error().message.find("cannot be loaded"), std::string::npos) << picture.error().message;
}

TEST_F(LibcameraTest, SaysThatTheModuleIsDamaged) {
    configure("backend = \"libcamera\"");
    std::filesystem::copy_file(EDGE_CAMERA_BINARY, directory.file("pi-edge-camera"));
    directory.write("libpi-edge-camera-libcamera.so", "no module");
    startClient(directory.file("pi-edge-camera"));

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_NE(picture.error().message.find("cannot be loaded"), std::string::npos) << picture.error().message;
}

#ifdef EDGE_HAS_LIBCAMERA
TEST_F(LibcameraTest, LoadsTheModuleWhenItHasComeBack) {
    configure("backend = \"libcamera\"\ndevice = \"no such camera\"");
    std::filesystem::copy_file(EDGE_CAMERA_BINARY, directory.file("pi-edge-camera"));
    const std::string module = directory.write("libpi-edge-camera-libcamera.so", "no module");
    startClient(directory.file("pi-edge-camera"));
    ASSERT_FALSE(take());

    std::filesystem::remove(module);
    std::filesystem::copy_file(
        std::filesystem::path(EDGE_CAMERA_BINARY).parent_path() / "libpi-edge-camera-libcamera.so", module);
    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().message.find("cannot be loaded"), std::string::npos) << picture.error().message;
    EXPECT_EQ(programs().size(), 1U) << "it is the same program";
}

TEST_F(LibcameraTest, AnswersQuicklyWhetherThereIsACameraOrNot) {
    configure("backend = \"libcamera\"\ndevice = \"no such camera\"");
    startClient();
    const auto start = std::chrono::steady_clock::now();

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, Errc::kUnavailable);
    EXPECT_EQ(picture.error().message.find("cannot be loaded"), std::string::npos) << picture.error().message;
    EXPECT_NE(picture.error().message.find("camera"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds{3});
    EXPECT_FALSE(state().online);
    EXPECT_EQ(programs().size(), 1U) << "it answered, it did not die";
}
#endif

}  // namespace
}  // namespace edge
