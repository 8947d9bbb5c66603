// SPDX-License-Identifier: MIT
#include "core/files.hpp"

#include <fcntl.h>

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
