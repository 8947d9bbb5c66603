// SPDX-License-Identifier: MIT
#include "services/capture/picture_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/system/files.hpp"
#include "core/system/log.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::size_t kMaxDescriptionBytes = 64 << 10;
constexpr std::size_t kMaxPictureBytes = std::size_t{256} << 20;
constexpr auto kFolderMode = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec;
constexpr std::uint64_t kChunk = 1000;
constexpr const char* kWaitingAsUsual = ".jpg";
constexpr const char* kWaitingAndLost = ".lost";
/// In "2026-11-20T09:30:00.123Z": not every file system takes colons.
constexpr std::array<std::size_t, 2> kColons{13, 16};

// ---- names: NUMBER_TIME_BYTES_ID.jpg

std::string timeInName(const KeptPicture& picture) {
    std::string time = formatRfc3339(picture.time);
    for (const std::size_t at : kColons) time.at(at) = '.';
    if (!picture.isTimeCertain) time.back() = '~';
    return time;
}

bool readTime(std::string text, KeptPicture& picture) {
    if (text.size() <= kColons.back()) return false;
    for (const std::size_t at : kColons) text.at(at) = ':';
    picture.isTimeCertain = text.back() != '~';
    text.back() = 'Z';
    const auto time = parseRfc3339(text);
    picture.time = time.value_or(WallTime{});
    return time.has_value();
}

bool isId(std::string_view text) {
    constexpr std::size_t kMaxIdBytes = 64;
    return !text.empty() && text.size() <= kMaxIdBytes && isWord(text, "-_");
}

std::string nameOf(const KeptPicture& picture) {
    return fmt::format("{:010}_{}_{}_{}{}", picture.number, timeInName(picture), picture.jpegBytes, picture.id,
                       picture.wasLost ? kWaitingAndLost : kWaitingAsUsual);
}

/// nullopt for a file that is not a picture of ours.
std::optional<KeptPicture> parseName(const fs::path& file) {
    KeptPicture picture;
    const std::string extension = file.extension().string();
    picture.wasLost = extension == kWaitingAndLost;
    if (!picture.wasLost && extension != kWaitingAsUsual) return std::nullopt;
    const std::string stem = file.stem().string();
    const std::size_t first = stem.find('_');
    const std::size_t second = first == stem.npos ? first : stem.find('_', first + 1);
    const std::size_t third = second == stem.npos ? second : stem.find('_', second + 1);
    if (third == stem.npos) return std::nullopt;
    const auto number = parseNumber<std::uint64_t>(stem.substr(0, first));
    const auto bytes = parseNumber<std::int64_t>(stem.substr(second + 1, third - second - 1));
    picture.id = stem.substr(third + 1);
    if (!number || !bytes || *bytes < 0 || !isId(picture.id)) return std::nullopt;
    if (!readTime(stem.substr(first + 1, second - first - 1), picture)) return std::nullopt;
    picture.number = *number;
    picture.jpegBytes = *bytes;
    return picture;
}

// ---- contents: the JPEG, a line feed, the description, a line feed

/// The description has all that is needed to publish the picture.
bool readDescription(PicturePost& post) {
    const Json json = Json::parse(post.description, nullptr, false);
    const auto text = [&](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : "";
    };
    post.id = text("id");
    post.time = text("time");
    post.transaction = text("transaction");
    if (std::string inner = text("description"); !inner.empty())
        post.description = std::move(inner);  // of version 0.1.0
    return isId(post.id) && parseRfc3339(post.time).has_value();
}

/// What follows the JPEG in its file. False where that is not what was written.
bool readTail(std::string_view tail, const KeptPicture& picture, PicturePost& post) {
    if (tail.size() < 2 || tail.front() != '\n' || tail.back() != '\n') return false;
    post.description = tail.substr(1, tail.size() - 2);
    return readDescription(post) && post.id == picture.id;
}

