// SPDX-License-Identifier: MIT
#include "faulty_vfs.hpp"

#include <cstring>
#include <memory>

#include <sqlite3.h>

namespace edge {
namespace {

FaultyVfs* active = nullptr;
sqlite3_vfs* real = nullptr;

/// SQLite's own file lies behind it, in the memory that SQLite allocates for both.
struct FaultyFile {
    sqlite3_file base;
    sqlite3_io_methods methods;
};

sqlite3_file* behind(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FaultyFile*>(file) + 1);
}

template <auto Method, typename... Args>
int pass(sqlite3_file* file, Args... args) {
    sqlite3_file* const target = behind(file);
    return (target->pMethods->*Method)(target, args...);
}

int readFile(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
    if (active->doesReadFail) return SQLITE_IOERR_READ;
    return pass<&sqlite3_io_methods::xRead>(file, data, size, offset);
}

int writeFile(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    if (active->isDiskFull) return SQLITE_FULL;
    ++active->writes;
    return pass<&sqlite3_io_methods::xWrite>(file, data, size, offset);
}

int syncFile(sqlite3_file*, int) {
    if (active->doesSyncFail) return SQLITE_IOERR_FSYNC;
    ++active->syncs;
    return SQLITE_OK;  // no test here cuts the power, and a real one takes its time
}

int closeFile(sqlite3_file* file) {
    return pass<&sqlite3_io_methods::xClose>(file);
}

int mapShm(sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    return pass<&sqlite3_io_methods::xShmMap>(file, page, size, extend, memory);
}

void barrier(sqlite3_file* file) {
    behind(file)->pMethods->xShmBarrier(behind(file));
}

int openFile(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* outFlags) {
    auto* faulty = reinterpret_cast<FaultyFile*>(file);
    faulty->base.pMethods = nullptr;
    if (active->isReadOnly) {
        flags &= ~(SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE);
        flags |= SQLITE_OPEN_READONLY;
    }
    const int code = real->xOpen(real, name, behind(file), flags, outFlags);
    if (behind(file)->pMethods == nullptr) return code;
    using Io = sqlite3_io_methods;
    faulty->methods = *behind(file)->pMethods;
    Io& io = faulty->methods;
    io.iVersion = 2;  // without memory mapping
    io.xClose = closeFile;
    io.xRead = readFile;
    io.xWrite = writeFile;
    io.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return pass<&Io::xTruncate>(f, size); };
    io.xSync = syncFile;
    io.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return pass<&Io::xFileSize>(f, size); };
    io.xLock = [](sqlite3_file* f, int level) { return pass<&Io::xLock>(f, level); };
    io.xUnlock = [](sqlite3_file* f, int level) { return pass<&Io::xUnlock>(f, level); };
    io.xCheckReservedLock = [](sqlite3_file* f, int* out) { return pass<&Io::xCheckReservedLock>(f, out); };
    io.xFileControl = [](sqlite3_file* f, int op, void* arg) { return pass<&Io::xFileControl>(f, op, arg); };
    io.xSectorSize = [](sqlite3_file* f) { return pass<&Io::xSectorSize>(f); };
    io.xDeviceCharacteristics = [](sqlite3_file* f) { return pass<&Io::xDeviceCharacteristics>(f); };
    io.xShmMap = mapShm;
    io.xShmLock = [](sqlite3_file* f, int offset, int n, int lock) { return pass<&Io::xShmLock>(f, offset, n, lock); };
    io.xShmBarrier = barrier;
    io.xShmUnmap = [](sqlite3_file* f, int remove) { return pass<&Io::xShmUnmap>(f, remove); };
    faulty->base.pMethods = &faulty->methods;
    return code;
}

sqlite3_vfs layer{};

}  // namespace

FaultyVfs::FaultyVfs() {
    active = this;
    real = sqlite3_vfs_find("unix");
    layer = *real;
    layer.pNext = nullptr;
    layer.zName = "faulty";
    layer.szOsFile = real->szOsFile + static_cast<int>(sizeof(FaultyFile));
    layer.xOpen = openFile;
    sqlite3_vfs_register(&layer, 1);
}

FaultyVfs::~FaultyVfs() {
    sqlite3_vfs_unregister(&layer);
    sqlite3_vfs_register(real, 1);
    active = nullptr;
}

}  // namespace edge
