// SPDX-License-Identifier: MIT
#include "services/capture/picture_folder.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

const WallTime kNoon = *parseRfc3339("2026-11-20T12:00:00.123Z");

PicturePost post(const std::string& id, std::size_t bytes = 100, WallTime time = kNoon) {
    const std::string description =
        fmt::format(R"({{"id":"{}","time":"{}","trigger":"motion","transaction":"tx"}})", id, formatRfc3339(time));
    return {std::string(bytes, 'j'), description, id, formatRfc3339(time), "tx"};
}

class PictureFolderTest : public ::testing::Test {
  protected:
    /// As after a restart.
    PictureFolder folder() {
        return PictureFolder(dir.file("pictures"), [this](const std::string&) { return freeBytes; });
    }
    static Result<std::size_t> keep(PictureFolder folder, const PicturePost& picture) {
        return folder.addWaiting(picture, true, kLimits);
    }
    static std::vector<std::string> idsIn(PictureFolder folder, const PictureFolder::Query& query = {{}, {}, 1000}) {
        std::vector<std::string> ids;
        for (const auto& stored : folder.find(query).pictures) ids.push_back(stored.post.id);
        return ids;
    }
    [[nodiscard]] std::vector<fs::path> files() const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
            if (entry.is_regular_file()) found.push_back(entry.path());
        }
        return found;
    }

    static constexpr PictureFolder::Limits kLimits{.waiting = 1000, .archive = 1000, .minFree = 0};
    static constexpr PictureFolder::Limits kNoArchive{.waiting = 1000, .archive = 0, .minFree = 0};
    using Ids = std::vector<std::string>;
    std::optional<std::int64_t> freeBytes = 1'000'000;
    TempDir dir;
};

// ---- pictures that wait

TEST_F(PictureFolderTest, GivesBackWhatItKeptOldestFirst) {
    EXPECT_FALSE(folder().oldestWaiting()) << "before there is a folder";
    keep(folder(), post("a"));
    keep(folder(), post("b"));
    PictureFolder later = folder();
    ASSERT_EQ(later.count().waiting.pictures, 2U);
    const auto stored = later.oldestWaiting();
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->post.id, "a");
    EXPECT_EQ(stored->post.jpeg, std::string(100, 'j'));
    EXPECT_EQ(stored->post.description, post("a").description);
    EXPECT_EQ(stored->post.time, "2026-11-20T12:00:00.123Z");
    EXPECT_EQ(stored->post.transaction, "tx");
    later.release(stored->picture, kNoArchive);
    EXPECT_EQ(folder().oldestWaiting()->post.id, "b");
    EXPECT_EQ(files().size(), 1U) << "one file each";
}

TEST_F(PictureFolderTest, TheOldestThatWaitMakeRoom) {
    PictureFolder bounded = folder();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(*bounded.addWaiting(post(std::to_string(i)), true, kNoArchive), 0U);
    EXPECT_EQ(*bounded.addWaiting(post("large", 250), true, kNoArchive), 3U);
    EXPECT_EQ(bounded.state().waiting.pictures, 8U);
    EXPECT_EQ(bounded.oldestWaiting()->post.id, "3");
    EXPECT_EQ(bounded.addWaiting(post("huge", 1001), true, kNoArchive).error().code, Errc::kTooLarge);
    EXPECT_EQ(bounded.state().waiting.pictures, 8U);
    EXPECT_EQ(bounded.state().archived.pictures, 0U);
}

TEST_F(PictureFolderTest, TheArchiveTakesWhatDoesNotWaitAnyMore) {
    PictureFolder both = folder();
    for (int i = 0; i < 10; ++i) (void)both.addWaiting(post(std::to_string(i)), true, kLimits);
    EXPECT_EQ(*both.addWaiting(post("10"), true, kLimits), 1U);
    both.release(both.oldestWaiting()->picture, kLimits);
    EXPECT_EQ(both.state().archived.pictures, 2U);
    EXPECT_EQ(both.state().waiting.pictures, 9U);
    EXPECT_EQ(idsIn(folder()).size(), 11U);
    EXPECT_EQ(idsIn(folder()).back(), "0");
    EXPECT_EQ(folder().oldestWaiting()->post.id, "2");
}

TEST_F(PictureFolderTest, RemembersThatTheConnectionEnded) {
    keep(folder(), post("a"));
    EXPECT_FALSE(folder().oldestWaiting()->picture.wasLost);
    PictureFolder first = folder();
    ASSERT_TRUE(first.markLost(first.oldestWaiting()->picture));
    EXPECT_TRUE(folder().oldestWaiting()->picture.wasLost);
    PictureFolder second = folder();
    second.release(second.oldestWaiting()->picture, kLimits);
    EXPECT_EQ(folder().count().archived.pictures, 1U);
}