tl::unexpected<Error> damaged(const std::string& path) {
    return fail(Errc::kFault, fmt::format("{} is damaged", path));
}

Result<PicturePost> readWhole(const std::string& path, const KeptPicture& picture) {
    std::string content = TRY(readSmallFile(path, kMaxPictureBytes));
    const auto jpegBytes = static_cast<std::size_t>(picture.jpegBytes);
    PicturePost post;
    if (content.size() < jpegBytes || !readTail(std::string_view(content).substr(jpegBytes), picture, post))
        return damaged(path);
    content.resize(jpegBytes);
    post.jpeg = std::move(content);
    return post;
}

Result<PicturePost> readWithoutJpeg(const std::string& path, const KeptPicture& picture) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::lseek(file.get(), picture.jpegBytes, SEEK_SET) < 0) return failSystem("cannot read " + path, errno);
    std::string tail(kMaxDescriptionBytes, '\0');
    const ssize_t got = readAll(file.get(), tail.data(), tail.size());
    if (got < 0) return failSystem("cannot read " + path, errno);
    tail.resize(static_cast<std::size_t>(got));
    PicturePost post;
    if (!readTail(tail, picture, post)) return damaged(path);
    return post;
}

// ---- folders

/// Of the pictures in a folder, in their order.
std::vector<KeptPicture> picturesIn(const fs::path& folder, bool isWaiting) {
    std::vector<KeptPicture> found;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code unknown;
        auto picture = parseName(entry->path());
        if (!picture || !entry->is_regular_file(unknown)) continue;  // opening a FIFO would not return
        picture->isWaiting = isWaiting;
        found.push_back(std::move(*picture));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return found;
}

std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// A name that is not on the disk yet may be gone after a power cut.
Result<void> syncFolder(const std::string& path) {
    const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return failSystem("cannot open " + path, errno);
    if (::fsync(folder.get()) != 0 && errno != EINVAL) return failSystem("cannot write " + path, errno);
    return {};
}

Result<void> makeFolder(const fs::path& path) {
    std::error_code error;
    if (fs::create_directory(path, error)) {
        fs::permissions(path, kFolderMode, error);
        return syncFolder(path.parent_path().string());
    }
    return {};  // it is there, or writing into it says why not
}

void add(PictureFolder::Count& count, const KeptPicture& picture) {
    ++count.pictures;
    count.bytes += picture.jpegBytes;
}

void subtract(PictureFolder::Count& count, const KeptPicture& picture) {
    --count.pictures;
    count.bytes -= picture.jpegBytes;
}

}  // namespace

std::optional<std::int64_t> freeBytesOf(const std::string& path) {
    std::error_code error;
    const fs::space_info info = fs::space(path, error);
    if (error) return std::nullopt;
    return static_cast<std::int64_t>(info.available);
}

std::vector<std::string> PictureFolder::chunks() const {
    std::vector<std::string> found;
    for (const std::string& name : namesIn(path_ + "/archive")) {
        if (parseNumber<std::uint64_t>(name)) found.push_back(path_ + "/archive/" + name);
    }
    return found;
}

std::string PictureFolder::folderOf(const KeptPicture& picture) const {
    return picture.isWaiting ? path_ : fmt::format("{}/archive/{:07}", path_, picture.number / kChunk);
}

std::string PictureFolder::pathOf(const KeptPicture& picture) const {
    return folderOf(picture) + "/" + nameOf(picture);
}

// ---- what is there

PictureFolder::State PictureFolder::count() const {
    State state;
    for (const KeptPicture& picture : picturesIn(path_, true)) add(state.waiting, picture);
    for (const std::string& chunk : chunks()) {
        for (const KeptPicture& picture : picturesIn(chunk, false)) {
            add(state.archived, picture);
            if (!state.oldest) state.oldest = picture.time;
        }
    }
    return state;
}

