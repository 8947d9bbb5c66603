// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"
#include "services/capture/picture_backlog.hpp"

namespace edge {
namespace {

PicturePost post(const std::string& id, std::size_t bytes = 100) {
    const std::string description =
        R"({"id":")" + id + R"(","time":"2026-11-20T09:30:00.123Z","trigger":"motion","transaction":"tx"})";
    return {std::string(bytes, 'j'), description, id, "2026-11-20T09:30:00.123Z", "tx"};
}

class PictureFolderTest : public ::testing::Test {
  protected:
    PictureFolder folder() { return PictureFolder(dir.file("pictures")); }
    static constexpr std::int64_t kMaxBytes = 1000;
    TempDir dir;
};

TEST_F(PictureFolderTest, GivesBackWhatItKeptOldestFirst) {
    EXPECT_FALSE(folder().oldest()) << "before there is a folder";
    folder().add(post("a"), kMaxBytes);
    folder().add(post("b"), kMaxBytes);
    PictureFolder later = folder();
    ASSERT_EQ(later.count(), 2U);
    const auto stored = later.oldest();
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->post.id, "a");
    EXPECT_EQ(stored->post.jpeg, std::string(100, 'j'));
    EXPECT_EQ(stored->post.description, post("a").description);
    EXPECT_EQ(stored->post.time, "2026-11-20T09:30:00.123Z");
    EXPECT_EQ(stored->post.transaction, "tx");
    later.remove(stored->number);
    EXPECT_EQ(folder().oldest()->post.id, "b");
}

TEST_F(PictureFolderTest, TheOldestMakeRoom) {
    PictureFolder bounded = folder();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(*bounded.add(post(std::to_string(i)), kMaxBytes), 0U);
    EXPECT_EQ(*bounded.add(post("large", 250), kMaxBytes), 3U);
    EXPECT_EQ(bounded.count(), 8U);
    EXPECT_EQ(bounded.oldest()->post.id, "3");
    EXPECT_TRUE(bounded.add(post("huge", 1001), kMaxBytes).error().code == Errc::kTooLarge);
    EXPECT_EQ(bounded.count(), 8U);
}

TEST_F(PictureFolderTest, SkipsIncompleteAndDamagedPictures) {
    folder().add(post("a"), kMaxBytes);
    std::ofstream(dir.file("pictures/0000000000.jpg")) << "no text beside it";
    std::ofstream(dir.file("pictures/0000000002.jpg")) << "x";
    std::ofstream(dir.file("pictures/0000000002.json")) << "[1, 2";
    std::ofstream(dir.file("pictures/0000000003.json")) << "{}";
    std::ofstream(dir.file("pictures/holiday.jpg")) << "not ours";
    EXPECT_EQ(folder().oldest()->post.id, "a");
    folder().remove(1);
    EXPECT_FALSE(folder().oldest());
    EXPECT_TRUE(std::filesystem::exists(dir.file("pictures/holiday.jpg")));
    EXPECT_FALSE(std::filesystem::exists(dir.file("pictures/0000000002.jpg")));
}

TEST_F(PictureFolderTest, AFolderThatCannotBeMadeIsAnError) {
    std::ofstream(dir.file("pictures")) << "a file";
    EXPECT_FALSE(folder().add(post("a"), kMaxBytes));
}

}  // namespace
}  // namespace edge
