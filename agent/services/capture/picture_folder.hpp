// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "services/capture/picture_publisher.hpp"

namespace edge {

/// Pictures that wait for a connection, in a folder of bounded size: NUMBER.jpg beside NUMBER.json. A picture is there
/// when its .jpg is, which is written last. Thread: one strand; blocks.
class PictureFolder {
  public:
    /// Touches nothing yet. `maxBytes` is of all pictures together.
    PictureFolder(std::string path, std::int64_t maxBytes);

    struct Stored {
        std::uint64_t number = 0;
        int attempts = 0;  ///< to send it, that ended with the connection
        PicturePost post;
    };

    void setMaxBytes(std::int64_t maxBytes) { maxBytes_ = maxBytes; }
    /// Keeps a picture. The answer: how many older ones had to go for it. Errors: kTooLarge (over the whole limit),
    /// kIo.
    Result<std::size_t> add(const PicturePost& post);
    /// The oldest one that can be read; what cannot is removed.
    std::optional<Stored> oldest();
    void remove(std::uint64_t number);
    /// Writes down that sending it was tried once more.
    void countAttempt(const Stored& stored);
    [[nodiscard]] std::size_t count();

  private:
    struct File {
        std::uint64_t number = 0;
        std::int64_t bytes = 0;
    };

    /// Complete pictures, oldest first.
    [[nodiscard]] std::vector<File> list() const;
    [[nodiscard]] std::string nameOf(std::uint64_t number, const char* kind) const;

    std::string path_;
    std::int64_t maxBytes_;
};

}  // namespace edge