/// Counts what is there, again where another file system was mounted over the folder or the folder was replaced.
void PictureFolder::open() {
    struct stat now {};
    (void)::stat(path_.c_str(), &now);
    const std::pair<dev_t, ino_t> identity{now.st_dev, now.st_ino};
    if (std::exchange(opened_, identity) == identity) return;
    cleanUp();
    state_ = count();
}

/// Removes what an interrupted write left, and takes over what an older release kept.
void PictureFolder::cleanUp() {
    std::vector<std::string> folders = chunks();
    folders.push_back(path_);
    for (const std::string& folder : folders) {
        std::error_code error;
        for (const std::string& name : namesIn(folder)) {
            if (name.starts_with(".pi-edge-") && name.ends_with(".part")) fs::remove(folder + "/" + name, error);
            if (const auto picture = parseName(name)) lastNumber_ = std::max(lastNumber_, picture->number);
        }
    }
    for (const std::string& name : namesIn(path_)) adoptOlderRelease(name);
}

/// Releases before the archive had NUMBER.jpg, NUMBER.json and, once the connection had ended during it, NUMBER.lost.
/// Other people's files may be called so, too.
void PictureFolder::adoptOlderRelease(const std::string& name) {
    const fs::path file = fs::path(path_) / name;
    if (file.extension() != ".jpg" || !parseNumber<std::uint64_t>(file.stem().string())) return;
    const auto beside = [&file](const char* extension) { return fs::path(file).replace_extension(extension).string(); };
    const auto description = readSmallFile(beside(".json"), kMaxDescriptionBytes);
    PicturePost post{"", description.value_or("")};
    if (!readDescription(post)) return;
    auto jpeg = readSmallFile(file.string(), kMaxPictureBytes);
    if (!jpeg) return;
    post.jpeg = std::move(*jpeg);
    if (!write(post, true, Kind::kWaiting)) return;  // the next start tries again
    std::error_code error;
    for (const char* extension : {".jpg", ".json", ".lost"}) fs::remove(beside(extension), error);
}

PictureFolder::Found PictureFolder::find(const Query& query) const {
    Query wider = query;
    Found found = findReadable(query);
    // A client continues before the last one of a page: one without pictures would end its search.
    while (found.pictures.size() < query.last && found.hasMore) {
        wider.last *= 2;
        found = findReadable(wider);
    }
    if (found.pictures.size() > query.last) {
        found.pictures.erase(found.pictures.begin() + static_cast<std::ptrdiff_t>(query.last), found.pictures.end());
        found.hasMore = true;
    }
    return found;
}

/// Those that can be read of the newest `last`.
PictureFolder::Found PictureFolder::findReadable(const Query& query) const {
    const auto matches = [&query](const KeptPicture& picture) {
        return (!query.since || picture.time >= *query.since) && (!query.until || picture.time < *query.until);
    };
    std::vector<KeptPicture> candidates;
    const auto collect = [&](const std::vector<KeptPicture>& pictures) {
        std::copy_if(pictures.begin(), pictures.end(), std::back_inserter(candidates), matches);
    };
    const std::vector<std::string> all = chunks();
    for (auto chunk = all.rbegin(); chunk != all.rend() && candidates.size() <= query.last; ++chunk)
        collect(picturesIn(*chunk, false));
    collect(picturesIn(path_, true));
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
    Found found;
    found.hasMore = candidates.size() > query.last;
    candidates.resize(std::min(candidates.size(), query.last));
    for (KeptPicture& picture : candidates) {
        auto post = readWithoutJpeg(pathOf(picture), picture);
        if (post) found.pictures.push_back({std::move(picture), std::move(*post)});
    }
    return found;
}

Result<PictureFolder::Stored> PictureFolder::read(const std::string& id) const {
    std::vector<std::string> folders = chunks();
    folders.push_back(path_);
    for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
        for (const KeptPicture& picture : picturesIn(*folder, *folder == path_)) {
            if (picture.id == id) return Stored{picture, TRY(readWhole(pathOf(picture), picture))};
        }
    }
    return fail(Errc::kNotFound, "no picture has this id, or it was removed to make room");
}

