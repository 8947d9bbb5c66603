// SPDX-License-Identifier: MIT
#include "integration/support/temp_dir.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace edge {

TempDir::TempDir() {
    path_ = (std::filesystem::temp_directory_path() / "edge-test-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) throw std::system_error(errno, std::generic_category(), path_);
}

TempDir::~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(std::string_view name, std::string_view content) const {
    std::string where = file(name);
    std::ofstream stream(where, std::ios::binary | std::ios::trunc);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    stream.close();
    if (!stream || chmod(where.c_str(), 0600) != 0) throw std::system_error(errno, std::generic_category(), where);
    return where;
}

}  // namespace edge
