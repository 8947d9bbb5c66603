// SPDX-License-Identifier: MIT
#include "camera/picture_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/core.h>

#include "camera/protocol.hpp"

namespace edge {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

tl::unexpected<Error> failedTo(const char* what) {
    return fail(Errc::kIo,
                fmt::format("cannot {} the memory of a picture: {}", what, std::generic_category().message(errno)));
}

}  // namespace

Result<UniqueFd> sealPicture(std::span<const std::uint8_t> bytes) {
    UniqueFd memory(::memfd_create("pi-edge-picture", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) return failedTo("make");
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t put = ::write(memory.get(), bytes.data() + written, bytes.size() - written);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return failedTo("fill");
        written += static_cast<std::size_t>(put);
    }
    if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) < 0) return failedTo("seal");
    return memory;
}

Result<std::string> readSealedPicture(int fd, std::uint64_t bytes) {
    if (bytes > kMaxPictureBytes) return fail(Errc::kInvalid, "a picture was announced larger than any can be");
    // Only memory knows seals: a pipe, a file on a slow disk or a device fails here, before it can make us wait.
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals)
        return fail(Errc::kInvalid, "a picture came in memory that is not sealed");
    struct stat status {};
    if (::fstat(fd, &status) < 0) return failedTo("measure");
    if (static_cast<std::uint64_t>(status.st_size) != bytes) {
        return fail(Errc::kInvalid, fmt::format("a picture of {} bytes was announced as {}", status.st_size, bytes));
    }

    std::string jpeg(static_cast<std::size_t>(bytes), '\0');
    std::size_t filled = 0;
    while (filled < jpeg.size()) {
        const ssize_t got = ::pread(fd, jpeg.data() + filled, jpeg.size() - filled, static_cast<off_t>(filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return failedTo("read");
        filled += static_cast<std::size_t>(got);
    }
    if (!jpeg.starts_with("\xFF\xD8\xFF")) return fail(Errc::kInvalid, "a picture came that is no JPEG");
    return jpeg;
}

}  // namespace edge