// ---- adding

Result<void> PictureFolder::write(const PicturePost& post, bool isTimeCertain, Kind kind) {
    const auto time = parseRfc3339(post.time);
    if (!time || !isId(post.id)) return fail(Errc::kInvalid, "the picture has no usable id and time");
    const KeptPicture picture{.number = lastNumber_ + 1,
                              .time = *time,
                              .isTimeCertain = isTimeCertain,
                              .jpegBytes = static_cast<std::int64_t>(post.jpeg.size()),
                              .id = post.id,
                              .isWaiting = kind == Kind::kWaiting};
    ++lastNumber_;  // also after a failure: part of it may be there
    const std::string folder = folderOf(picture);
    if (!picture.isWaiting) TRY(makeFolder(path_ + "/archive"));
    if (!picture.isWaiting) TRY(makeFolder(folder));
    TRY(replaceFile(pathOf(picture), fmt::format("{}\n{}\n", post.jpeg, post.description)));
    add(countOf(picture.isWaiting), picture);
    if (!picture.isWaiting && !state_.oldest) state_.oldest = picture.time;
    return syncFolder(folder);
}

Result<std::size_t> PictureFolder::addWaiting(const PicturePost& post, bool isTimeCertain, const Limits& limits) {
    const auto bytes = static_cast<std::int64_t>(post.jpeg.size());
    if (bytes > limits.waiting) return fail(Errc::kTooLarge, "the picture is larger than image.keep_offline");
    TRY(makeFolder(path_));
    open();
    std::size_t dropped = 0;
    if (state_.waiting.bytes + bytes > limits.waiting) {
        for (const KeptPicture& oldest : picturesIn(path_, true)) {
            if (state_.waiting.bytes + bytes <= limits.waiting) break;
            release(oldest, limits);
            ++dropped;
        }
    }
    TRY(write(post, isTimeCertain, Kind::kWaiting));
    return dropped;
}

Result<void> PictureFolder::addArchived(const PicturePost& post, bool isTimeCertain, const Limits& limits) {
    TRY(makeFolder(path_));
    open();
    TRY(makeRoom(static_cast<std::int64_t>(post.jpeg.size()), limits));
    return write(post, isTimeCertain, Kind::kArchived);
}

// ---- pictures that wait

std::optional<PictureFolder::Stored> PictureFolder::oldestWaiting() {
    open();
    for (const KeptPicture& picture : picturesIn(path_, true)) {
        auto post = readWhole(pathOf(picture), picture);
        if (post) return Stored{picture, std::move(*post)};
        const bool isDamaged = post.error().code == Errc::kFault;  // else it may be readable later
        if (isDamaged || std::exchange(unreadable_, picture.id) != picture.id)
            log::warning("{} {}: {}", isDamaged ? "removing" : "not sending", picture.id, post.error().message);
        if (isDamaged) (void)remove(picture);
    }
    return std::nullopt;
}

Result<void> PictureFolder::markLost(const KeptPicture& picture) {
    KeptPicture lost = picture;
    lost.wasLost = true;
    const std::string path = pathOf(picture);
    if (::rename(path.c_str(), pathOf(lost).c_str()) != 0) return failSystem("cannot rename " + path, errno);
    return syncFolder(path_);
}

void PictureFolder::release(const KeptPicture& picture, const Limits& limits) {
    KeptPicture archived = picture;
    archived.isWaiting = archived.wasLost = false;
    const bool isKept = limits.archive > 0 && makeRoom(picture.jpegBytes, limits) && makeFolder(path_ + "/archive") &&
                        makeFolder(folderOf(archived)) &&
                        ::rename(pathOf(picture).c_str(), pathOf(archived).c_str()) == 0;
    if (!isKept) {
        (void)remove(picture);
        return;
    }
    subtract(state_.waiting, picture);
    add(state_.archived, archived);
    state_.oldest = oldestTime();
}

