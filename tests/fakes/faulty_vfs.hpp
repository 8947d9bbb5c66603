// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "fakes/vfs_layer.hpp"

namespace edge {

/// Storage that fails: a disk that is full, fsync or reads that end in an error, a file system that is mounted
/// read-only. It counts what succeeds.
class FaultyVfs : public VfsLayer {
  public:
    bool isDiskFull = false;
    bool doesSyncFail = false;
    bool doesReadFail = false;
    bool isReadOnly = false;  ///< for files opened from now on

    std::uint64_t writes = 0;
    std::uint64_t syncs = 0;

  protected:
    Fault onRead(std::string_view) override { return doesReadFail ? Fault::kReadFails : Fault::kNone; }
    Fault onWrite(std::string_view, std::string_view, std::int64_t) override {
        if (isDiskFull) return Fault::kDiskFull;
        ++writes;
        return Fault::kNone;
    }
    Fault onSync(std::string_view) override {
        if (doesSyncFail) return Fault::kSyncFails;
        ++syncs;
        return Fault::kNone;
    }
    bool opensReadOnly() override { return isReadOnly; }
};

}  // namespace edge
