// SPDX-License-Identifier: MIT
#include "core/system/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

TEST(ReadSmallFile, GivesTheWholeContent) {
    const TempDir dir;
    EXPECT_EQ(readSmallFile(dir.write("temp", "21437\n")), "21437\n");
    EXPECT_EQ(readSmallFile(dir.write("empty", "")), "");
    EXPECT_EQ(readSmallFile(dir.write("full", std::string(4096, 'x'))), std::string(4096, 'x'));
}

TEST(ReadSmallFile, NamesThePathAndTheReason) {
    const TempDir dir;
    const auto missing = readSmallFile(dir.file("missing"));
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Errc::kNotFound);
    EXPECT_NE(missing.error().message.find("missing: No such file"), std::string::npos);

    const auto directory = readSmallFile(dir.path().string());
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, Errc::kIo);
}

TEST(ReadSmallFile, RefusesWhatIsTooLarge) {
    const TempDir dir;
    const auto large = readSmallFile(dir.write("large", std::string(4097, 'x')));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, Errc::kTooLarge);
}

TEST(ReplaceFile, PutsTheNewContentInPlaceAndLeavesNothingBeside) {
    const TempDir dir;
    const std::string path = dir.write("picture.jpg", "old");

    ASSERT_TRUE(replaceFile(path, "new"));

    EXPECT_EQ(readSmallFile(path), "new");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(ReplaceFile, WritesToADeviceAndLeavesItADevice) {
    const TempDir dir;
    ASSERT_TRUE(replaceFile("/dev/null", "picture"));
    struct stat status {};
    ASSERT_EQ(::stat("/dev/null", &status), 0);
    EXPECT_TRUE(S_ISCHR(status.st_mode));

    const auto full = replaceFile("/dev/full", "picture");
    ASSERT_FALSE(full);
    EXPECT_NE(full.error().message.find("No space left"), std::string::npos) << full.error().message;
}

TEST(ReplaceFile, WritesIntoANamedPipe) {
    const TempDir dir;
    const std::string path = dir.file("pipe");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));

    ASSERT_TRUE(replaceFile(path, "picture"));

    std::string got(64, '\0');
    got.resize(static_cast<std::size_t>(::read(reader.get(), got.data(), got.size())));
    EXPECT_EQ(got, "picture");
    EXPECT_TRUE(std::filesystem::is_fifo(path));
}

TEST(ReplaceFile, KeepsModeAndOwner) {
    const TempDir dir;
    const std::string path = dir.write("picture.jpg", "old");
    ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
    const bool isRoot = ::geteuid() == 0;
    if (isRoot) {
        ASSERT_EQ(::chown(path.c_str(), 4711, 4712), 0);
    }

    ASSERT_TRUE(replaceFile(path, "new"));

    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
    EXPECT_EQ(status.st_uid, isRoot ? 4711U : ::geteuid());
    EXPECT_EQ(status.st_gid, isRoot ? 4712U : ::getegid());
    EXPECT_EQ(readSmallFile(path), "new");
}

TEST(ReplaceFile, MakesANewFileAsTheUmaskSays) {
    const TempDir dir;
    const mode_t before = ::umask(0027);
    ASSERT_TRUE(replaceFile(dir.file("picture.jpg"), "new"));
    ::umask(before);
    struct stat status {};
    ASSERT_EQ(::stat(dir.file("picture.jpg").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
}

TEST(ReplaceFile, FollowsLinksAlsoToWhatIsNotThereYet) {
    const TempDir dir;
    std::filesystem::create_directory(dir.file("album"));
    dir.write("album/old.jpg", "old");
    std::filesystem::create_symlink("album/old.jpg", dir.file("old"));
    std::filesystem::create_symlink("old", dir.file("twice"));
    std::filesystem::create_symlink("album/new.jpg", dir.file("new"));

    ASSERT_TRUE(replaceFile(dir.file("twice"), "1"));
    ASSERT_TRUE(replaceFile(dir.file("new"), "2"));

    EXPECT_TRUE(std::filesystem::is_symlink(dir.file("twice")));
    EXPECT_TRUE(std::filesystem::is_symlink(dir.file("old")));
    EXPECT_TRUE(std::filesystem::is_symlink(dir.file("new")));
    EXPECT_EQ(readSmallFile(dir.file("album/old.jpg")), "1");
    EXPECT_EQ(readSmallFile(dir.file("album/new.jpg")), "2");

    std::filesystem::create_symlink("loop", dir.file("loop"));
    EXPECT_FALSE(replaceFile(dir.file("loop"), "3"));
}

TEST(ReplaceFile, KeepsTheOtherNamesOfAFile) {
    const TempDir dir;
    const std::string path = dir.write("picture.jpg", "the old picture");
    std::filesystem::create_hard_link(path, dir.file("other.jpg"));

    ASSERT_TRUE(replaceFile(path, "new"));

    EXPECT_EQ(readSmallFile(dir.file("other.jpg")), "new");
}

TEST(ReplaceFile, LeavesADirectoryAlone) {
    const TempDir dir;
    const auto written = replaceFile(dir.path().string(), "new");
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("directory"), std::string::npos) << written.error().message;
}

TEST(ReplaceFile, TakesALongName) {
    const TempDir dir;
    const std::string path = dir.file(std::string(255, 'x'));
    ASSERT_TRUE(replaceFile(path, "new"));
    EXPECT_EQ(readSmallFile(path), "new");
}

TEST(ReplaceFile, SaysWhyItCannotBeWritten) {
    const TempDir dir;
    const auto written = replaceFile(dir.file("missing/picture.jpg"), "new");

    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, Errc::kNotFound);
    EXPECT_NE(written.error().message.find("missing/picture.jpg"), std::string::npos);
}

TEST(UniqueFd, ClosesOnceWithItsOwner) {
    int raw = -1;
    {
        auto first = std::make_unique<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        raw = first->get();
        const UniqueFd second = std::move(*first);
        first.reset();
        EXPECT_EQ(second.get(), raw);
        EXPECT_NE(::fcntl(raw, F_GETFD), -1);
    }
    EXPECT_EQ(::fcntl(raw, F_GETFD), -1);
}

}  // namespace
}  // namespace edge
