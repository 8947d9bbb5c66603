// SPDX-License-Identifier: MIT
#include "fakes/vfs_layer.hpp"

#include <cstddef>
#include <string>

#include <sqlite3.h>

namespace edge {
namespace {

VfsLayer* active = nullptr;
sqlite3_vfs* real = nullptr;

int codeOf(VfsLayer::Fault fault) {
    switch (fault) {
        case VfsLayer::Fault::kNone:
            return SQLITE_OK;
        case VfsLayer::Fault::kDiskFull:
            return SQLITE_FULL;
        case VfsLayer::Fault::kReadFails:
            return SQLITE_IOERR_READ;
        case VfsLayer::Fault::kSyncFails:
            return SQLITE_IOERR_FSYNC;
    }
    return SQLITE_INTERNAL;
}

/// SQLite's own file lies behind it, in the memory that SQLite allocates for both.
struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    const char* name;  ///< SQLite keeps it until the file is closed
};

std::string_view nameOf(const char* path) {
    const std::string_view whole = path == nullptr ? "" : path;
    return whole.substr(whole.rfind('/') + 1);
}
std::string_view nameOf(sqlite3_file* file) {
    return nameOf(reinterpret_cast<File*>(file)->name);
}

sqlite3_file* behind(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}
template <auto Method, typename... Args>
int pass(sqlite3_file* file, Args... args) {
    sqlite3_file* const target = behind(file);
    return (target->pMethods->*Method)(target, args...);
}

void direct(sqlite3_io_methods& io) {
    using Io = sqlite3_io_methods;
    io.iVersion = 2;  // without memory mapping
    io.xClose = [](sqlite3_file* f) { return pass<&Io::xClose>(f); };
    io.xRead = [](sqlite3_file* f, void* data, int size, sqlite3_int64 offset) {
        const int code = codeOf(active->onRead(nameOf(f)));
        return code != SQLITE_OK ? code : pass<&Io::xRead>(f, data, size, offset);
    };
    io.xWrite = [](sqlite3_file* f, const void* data, int size, sqlite3_int64 offset) {
        const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(size));
        const int code = codeOf(active->onWrite(nameOf(f), bytes, offset));
        return code != SQLITE_OK ? code : pass<&Io::xWrite>(f, data, size, offset);
    };
    io.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
        const int code = codeOf(active->onTruncate(nameOf(f), size));
        return code != SQLITE_OK ? code : pass<&Io::xTruncate>(f, size);
    };
    io.xSync = [](sqlite3_file* f, int) { return codeOf(active->onSync(nameOf(f))); };
    io.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return pass<&Io::xFileSize>(f, size); };
    io.xLock = [](sqlite3_file* f, int level) { return pass<&Io::xLock>(f, level); };
    io.xUnlock = [](sqlite3_file* f, int level) { return pass<&Io::xUnlock>(f, level); };
    io.xCheckReservedLock = [](sqlite3_file* f, int* out) { return pass<&Io::xCheckReservedLock>(f, out); };
    io.xFileControl = [](sqlite3_file* f, int op, void* arg) { return pass<&Io::xFileControl>(f, op, arg); };
    io.xSectorSize = [](sqlite3_file* f) { return pass<&Io::xSectorSize>(f); };
    io.xDeviceCharacteristics = [](sqlite3_file* f) { return pass<&Io::xDeviceCharacteristics>(f); };
    io.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** memory) {
        return pass<&Io::xShmMap>(f, page, size, extend, memory);
    };
    io.xShmLock = [](sqlite3_file* f, int offset, int n, int lock) { return pass<&Io::xShmLock>(f, offset, n, lock); };
    io.xShmBarrier = [](sqlite3_file* f) { behind(f)->pMethods->xShmBarrier(behind(f)); };
    io.xShmUnmap = [](sqlite3_file* f, int remove) { return pass<&Io::xShmUnmap>(f, remove); };
}

int openFile(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* outFlags) {
    auto* layered = reinterpret_cast<File*>(file);
    layered->base.pMethods = nullptr;
    layered->name = name;
    if (active->opensReadOnly()) {
        flags = (flags & ~(SQLITE_OPEN_CREATE | SQLITE_OPEN_READWRITE)) | SQLITE_OPEN_READONLY;
    }
    const int code = real->xOpen(real, name, behind(file), flags, outFlags);
    if (behind(file)->pMethods == nullptr) return code;
    layered->methods = *behind(file)->pMethods;
    direct(layered->methods);
    layered->base.pMethods = &layered->methods;
    return code;
}

}  // namespace

struct VfsLayer::Vfs {
    sqlite3_vfs vfs{};
};

VfsLayer::VfsLayer() : vfs_(std::make_unique<Vfs>()) {
    active = this;
    real = sqlite3_vfs_find("unix");
    sqlite3_vfs& vfs = vfs_->vfs;
    vfs = *real;
    vfs.pNext = nullptr;
    vfs.zName = "layer";
    vfs.szOsFile = real->szOsFile + static_cast<int>(sizeof(File));
    vfs.xOpen = openFile;
    vfs.xDelete = [](sqlite3_vfs*, const char* name, int syncDirectory) {
        const int code = codeOf(active->onDelete(nameOf(name)));
        return code != SQLITE_OK ? code : real->xDelete(real, name, syncDirectory);
    };
    sqlite3_vfs_register(&vfs, 1);
}

VfsLayer::~VfsLayer() {
    sqlite3_vfs_unregister(&vfs_->vfs);
    sqlite3_vfs_register(real, 1);
    active = nullptr;
}

}  // namespace edge
