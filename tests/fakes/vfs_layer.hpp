// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace edge {

/// While it lives, every file that SQLite opens goes through it: its hooks see what is asked of the storage, and can
/// refuse. Nothing waits for the disk (fsync): no test here cuts the real power. One at a time.
class VfsLayer {
  public:
    enum class Fault { kNone, kDiskFull, kReadFails, kSyncFails };

    VfsLayer();
    virtual ~VfsLayer();
    VfsLayer(const VfsLayer&) = delete;
    VfsLayer& operator=(const VfsLayer&) = delete;

    /// Before the call goes on to the file; a fault is its result instead. `file` is the name without its directory.
    virtual Fault onRead(std::string_view /*file*/) { return Fault::kNone; }
    virtual Fault onWrite(std::string_view /*file*/, std::string_view /*data*/, std::int64_t /*offset*/) {
        return Fault::kNone;
    }
    virtual Fault onTruncate(std::string_view /*file*/, std::int64_t /*size*/) { return Fault::kNone; }
    virtual Fault onSync(std::string_view /*file*/) { return Fault::kNone; }
    virtual Fault onDelete(std::string_view /*file*/) { return Fault::kNone; }
    /// Whether a file that is opened now can only be read.
    virtual bool opensReadOnly() { return false; }

  private:
    struct Vfs;
    std::unique_ptr<Vfs> vfs_;
};

}  // namespace edge
