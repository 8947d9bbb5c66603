// SPDX-License-Identifier: MIT
#include "camera/ipc/picture_outbox.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/core.h>

namespace edge {
namespace {

tl::unexpected<Error> failedTo(const char* what) {
    return fail(Errc::kIo,
                fmt::format("cannot {} the memory of a picture: {}", what, std::generic_category().message(errno)));
}

Result<void> write(int memory, std::span<const std::uint8_t> bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t put =
            ::pwrite(memory, bytes.data() + written, bytes.size() - written, static_cast<off_t>(written));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return failedTo("fill");
        written += static_cast<std::size_t>(put);
    }
    return {};
}

}  // namespace

Result<UniqueFd> PictureOutbox::put(std::size_t slot, std::span<const std::uint8_t> jpeg) {
    const bool isKept = jpeg.size() <= kKeptPictureBytes;
    UniqueFd& kept = kept_.at(slot);
    if (isKept && kept) {
        const auto written = write(kept.get(), jpeg);
        return written ? Result<UniqueFd>() : tl::unexpected(written.error());
    }
    UniqueFd memory(::memfd_create("pi-edge-picture", MFD_CLOEXEC));
    if (!memory) return failedTo("make");
    if (auto written = write(memory.get(), jpeg); !written) return tl::unexpected(written.error());
    if (isKept) {
        kept.reset(::fcntl(memory.get(), F_DUPFD_CLOEXEC, 0));
        if (!kept) return failedTo("keep");
    }
    return memory;
}

}  // namespace edge