// ---- the archive

TEST_F(PictureFolderTest, ArchivesWithinItsSizeOldestFirst) {
    PictureFolder archive = folder();
    keep(folder(), post("waits"));
    for (int i = 0; i < 25; ++i)
        ASSERT_TRUE(archive.addArchived(post(std::to_string(i), 100, kNoon + seconds{i}), true, kLimits));
    EXPECT_EQ(archive.state().archived.pictures, 10U);
    EXPECT_EQ(archive.state().archived.bytes, 1000);
    EXPECT_EQ(archive.state().oldest, kNoon + seconds{15});
    EXPECT_EQ(archive.state().waiting.pictures, 1U) << "is not the archive's to remove";
    EXPECT_EQ(folder().count().archived.bytes, 1000) << "as found by another";
    EXPECT_EQ(archive.addArchived(post("huge", 1001), true, kLimits).error().code, Errc::kTooLarge);
    EXPECT_EQ(archive.state().archived.pictures, 10U);
}

TEST_F(PictureFolderTest, FindsPicturesAcrossFoldersNewestFirst) {
    constexpr PictureFolder::Limits kLarge{.waiting = 1'000'000, .archive = 1'000'000, .minFree = 0};
    PictureFolder archive = folder();
    for (int i = 0; i < 2050; ++i) {
        const auto picture = post(std::to_string(i), 1, kNoon + seconds{i});
        if (i == 1500) {
            ASSERT_TRUE(archive.addWaiting(picture, true, kLarge));
        } else {
            ASSERT_TRUE(archive.addArchived(picture, true, kLarge));
        }
    }
    const auto found = folder().find({{}, {}, 3});
    EXPECT_TRUE(found.hasMore);
    EXPECT_EQ(idsIn(folder(), {{}, {}, 3}), (Ids{"2049", "2048", "2047"}));
    EXPECT_EQ(idsIn(folder(), {kNoon + seconds{1499}, kNoon + seconds{1502}, 3}), (Ids{"1501", "1500", "1499"}));
    EXPECT_EQ(idsIn(folder(), {{}, kNoon + seconds{2}, 10}), (Ids{"1", "0"}));
    EXPECT_FALSE(folder().find({{}, kNoon + seconds{2}, 2}).hasMore);
    EXPECT_EQ(folder().read("1500")->post.jpeg, "j");
    EXPECT_EQ(folder().read("3")->post.time, formatRfc3339(kNoon + seconds{3}));
}

TEST_F(PictureFolderTest, LeavesTheFileSystemItsFreeSpace) {
    constexpr PictureFolder::Limits kTight{.waiting = 1000, .archive = 1000, .minFree = 950};
    PictureFolder archive = folder();
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(archive.addArchived(post(std::to_string(i)), true, kTight));
    freeBytes = 900;
    EXPECT_TRUE(archive.addArchived(post("5"), true, kTight));
    EXPECT_EQ(idsIn(folder()), (Ids{"5", "4", "3", "2"})) << "two went, one came";
    freeBytes = 0;
    EXPECT_FALSE(archive.trim({}, kTight));
    EXPECT_EQ(archive.state().archived.pictures, 0U) << "everything else goes first";
    EXPECT_EQ(archive.addArchived(post("6"), true, kTight).error().code, Errc::kTooLarge);
}

TEST_F(PictureFolderTest, OldPicturesGoUnlessTheyWaitOrTheirAgeIsUnknown) {
    PictureFolder archive = folder();
    (void)archive.addArchived(post("old"), true, kLimits);
    (void)archive.addArchived(post("uncertain"), false, kLimits);
    (void)archive.addWaiting(post("waits"), true, kLimits);
    (void)archive.addArchived(post("new", 100, kNoon + seconds{10}), true, kLimits);
    EXPECT_FALSE(archive.trim(kNoon + seconds{1}, kLimits));
    EXPECT_EQ(idsIn(folder()), (Ids{"new", "waits", "uncertain"}));
}