Result<void> PictureFolder::remove(const KeptPicture& picture) {
    std::error_code error;
    fs::remove(pathOf(picture), error);
    if (error) return failSystem("cannot remove " + pathOf(picture), error.value());
    subtract(countOf(picture.isWaiting), picture);
    return {};
}

// ---- the archive's limits

/// Removes pictures of the archive that `mayGo`, oldest first, until it `isDone`. One that cannot be removed stays, and
/// does not keep the others.
template <typename IsDone, typename MayGo>
PictureFolder::Evicted PictureFolder::evict(IsDone isDone, MayGo mayGo) {
    Evicted evicted;
    for (const std::string& chunk : chunks()) {
        if (isDone(evicted.pictures)) break;
        for (const KeptPicture& picture : picturesIn(chunk, false)) {
            if (isDone(evicted.pictures)) break;
            if (!mayGo(picture)) continue;
            const Result<void> removed = remove(picture);
            if (removed) {
                ++evicted.pictures;
            } else if (evicted.problem.empty()) {
                evicted.problem = removed.error().message;
            }
        }
        std::error_code error;
        fs::remove(chunk, error);  // where it is empty
    }
    if (evicted.pictures > 0) state_.oldest = oldestTime();
    if (!evicted.problem.empty() && std::exchange(evictProblem_, evicted.problem) != evicted.problem)
        log::warning("archive: {}; check the owner of the folder", evicted.problem);
    return evicted;
}

std::optional<WallTime> PictureFolder::oldestTime() const {
    for (const std::string& chunk : chunks()) {
        if (const auto pictures = picturesIn(chunk, false); !pictures.empty()) return pictures.front().time;
    }
    return std::nullopt;
}

Result<void> PictureFolder::makeRoom(std::int64_t bytes, const Limits& limits) {
    if (bytes > limits.archive) return fail(Errc::kTooLarge, "the picture is larger than archive.max_size");
    const std::int64_t before = state_.archived.bytes;
    const auto free = freeBytes_(path_);
    const auto isRoom = [&](std::size_t) {
        const std::int64_t freed = before - state_.archived.bytes;
        return state_.archived.bytes + bytes <= limits.archive && (!free || *free + freed >= limits.minFree + bytes);
    };
    const Evicted evicted = evict(isRoom, [](const KeptPicture&) { return true; });
    if (isRoom(0)) return {};
    if (!evicted.problem.empty()) return fail(Errc::kPermission, evicted.problem);
    constexpr std::int64_t kMebi = 1 << 20;
    return fail(Errc::kTooLarge,
                fmt::format("only {} MiB are free on the file system of {}, and archive.min_free leaves {} MiB",
                            free.value_or(0) / kMebi, path_, limits.minFree / kMebi));
}

bool PictureFolder::trim(const std::optional<WallTime>& cutoff, const Limits& limits) {
    opened_.reset();
    open();
    std::size_t removed = 0;
    const auto isFull = [](std::size_t count) { return count >= kStep; };
    if (cutoff) {
        const auto isOld = [&](const KeptPicture& picture) { return picture.isTimeCertain && picture.time < *cutoff; };
        removed = evict(isFull, isOld).pictures;
    }
    const std::int64_t before = state_.archived.bytes;
    const auto free = freeBytes_(path_);
    const auto isRoom = [&] {
        const std::int64_t freed = before - state_.archived.bytes;
        return state_.archived.bytes <= limits.archive && (!free || *free + freed >= limits.minFree);
    };
    const auto isEnough = [&](std::size_t count) { return isFull(removed + count) || isRoom(); };
    removed += evict(isEnough, [](const KeptPicture&) { return true; }).pictures;
    return isFull(removed);
}

}  // namespace edge
