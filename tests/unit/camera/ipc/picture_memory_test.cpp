// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/ipc/picture_inbox.hpp"
#include "camera/ipc/picture_outbox.hpp"

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

class PictureMemory : public testing::Test {
  protected:
    /// Through both ends; empty when it was refused. `came` tells whether memory came with it.
    std::string carry(std::size_t slot, const std::vector<std::uint8_t>& jpeg) {
        auto memory = outbox.put(slot, jpeg);
        EXPECT_TRUE(memory);
        came = static_cast<bool>(*memory);
        return inbox.take(slot, jpeg.size(), std::move(*memory)).value_or("");
    }
    Errc refusal(std::size_t slot, std::uint64_t bytes, UniqueFd memory) {
        const auto taken = inbox.take(slot, bytes, std::move(memory));
        return taken ? Errc::kInternal : taken.error().code;
    }

    PictureOutbox outbox;
    PictureInbox inbox;
    bool came = false;
};

TEST_F(PictureMemory, IsUsedAgainForTheSlotsNextPicture) {
    const auto first = jpegOf(1000, 1);
    EXPECT_EQ(carry(0, first), toString(first));
    EXPECT_TRUE(came);

    for (const std::size_t bytes : {50U, 5000U, 1000U, static_cast<unsigned>(kKeptPictureBytes)}) {
        const auto jpeg = jpegOf(bytes, static_cast<std::uint8_t>(bytes / 7));

        EXPECT_EQ(carry(0, jpeg), toString(jpeg));
        EXPECT_FALSE(came) << bytes;
    }
}

TEST_F(PictureMemory, IsAnotherInEachSlot) {
    std::vector<UniqueFd> memories;
    for (std::size_t slot = 0; slot < kMaxUnderWay; ++slot) {
        memories.push_back(std::move(*outbox.put(slot, jpegOf(100, static_cast<std::uint8_t>(slot)))));
    }

    for (std::size_t slot = 0; slot < kMaxUnderWay; ++slot) {
        const auto taken = inbox.take(slot, 100, std::move(memories[slot]));
        ASSERT_TRUE(taken);
        EXPECT_EQ(*taken, toString(jpegOf(100, static_cast<std::uint8_t>(slot))));
    }
}

TEST_F(PictureMemory, EndsWithALargePicture) {
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

TEST_F(PictureMemory, IsForgottenWithTheProgramThatItCameFrom) {
    carry(0, jpegOf(100, 1));
    inbox.clear();

    EXPECT_EQ(refusal(0, 100, {}), Errc::kInvalid);
}

TEST_F(PictureMemory, IsRefusedWhenItIsSomethingElse) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const UniqueFd writeEnd(pipe[1]);

    EXPECT_EQ(refusal(0, 10, UniqueFd(pipe[0])), Errc::kInvalid);
    EXPECT_EQ(refusal(0, 10, UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC))), Errc::kInvalid);
    EXPECT_EQ(refusal(0, 10, {}), Errc::kInvalid) << "nothing of that was kept";
    EXPECT_EQ(refusal(0, kKeptPictureBytes + 1, {}), Errc::kInvalid);
}

TEST_F(PictureMemory, IsRefusedWhenItDoesNotHoldWhatWasAnnounced) {
    EXPECT_EQ(refusal(0, 8, memoryWith("\xFF\xD8\xFF....")), Errc::kInvalid) << "seven bytes";
    EXPECT_EQ(refusal(0, 6, memoryWith("GIF89a")), Errc::kInvalid);
    EXPECT_EQ(refusal(0, kMaxPictureBytes + 1, memoryWith("\xFF\xD8\xFF")), Errc::kInvalid);
    EXPECT_TRUE(inbox.take(0, 7, memoryWith("\xFF\xD8\xFF....")));
}

}  // namespace
}  // namespace edge
