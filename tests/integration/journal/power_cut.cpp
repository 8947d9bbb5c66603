// SPDX-License-Identifier: MIT
#include "integration/journal/power_cut.hpp"

#include <algorithm>
#include <array>

namespace edge {
namespace {

using Kind = StorageCall::Kind;

void write(std::string& content, std::int64_t offset, std::string_view data) {
    const auto begin = static_cast<std::size_t>(offset);
    content.resize(std::max(content.size(), begin + data.size()));
    content.replace(begin, data.size(), data);
}

}  // namespace

VfsLayer::Fault RecordingVfs::onWrite(std::string_view file, std::string_view data, std::int64_t offset) {
    calls.push_back({Kind::kWrite, std::string(file), offset, std::string(data), 0});
    return Fault::kNone;
}

VfsLayer::Fault RecordingVfs::onTruncate(std::string_view file, std::int64_t size) {
    calls.push_back({Kind::kTruncate, std::string(file), size, "", 0});
    return Fault::kNone;
}

VfsLayer::Fault RecordingVfs::onSync(std::string_view file) {
    calls.push_back({Kind::kSync, std::string(file), 0, "", 0});
    return Fault::kNone;
}

VfsLayer::Fault RecordingVfs::onDelete(std::string_view file) {
    calls.push_back({Kind::kDelete, std::string(file), 0, "", 0});
    return Fault::kNone;
}

void CuttableStorage::apply(const StorageCall& call) {
    if (call.kind == Kind::kMark) return;
    File& file = files_[call.file];
    if (call.kind != Kind::kSync) {
        file.pending.push_back(call);
        return;
    }
    for (const StorageCall& done : file.pending) {
        file.exists = done.kind != Kind::kDelete;
        if (done.kind == Kind::kWrite) write(file.content, done.offset, done.data);
        if (done.kind == Kind::kTruncate) file.content.resize(static_cast<std::size_t>(done.offset));
        if (done.kind == Kind::kDelete) file.content.clear();
    }
    file.pending.clear();
}

bool CuttableStorage::isSynced(const std::string& file) const {
    const auto found = files_.find(file);
    return found == files_.end() || found->second.pending.empty();
}

std::map<std::string, std::string> CuttableStorage::cut(std::mt19937& random) const {
    // Nothing, some, most, all of what was not synced: each of them finds other mistakes.
    static constexpr std::array kShares{0.0, 0.1, 0.5, 0.9, 1.0};
    std::map<std::string, std::string> left;
    for (const auto& [name, file] : files_) {
        std::bernoulli_distribution isKept(kShares.at(random() % kShares.size()));
        std::string content = file.content;
        bool exists = file.exists;
        for (const StorageCall& call : file.pending) {
            if (call.kind != Kind::kWrite) {
                if (!isKept(random)) continue;
                exists = call.kind != Kind::kDelete;
                content.resize(static_cast<std::size_t>(call.offset));
                continue;
            }
            const auto end = call.offset + static_cast<std::int64_t>(call.data.size());
            for (std::int64_t from = call.offset; from < end;) {
                const std::int64_t to = std::min(end, (from / kSector + 1) * kSector);
                if (isKept(random)) {
                    const auto begin = static_cast<std::size_t>(from - call.offset);
                    write(content, from,
                          std::string_view(call.data).substr(begin, static_cast<std::size_t>(to - from)));
                    exists = true;
                }
                from = to;
            }
        }
        if (exists) left.emplace(name, std::move(content));
    }
    return left;
}

}  // namespace edge
