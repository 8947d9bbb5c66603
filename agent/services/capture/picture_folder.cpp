// SPDX-License-Identifier: MIT
#include "services/capture/picture_folder.hpp"

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
using Json = nlohmann::json;

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

/// The description has all that is needed to publish the picture.
bool readDescription(PicturePost& post) {
    const Json json = Json::parse(post.description, nullptr, false);
    if (!json.is_object()) return false;
    const auto text = [&](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : "";
    };
    post.id = text("id");
    post.time = text("time");
    post.transaction = text("transaction");
    return !post.id.empty() && !post.time.empty();
}

}  // namespace

std::string PictureFolder::nameOf(std::uint64_t number, const char* kind) const {
    return fmt::format("{}/{:010}.{}", path_, number, kind);
}

std::map<std::uint64_t, std::int64_t> PictureFolder::list() const {
    std::map<std::uint64_t, std::int64_t> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path_, error)) {
        const auto number = numberOf(entry.path());
        if (number && entry.is_regular_file(error)) files[*number] = static_cast<std::int64_t>(entry.file_size(error));
    }
    return files;
}

Result<std::size_t> PictureFolder::add(const PicturePost& post, std::int64_t maxBytes) {
    auto used = static_cast<std::int64_t>(post.jpeg.size());
    if (used > maxBytes) return fail(Errc::kTooLarge, "the picture is larger than image.keep_offline");
    std::error_code error;
    if (fs::create_directory(path_, error)) fs::permissions(path_, kFolderMode, error);

    const auto files = list();
    for (const auto& [number, bytes] : files) used += bytes;
    std::size_t dropped = 0;
    for (auto oldest = files.begin(); used > maxBytes; ++oldest, ++dropped) {
        used -= oldest->second;
        remove(oldest->first);
    }
    const std::uint64_t number = files.empty() ? 1 : files.rbegin()->first + 1;
    auto written = replaceFile(nameOf(number, "json"), post.description);
    if (written) written = replaceFile(nameOf(number, "jpg"), post.jpeg);
    if (written) return dropped;
    remove(number);
    return tl::unexpected(written.error());
}

std::optional<PictureFolder::Stored> PictureFolder::oldest() {
    for (const auto& [number, bytes] : list()) {
        auto description = readSmallFile(nameOf(number, "json"), kMaxTextBytes);
        auto jpeg = readSmallFile(nameOf(number, "jpg"), kMaxPictureBytes);
        if (description && jpeg) {
            Stored stored{number, {std::move(*jpeg), std::move(*description)}};
            if (readDescription(stored.post)) return stored;
        }
        log::warning("removing {}: cannot read it", nameOf(number, "jpg"));
        remove(number);
    }
    return std::nullopt;
}

void PictureFolder::remove(std::uint64_t number) {
    std::error_code error;
    fs::remove(nameOf(number, "jpg"), error);
    fs::remove(nameOf(number, "json"), error);
}

}  // namespace edge
