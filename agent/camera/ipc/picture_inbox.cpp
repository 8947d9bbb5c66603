// SPDX-License-Identifier: MIT
#include "camera/ipc/picture_inbox.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/core.h>

namespace edge {
namespace {

Result<std::string> read(int memory, std::uint64_t bytes) {
    std::string jpeg(static_cast<std::size_t>(bytes), '\0');
    std::size_t filled = 0;
    while (filled < jpeg.size()) {
        const ssize_t got = ::pread(memory, jpeg.data() + filled, jpeg.size() - filled, static_cast<off_t>(filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return fail(Errc::kIo,
                        fmt::format("cannot read the memory of a picture: {}", std::generic_category().message(errno)));
        }
        if (got == 0) {
            return fail(Errc::kInvalid, fmt::format("a picture of {} bytes was announced as {}", filled, bytes));
        }
        filled += static_cast<std::size_t>(got);
    }
    if (!jpeg.starts_with("\xFF\xD8\xFF")) return fail(Errc::kInvalid, "a picture came that is no JPEG");
    return jpeg;
}

}  // namespace

Result<std::string> PictureInbox::take(std::size_t slot, std::uint64_t bytes, UniqueFd memory) {
    if (bytes > kMaxPictureBytes) return fail(Errc::kInvalid, "a picture was announced larger than any can be");
    // Only memory knows seals: a pipe, a file on a slow disk or a device fails here, before it can make us wait.
    if (memory && ::fcntl(memory.get(), F_GET_SEALS) < 0) {
        return fail(Errc::kInvalid, "a picture came in something that is no memory");
    }
    if (bytes > kKeptPictureBytes) {
        return memory ? read(memory.get(), bytes) : fail(Errc::kInvalid, "a large picture came without its memory");
    }
    UniqueFd& kept = kept_.at(slot);
    if (memory) kept = std::move(memory);
    return kept ? read(kept.get(), bytes) : fail(Errc::kInvalid, "a picture came without its memory");
}

}  // namespace edge
