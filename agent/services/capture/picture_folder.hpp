// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "services/capture/picture_publisher.hpp"

namespace edge {

/// A picture that is kept, as the name of its file says.
struct KeptPicture {
    std::uint64_t number = 0;    ///< ascending in the order in which pictures were kept
    WallTime time{};             ///< start of exposure, whole milliseconds
    bool isTimeCertain = true;   ///< false: the clock was not synchronised, so the age is unknown
    std::int64_t jpegBytes = 0;  ///< the file has a few hundred more: the description
    std::string id;              ///< letters, digits, '-' and '_'
    bool isWaiting = false;      ///< for the broker
    bool wasLost = false;        ///< the connection ended while it was sent
};

/// The bytes available on the file system of a path; nullopt where that cannot be determined.
using FreeBytes = std::function<std::optional<std::int64_t>(const std::string& path)>;
std::optional<std::int64_t> freeBytesOf(const std::string& path);

/// Pictures on disk: those that wait for the broker in the folder itself, the archive in `archive/` below it, in
/// folders of 1,000. Each picture is one file, the JPEG with its description as a last line, which programs that show
/// JPEGs ignore. It is complete on the disk before it has its name, and the name says all that is needed to find it
/// again, so the files alone are the truth: no index can disagree with them. Takes no memory for them. Thread: one
/// strand; blocks.
class PictureFolder {
  public:
    /// Of JPEG bytes, except `minFree`.
    struct Limits {
        std::int64_t waiting = 0;  ///< of pictures that wait for the broker
        std::int64_t archive = 0;  ///< of all others; 0 = a picture is removed once it does not wait any more
        std::int64_t minFree = 0;  ///< the archive leaves this much of its file system
    };
    struct Count {
        std::size_t pictures = 0;
        std::int64_t bytes = 0;
    };
    struct State {
        Count waiting;
        Count archived;
        std::optional<WallTime> oldest;  ///< of the archive
    };
    struct Stored {
        KeptPicture picture;
        PicturePost post;
    };
    struct Query {
        std::optional<WallTime> since;  ///< not before this …
        std::optional<WallTime> until;  ///< … and before this
        std::size_t last = 1;
    };
    struct Found {
        std::vector<Stored> pictures;  ///< without their JPEGs, newest first
        bool hasMore = false;          ///< there are older ones that match
    };

    /// Touches nothing yet.
    explicit PictureFolder(std::string path, FreeBytes freeBytes = freeBytesOf)
        : path_(std::move(path)), freeBytes_(std::move(freeBytes)) {}

    /// What is there, without changing anything.
    [[nodiscard]] State count() const;
    /// The same as counted by this object; 0 before its first use of the folder.
    [[nodiscard]] const State& state() const { return state_; }

    /// On the disk when it returns. The oldest that wait make room in limits.waiting; returns how many. Errors:
    /// kTooLarge (it alone is over the limit), kIo and those of replaceFile().
    Result<std::size_t> addWaiting(const PicturePost& post, bool isTimeCertain, const Limits& limits);
    /// The same for the archive, whose oldest make room. kTooLarge also: less than limits.minFree would be left.
    Result<void> addArchived(const PicturePost& post, bool isTimeCertain, const Limits& limits);

    /// The oldest one that waits and can be read; those that are damaged are removed.
    std::optional<Stored> oldestWaiting();
    /// On the disk when it returns.
    Result<void> markLost(const KeptPicture& picture);
    /// It does not wait any more: into the archive, or removed.
    void release(const KeptPicture& picture, const Limits& limits);

    /// Counts again, in case someone else changed the folder, and applies the limits of the archive: nothing from
    /// before `cutoff`, where the time is certain. Pictures that wait are left alone. At most kStep are removed; true:
    /// there is more to do.
    bool trim(const std::optional<WallTime>& cutoff, const Limits& limits);
    static constexpr std::size_t kStep = 1000;

    /// Both kinds. Skips what cannot be read, or has just been removed. Thread: any, as it looks at the files alone.
    [[nodiscard]] Found find(const Query& query) const;
    /// Errors: kNotFound, kFault (it is damaged), kIo. Thread: any.
    [[nodiscard]] Result<Stored> read(const std::string& id) const;

  private:
    enum class Kind { kWaiting, kArchived };

    void open();
    [[nodiscard]] Found findReadable(const Query& query) const;
    void cleanUp();
    void adoptOlderRelease(const std::string& name);
    [[nodiscard]] std::vector<std::string> chunks() const;
    [[nodiscard]] std::string folderOf(const KeptPicture& picture) const;
    [[nodiscard]] std::string pathOf(const KeptPicture& picture) const;
    Result<void> write(const PicturePost& post, bool isTimeCertain, Kind kind);
    Result<void> makeRoom(std::int64_t bytes, const Limits& limits);
    struct Evicted {
        std::size_t pictures = 0;
        std::string problem;  ///< with the first one that could not be removed; "" = none
    };
    template <typename IsDone, typename MayGo>
    Evicted evict(IsDone isDone, MayGo mayGo);
    Result<void> remove(const KeptPicture& picture);
    [[nodiscard]] std::optional<WallTime> oldestTime() const;
    [[nodiscard]] Count& countOf(bool isWaiting) { return isWaiting ? state_.waiting : state_.archived; }

    std::string path_;
    FreeBytes freeBytes_;
    std::optional<std::pair<dev_t, ino_t>> opened_;  ///< the folder that was counted; {0, 0} = there was none
    std::string unreadable_;                         ///< id of the last waiting picture that was logged as such
    std::string evictProblem_;                       ///< logged
    std::uint64_t lastNumber_ = 0;
    State state_;
};

}  // namespace edge
