// SPDX-License-Identifier: MIT
#include "camera/ipc/shared_jpeg.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edge {
namespace {

std::vector<std::uint8_t> jpegOf(std::size_t bytes, std::uint8_t filler) {
    std::vector<std::uint8_t> jpeg(bytes, filler);
    jpeg[0] = 0xFF;
    jpeg[1] = 0xD8;
    jpeg[2] = 0xFF;
    return jpeg;
}

std::string toString(const std::vector<std::uint8_t>& bytes) {
    return {bytes.begin(), bytes.end()};
}

UniqueFd memoryWith(const std::string& bytes) {
    UniqueFd memory(::memfd_create("test", MFD_CLOEXEC));
    EXPECT_EQ(::pwrite(memory.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return memory;
}

class SharedJpeg : public testing::Test {
  protected:
    /// Through both ends; empty when it was refused. `came` tells whether memory came with it.
    std::string carry(std::uint64_t id, const std::vector<std::uint8_t>& jpeg) {
        auto memory = writer.write(id, jpeg);
        EXPECT_TRUE(memory);
        came = static_cast<bool>(*memory);
        return reader.read(id, jpeg.size(), std::move(*memory)).value_or("");
    }
    Errc refusal(std::uint64_t id, std::uint64_t bytes, UniqueFd memory) {
        const auto taken = reader.read(id, bytes, std::move(memory));
        return taken ? Errc::kInternal : taken.error().code;
    }

    SharedJpegWriter writer;
    SharedJpegReader reader;
    bool came = false;
};

TEST_F(SharedJpeg, ReusesItsMemoryForALaterPicture) {
    const auto first = jpegOf(1000, 1);
    EXPECT_EQ(carry(0, first), toString(first));
    EXPECT_TRUE(came);

    for (const std::size_t bytes : {50U, 5000U, 1000U, static_cast<unsigned>(kKeptPictureBytes)}) {
        const auto jpeg = jpegOf(bytes, static_cast<std::uint8_t>(bytes / 7));

        EXPECT_EQ(carry(0, jpeg), toString(jpeg));
        EXPECT_FALSE(came) << bytes;
    }
}

TEST_F(SharedJpeg, KeepsPendingPicturesApart) {
    std::vector<UniqueFd> memories;
    for (std::uint64_t id = 0; id < kMaxPending; ++id) {
        memories.push_back(std::move(*writer.write(id, jpegOf(100, static_cast<std::uint8_t>(id)))));
    }

    for (std::uint64_t id = 0; id < kMaxPending; ++id) {
        const auto taken = reader.read(id, 100, std::move(memories[id]));
        ASSERT_TRUE(taken);
        EXPECT_EQ(*taken, toString(jpegOf(100, static_cast<std::uint8_t>(id))));
    }
}

TEST_F(SharedJpeg, KeepsNoMemoryOfALargePicture) {
    const auto small = jpegOf(100, 1);
    const auto large = jpegOf(kKeptPictureBytes + 1, 2);
    carry(0, small);

    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(carry(0, large), toString(large));
        EXPECT_TRUE(came) << "again";
    }
    EXPECT_EQ(carry(0, small), toString(small));
    EXPECT_FALSE(came);
}

TEST_F(SharedJpeg, ForgetsTheMemoryOfAProgramThatIsGone) {
    carry(0, jpegOf(100, 1));
    reader.clear();

    EXPECT_EQ(refusal(0, 100, {}), Errc::kInvalid);
}

TEST_F(SharedJpeg, RefusesWhatIsNotAMemoryFile) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const UniqueFd writeEnd(pipe[1]);

    EXPECT_EQ(refusal(0, 10, UniqueFd(pipe[0])), Errc::kInvalid);
    EXPECT_EQ(refusal(0, 10, UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC))), Errc::kInvalid);
    EXPECT_EQ(refusal(0, 10, {}), Errc::kInvalid) << "nothing of that was kept";
    EXPECT_EQ(refusal(0, kKeptPictureBytes + 1, {}), Errc::kInvalid);
}

TEST_F(SharedJpeg, RefusesDataThatIsNotThePictureThatWasAnnounced) {
    EXPECT_EQ(refusal(0, 8, memoryWith("\xFF\xD8\xFF....")), Errc::kInvalid) << "seven bytes";
    EXPECT_EQ(refusal(0, 6, memoryWith("GIF89a")), Errc::kInvalid);
    EXPECT_EQ(refusal(0, kMaxPictureBytes + 1, memoryWith("\xFF\xD8\xFF")), Errc::kInvalid);
    EXPECT_TRUE(reader.read(0, 7, memoryWith("\xFF\xD8\xFF....")));
}

}  // namespace
}  // namespace edge
