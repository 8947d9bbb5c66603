// SPDX-License-Identifier: MIT
#include "camera/ipc/shared_jpeg.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

namespace edge {
namespace {

tl::unexpected<Error> failedTo(const char* what) {
    return failSystem(fmt::format("cannot {} the memory of a picture", what), errno);
}

/// In one call: nothing interrupts the way to and from memory.
Result<void> writeTo(int memory, std::span<const std::uint8_t> jpeg) {
    const ssize_t written = ::pwrite(memory, jpeg.data(), jpeg.size(), 0);
    if (written != static_cast<ssize_t>(jpeg.size())) return failedTo("write");
    return {};
}

Result<std::string> readFrom(int memory, std::uint64_t bytes) {
    std::string jpeg(static_cast<std::size_t>(bytes), '\0');
    const ssize_t got = ::pread(memory, jpeg.data(), jpeg.size(), 0);
    if (got < 0) return failedTo("read");
    if (got < static_cast<ssize_t>(bytes))
        return fail(Errc::kInvalid, fmt::format("received {} of {} bytes of a picture", got, bytes));
    if (!jpeg.starts_with("\xFF\xD8\xFF")) return fail(Errc::kInvalid, "received data is not a JPEG");
    return jpeg;
}

}  // namespace

Result<UniqueFd> SharedJpegWriter::write(std::uint64_t id, std::span<const std::uint8_t> jpeg) {
    UniqueFd& kept = kept_.at(id % kMaxPending);
    const bool isKept = jpeg.size() <= kKeptPictureBytes;
    if (isKept && kept) return writeTo(kept.get(), jpeg).map([] { return UniqueFd(); });
    UniqueFd memory(::memfd_create("pi-edge-picture", MFD_CLOEXEC));
    if (!memory) return failedTo("create");
    TRY(writeTo(memory.get(), jpeg));
    if (isKept) {
        kept.reset(::fcntl(memory.get(), F_DUPFD_CLOEXEC, 0));
        if (!kept) return failedTo("duplicate");
    }
    return memory;
}

Result<std::string> SharedJpegReader::read(std::uint64_t id, std::uint64_t bytes, UniqueFd memory) {
    if (bytes > kMaxPictureBytes) return fail(Errc::kInvalid, fmt::format("a picture of {} bytes is too large", bytes));
    // Only memory knows seals: a pipe, a file on a slow disk or a device fails here, before it can make us wait.
    if (memory && ::fcntl(memory.get(), F_GET_SEALS) < 0) {
        return fail(Errc::kInvalid, "a picture came in a descriptor that is not a memory file");
    }
    UniqueFd large;
    UniqueFd& file = bytes > kKeptPictureBytes ? large : kept_.at(id % kMaxPending);
    if (memory) file = std::move(memory);
    return file ? readFrom(file.get(), bytes) : fail(Errc::kInvalid, "a picture came without its memory file");
}

}  // namespace edge