TEST_F(PictureFolderTest, TrimsInSteps) {
    constexpr PictureFolder::Limits kLarge{.waiting = 0, .archive = 1'000'000, .minFree = 0};
    PictureFolder archive = folder();
    for (std::size_t i = 0; i < PictureFolder::kStep + 5; ++i)
        ASSERT_TRUE(archive.addArchived(post(std::to_string(i), 1), true, kLarge));
    EXPECT_TRUE(archive.trim({}, {.waiting = 0, .archive = 1, .minFree = 0}));
    EXPECT_EQ(archive.state().archived.pictures, 5U);
    EXPECT_FALSE(archive.trim({}, {.waiting = 0, .archive = 1, .minFree = 0}));
    EXPECT_EQ(archive.state().archived.pictures, 1U);
}

TEST_F(PictureFolderTest, NoticesThatFilesWereDeletedByHand) {
    PictureFolder archive = folder();
    for (int i = 0; i < 5; ++i) (void)archive.addArchived(post(std::to_string(i)), true, kLimits);
    fs::remove_all(dir.file("pictures/archive"));
    EXPECT_FALSE(archive.trim({}, kLimits));
    EXPECT_EQ(archive.state().archived.pictures, 0U);
    EXPECT_TRUE(archive.addArchived(post("next"), true, kLimits));
    EXPECT_EQ(idsIn(folder()), Ids{"next"});
}

