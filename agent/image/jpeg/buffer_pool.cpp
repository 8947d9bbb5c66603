// SPDX-License-Identifier: MIT
#include "image/jpeg/buffer_pool.hpp"

#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace edge {
namespace {

/// One is encoded into while the other waits to be sent.
constexpr std::size_t kMaxKept = 2;

struct Block {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t capacity = 0;
};

}  // namespace

struct BufferPool::Kept {
    std::mutex mutex;
    std::vector<Block> blocks;
};

BufferPool::BufferPool() : kept_(std::make_shared<Kept>()) {
    kept_->blocks.reserve(kMaxKept);  // so that a release needs no memory
}

std::shared_ptr<std::uint8_t> BufferPool::take(std::size_t bytes) {
    Block block;
    {
        const std::lock_guard lock(kept_->mutex);
        std::erase_if(kept_->blocks, [bytes](const Block& kept) { return kept.capacity < bytes; });
        if (!kept_->blocks.empty()) {
            block = std::move(kept_->blocks.back());
            kept_->blocks.pop_back();
        }
    }
    if (!block.bytes) block = {std::unique_ptr<std::uint8_t[]>(new (std::nothrow) std::uint8_t[bytes]), bytes};
    if (!block.bytes) return nullptr;
    const auto release = [kept = std::weak_ptr(kept_), capacity = block.capacity](std::uint8_t* used) {
        Block finished{std::unique_ptr<std::uint8_t[]>(used), capacity};
        const auto alive = kept.lock();
        if (!alive) return;
        const std::lock_guard lock(alive->mutex);
        if (alive->blocks.size() < kMaxKept) alive->blocks.push_back(std::move(finished));
    };
    return {block.bytes.release(), release};
}

}  // namespace edge
