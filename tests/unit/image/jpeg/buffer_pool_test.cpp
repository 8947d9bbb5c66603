// SPDX-License-Identifier: MIT
#include "image/jpeg/buffer_pool.hpp"

#include <optional>

#include "unit/image/test_pictures.hpp"

namespace edge {
namespace {

TEST(BufferPool, UsesABufferAgain) {
    BufferPool pool;
    auto first = pool.take(1000);
    const std::uint8_t* const where = first.get();
    first.reset();

    EXPECT_EQ(pool.take(900).get(), where);
}

TEST(BufferPool, GivesABufferToOneUserAtATime) {
    BufferPool pool;
    const auto first = pool.take(1000);
    const auto second = pool.take(1000);

    EXPECT_NE(first.get(), second.get());
}

TEST(BufferPool, FreesBuffersThatAreTooSmall) {
    BufferPool pool;
    pool.take(1000).reset();
    auto larger = pool.take(2000);
    ASSERT_NE(larger, nullptr);
    std::fill_n(larger.get(), 2000, std::uint8_t{1});
    const std::uint8_t* const where = larger.get();
    larger.reset();

    EXPECT_EQ(pool.take(1000).get(), where);
}

TEST(BufferPool, MayEndBeforeItsBuffers) {
    std::optional<BufferPool> pool(std::in_place);
    const auto taken = pool->take(1000);
    pool.reset();

    std::fill_n(taken.get(), 1000, std::uint8_t{1});
}

TEST(RenderedJpeg, StaysUnchangedWhileTheNextAreMade) {
    JpegRenderer renderer;
    const TestFrame frame = makeYuv420(160, 120);
    const RenderedJpeg first = *renderer.render(frame.view, optionsFor(160, 120, 95));
    const std::vector<std::uint8_t> was = toVector(first.jpeg);

    for (int quality = 10; quality < 60; quality += 10) {
        ASSERT_TRUE(renderer.render(frame.view, optionsFor(160, 120, quality)));
    }

    EXPECT_EQ(toVector(first.jpeg), was);
}

}  // namespace
}  // namespace edge
