// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace edge {

/// While it lives, SQLite sees its files through a layer that counts and can fail: a disk that is full, storage whose
/// fsync or reads fail, a file system that is mounted read-only. One at a time.
class FaultyVfs {
  public:
    FaultyVfs();
    ~FaultyVfs();
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;

    bool isDiskFull = false;
    bool doesSyncFail = false;
    bool doesReadFail = false;
    bool isReadOnly = false;  ///< for files opened from now on

    std::uint64_t writes = 0;
    std::uint64_t syncs = 0;
};

}  // namespace edge
