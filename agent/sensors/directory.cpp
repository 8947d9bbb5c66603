// SPDX-License-Identifier: MIT
#include "sensors/directory.hpp"

#include <algorithm>
#include <filesystem>
#include <string.h>
#include <system_error>

#include <fmt/format.h>

#include "core/system/log.hpp"
#include "sensors/attribute.hpp"

namespace edge {

Result<std::vector<std::string>> listDirectory(const std::string& path, std::string_view prefix) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        std::string name = entry->path().filename().string();
        if (name.starts_with(prefix)) names.push_back(std::move(name));
    }
    if (error) {
        const ReadFailure failure = explainErrno(error.value());
        return fail(failure.code, fmt::format("cannot list {}: {}", path, error.message()));
    }
    std::sort(names.begin(), names.end(), [](const std::string& left, const std::string& right) {
        return ::strverscmp(left.c_str(), right.c_str()) < 0;
    });
    return names;
}

std::string joinNames(const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

void ChoiceReport::chose(const std::vector<std::string>& all) {
    if (all.size() < 2 || said_ == all.front()) return;
    said_ = all.front();
    log::warning("sensor {}: there are {}; reads the first, set device to one of them to choose", sensor_,
                 joinNames(all));
}

}  // namespace edge