TEST_F(PictureFolderTest, NoIdIsAPath) {
    (void)folder().addArchived(post("a"), true, kLimits);
    dir.write("secret.jpg", "x");
    for (const std::string& id :
         {std::string(), std::string("../secret"), std::string("../../secret.jpg"), std::string("/etc/passwd"),
          std::string("a.jpg"), std::string("a\0b", 3), std::string(200, 'a'), std::string(100'000, '.')})
        EXPECT_EQ(folder().read(id).error().code, Errc::kNotFound) << id;
    EXPECT_EQ(folder().addArchived(post("../b"), true, kLimits).error().code, Errc::kInvalid);
    EXPECT_FALSE(fs::exists(dir.file("b.jpg")));
    EXPECT_EQ(folder().read("a")->post.id, "a");
}

// ---- what a power cut can leave

TEST_F(PictureFolderTest, AnUnfinishedFileNeverCounts) {
    (void)folder().addArchived(post("a"), true, kLimits);
    const fs::path chunk = files().front().parent_path();
    std::ofstream(chunk / ".pi-edge-1-0.part") << "half of a picture";
    std::ofstream(dir.file("pictures/.pi-edge-1-1.part")) << "half of a picture";
    EXPECT_EQ(idsIn(folder()), Ids{"a"});
    EXPECT_FALSE(folder().oldestWaiting());
    EXPECT_EQ(files().size(), 1U) << "it was removed";
}

TEST_F(PictureFolderTest, SkipsWhatIsNotAsItWasWritten) {
    (void)folder().addArchived(post("a"), true, kLimits);
    (void)folder().addArchived(post("b"), true, kLimits);
    for (const fs::path& file : files()) {
        if (file.string().find("_a.jpg") != std::string::npos) fs::resize_file(file, 50);
    }
    EXPECT_EQ(idsIn(folder()), Ids{"b"});
    EXPECT_EQ(folder().read("a").error().code, Errc::kFault);
    keep(folder(), post("c"));
    keep(folder(), post("d"));
    for (const fs::path& file : files()) {
        if (file.string().find("_c.jpg") != std::string::npos) std::ofstream(file, std::ios::app) << "x";
    }
    EXPECT_EQ(folder().oldestWaiting()->post.id, "d");
    EXPECT_EQ(folder().count().waiting.pictures, 1U) << "one that cannot be sent is removed";
}

TEST_F(PictureFolderTest, LooksFurtherWhereTheNewestCannotBeRead) {
    for (const char* id : {"a", "b", "c", "d"}) (void)folder().addArchived(post(id), true, kLimits);
    for (const fs::path& file : files()) {
        if (file.string().find("_c.jpg") != std::string::npos || file.string().find("_d.jpg") != std::string::npos)
            fs::resize_file(file, 50);
    }
    EXPECT_EQ(idsIn(folder(), {{}, {}, 1}), Ids{"b"});
    EXPECT_TRUE(folder().find({{}, {}, 1}).hasMore);
    EXPECT_EQ(idsIn(folder(), {{}, {}, 2}), (Ids{"b", "a"}));
    EXPECT_FALSE(folder().find({{}, {}, 2}).hasMore);
}

TEST_F(PictureFolderTest, KeepsAWaitingPictureThatCannotBeReadNow) {
    keep(folder(), post("a"));
    keep(folder(), post("b"));
    const auto first = folder().oldestWaiting()->picture;
    const fs::path file =
        files().front().string().find("_a.jpg") != std::string::npos ? files().front() : files().back();
    fs::rename(file, dir.file("elsewhere"));
    fs::create_symlink("/proc/self/mem", file);  // a regular file whose reading fails
    EXPECT_EQ(folder().oldestWaiting()->post.id, "b");
    EXPECT_TRUE(fs::remove(file)) << "it was left there";
    fs::rename(dir.file("elsewhere"), file);
    EXPECT_EQ(folder().oldestWaiting()->picture.number, first.number);
}

TEST_F(PictureFolderTest, NumbersGoOnAfterARestart) {
    for (int i = 0; i < 3; ++i) (void)folder().addArchived(post(std::to_string(i)), true, kLimits);
    keep(folder(), post("3"));
    (void)folder().addArchived(post("4"), true, kLimits);
    EXPECT_EQ(idsIn(folder()), (Ids{"4", "3", "2", "1", "0"}));
}

TEST_F(PictureFolderTest, LeavesOtherFilesAlone) {
    keep(folder(), post("a"));
    dir.write("pictures/holiday.jpg", "not ours");
    for (const char* name : {"1.jpg", "20261120.mp4", "7.json", "8.lost", "9", "10.jpg", "10.json"})
        dir.write(std::string("pictures/") + name, "[1, 2");
    fs::create_directory(dir.file("pictures/2026"));
    dir.write("pictures/archive/0000000/2_2026_3_x.jpg", "not ours");
    dir.write("pictures/archive/holiday/1.jpg", "not ours");
    PictureFolder archive = folder();
    (void)archive.addArchived(post("b"), true, kLimits);
    archive.trim(WallTime::max(), {.waiting = 0, .archive = 0, .minFree = std::numeric_limits<std::int64_t>::max()});
    EXPECT_EQ(idsIn(folder()), Ids{"a"});
    EXPECT_EQ(files().size(), 11U);
    EXPECT_TRUE(fs::exists(dir.file("pictures/2026")));
}

TEST_F(PictureFolderTest, GoesOnWithWhatIsMountedOverIt) {
    for (int i = 0; i < 5; ++i) (void)folder().addArchived(post(std::to_string(i)), true, kLimits);
    fs::rename(dir.file("pictures"), dir.file("drive"));
    PictureFolder archive = folder();
    (void)archive.addArchived(post("early"), true, kLimits);
    EXPECT_EQ(archive.state().archived.pictures, 1U);
    fs::remove_all(dir.file("pictures"));
    fs::rename(dir.file("drive"), dir.file("pictures"));
    (void)archive.addArchived(post("late"), true, kLimits);
    EXPECT_EQ(archive.state().archived.pictures, 6U);
    EXPECT_EQ(idsIn(folder()).front(), "late") << "the newest";
}

TEST_F(PictureFolderTest, OpensNothingButFiles) {
    keep(folder(), post("a"));
    const std::string name = "0000000000_2026-11-20T09.30.00.123Z_3_x.jpg";
    ASSERT_EQ(::mkfifo(dir.file("pictures/" + name).c_str(), 0600), 0);
    EXPECT_EQ(idsIn(folder()), Ids{"a"});
}

TEST_F(PictureFolderTest, TakesOverWhatAnOlderReleaseKept) {
    dir.write("pictures/0000000001.jpg", "first");
    dir.write("pictures/0000000001.json", post("a").description);
    dir.write("pictures/0000000001.lost", "");
    dir.write("pictures/0000000005.jpg", "second");
    dir.write("pictures/0000000005.json", post("b").description);
    PictureFolder after = folder();
    ASSERT_TRUE(after.oldestWaiting());
    EXPECT_EQ(after.oldestWaiting()->post.id, "a");
    EXPECT_EQ(after.oldestWaiting()->post.jpeg, "first");
    EXPECT_EQ(after.state().waiting.pictures, 2U);
    EXPECT_EQ(files().size(), 2U) << "what it took over has new names";
    EXPECT_EQ(idsIn(folder()), (Ids{"b", "a"}));
}

TEST_F(PictureFolderTest, AFolderThatCannotBeMadeIsAnError) {
    std::ofstream(dir.file("pictures")) << "a file";
    EXPECT_FALSE(keep(folder(), post("a")));
    EXPECT_FALSE(folder().addArchived(post("a"), true, kLimits));
    fs::remove(dir.file("pictures"));
    EXPECT_TRUE(folder().addArchived(post("a"), true, kLimits));
}

}  // namespace
}  // namespace edge
