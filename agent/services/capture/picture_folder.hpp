// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/result.hpp"
#include "services/capture/picture_publisher.hpp"

namespace edge {

/// Pictures that wait for a connection, in a folder of bounded size: NUMBER.jpg next to its description,
/// NUMBER.json. A picture exists when its .jpg does, which is written last. Thread: one strand; blocks.
class PictureFolder {
  public:
    /// Touches nothing yet.
    explicit PictureFolder(std::string path) : path_(std::move(path)) {}

    struct Stored {
        std::uint64_t number = 0;
        PicturePost post;
    };

    /// Keeps a picture; all together have at most `maxBytes`. Returns how many older ones had to go for it. Errors:
    /// kTooLarge (it alone is over the limit), kIo.
    Result<std::size_t> add(const PicturePost& post, std::int64_t maxBytes);
    /// The oldest one that can be read; those that cannot are removed.
    std::optional<Stored> oldest();
    void remove(std::uint64_t number);
    [[nodiscard]] std::size_t count() const { return list().size(); }

  private:
    /// Number and size of complete pictures, oldest first.
    [[nodiscard]] std::map<std::uint64_t, std::int64_t> list() const;
    [[nodiscard]] std::string nameOf(std::uint64_t number, const char* kind) const;

    std::string path_;
};

}  // namespace edge
