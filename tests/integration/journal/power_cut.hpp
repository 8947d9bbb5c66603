// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/vfs_layer.hpp"

namespace edge {

/// One thing that was asked of the storage.
struct StorageCall {
    enum class Kind { kWrite, kTruncate, kSync, kDelete, kMark };
    Kind kind = Kind::kMark;
    std::string file;  ///< without its directory
    std::int64_t offset = 0;
    std::string data;
    long mark = 0;
};

/// Notes every change that SQLite asks for, and what the test says it was told meanwhile.
class RecordingVfs : public VfsLayer {
  public:
    void mark(long number) { calls.push_back({StorageCall::Kind::kMark, "", 0, "", number}); }

    std::vector<StorageCall> calls;

  protected:
    Fault onWrite(std::string_view file, std::string_view data, std::int64_t offset) override;
    Fault onTruncate(std::string_view file, std::int64_t size) override;
    Fault onSync(std::string_view file) override;
    Fault onDelete(std::string_view file) override;
};

/// Files on a storage that keeps what was synced, and of the rest what it pleases: with the power gone, any of the
/// writes since may be there, in any order, and of each any of its sectors. (What a card does that does not keep what
/// it said is synced, nothing can mend.)
class CuttableStorage {
  public:
    static constexpr std::int64_t kSector = 512;

    /// A file that is safely there.
    void put(const std::string& file, std::string content) { files_[file] = {std::move(content), true, {}}; }
    void apply(const StorageCall& call);
    /// Nothing of this file would be lost now.
    [[nodiscard]] bool isSynced(const std::string& file) const;

    /// The files that are there after a power cut at this moment.
    [[nodiscard]] std::map<std::string, std::string> cut(std::mt19937& random) const;

  private:
    struct File {
        std::string content;
        bool exists = false;
        std::vector<StorageCall> pending;
    };
    std::map<std::string, File> files_;
};

}  // namespace edge
