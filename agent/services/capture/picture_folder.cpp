// SPDX-License-Identifier: MIT
#include "services/capture/picture_folder.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/system/files.hpp"
#include "core/system/log.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxTextBytes = 64 << 10;
constexpr std::size_t kMaxPictureBytes = std::size_t{256} << 20;
constexpr auto kFolderMode = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec;

std::optional<std::uint64_t> numberOf(const fs::path& file) {
    const std::string stem = file.stem().string();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), number);
    if (file.extension() != ".jpg" || error != std::errc{} || end != stem.data() + stem.size()) return std::nullopt;
    return number;
}

std::string formatText(const PicturePost& post, int attempts) {
    return Json{{"id", post.id},
                {"time", post.time},
                {"transaction", post.transaction},
                {"description", post.description},
                {"attempts", attempts}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool parseText(const std::string& text, PictureFolder::Stored& stored) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return false;
    for (const auto& [key, field] : {std::pair{"id", &stored.post.id},
                                     {"time", &stored.post.time},
                                     {"transaction", &stored.post.transaction},
                                     {"description", &stored.post.description}}) {
        const auto found = json.find(key);
        if (found == json.end() || !found->is_string()) return false;
        *field = found->get<std::string>();
    }
    const auto tried = json.find("attempts");
    if (tried == json.end() || !tried->is_number_integer()) return false;
    stored.attempts = tried->get<int>();
    return true;
}

}  // namespace

std::string PictureFolder::nameOf(std::uint64_t number, const char* kind) const {
    return fmt::format("{}/{:010}.{}", path_, number, kind);
}

std::vector<PictureFolder::File> PictureFolder::list() const {
    std::vector<File> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_, error)) {
        const auto number = numberOf(entry.path());
        if (number && entry.is_regular_file(error))
            files.push_back({*number, static_cast<std::int64_t>(entry.file_size(error))});
    }
    std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.number < b.number; });
    return files;
}

Result<std::size_t> PictureFolder::add(const PicturePost& post, std::int64_t maxBytes) {
    const auto bytes = static_cast<std::int64_t>(post.jpeg.size());
    if (bytes > maxBytes) return fail(Errc::kTooLarge, "the picture is larger than image.keep_offline");
    std::error_code error;
    if (fs::create_directory(path_, error)) fs::permissions(path_, kFolderMode, error);

    std::vector<File> files = list();
    std::int64_t used = bytes;
    for (const File& file : files) used += file.bytes;
    std::size_t dropped = 0;
    for (; used > maxBytes; ++dropped) {
        used -= files[dropped].bytes;
        remove(files[dropped].number);
    }
    const std::uint64_t number = files.empty() ? 1 : files.back().number + 1;
    if (auto written = replaceFile(nameOf(number, "json"), formatText(post, 0)); !written)
        return tl::unexpected(written.error());
    if (auto written = replaceFile(nameOf(number, "jpg"), post.jpeg); !written) {
        remove(number);
        return tl::unexpected(written.error());
    }
    return dropped;
}

std::optional<PictureFolder::Stored> PictureFolder::oldest() {
    for (const File& file : list()) {
        Stored stored;
        stored.number = file.number;
        const auto text = readSmallFile(nameOf(file.number, "json"), kMaxTextBytes);
        auto jpeg = readSmallFile(nameOf(file.number, "jpg"), kMaxPictureBytes);
        if (text && jpeg && parseText(*text, stored)) {
            stored.post.jpeg = std::move(*jpeg);
            return stored;
        }
        log::warning("removing {}: cannot read it", nameOf(file.number, "jpg"));
        remove(file.number);
    }
    return std::nullopt;
}

void PictureFolder::remove(std::uint64_t number) {
    std::error_code error;
    fs::remove(nameOf(number, "jpg"), error);
    fs::remove(nameOf(number, "json"), error);
}

void PictureFolder::countAttempt(const Stored& stored) {
    (void)replaceFile(nameOf(stored.number, "json"), formatText(stored.post, stored.attempts + 1));
}

}  // namespace edge
