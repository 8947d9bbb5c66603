// SPDX-License-Identifier: MIT
#include "services/capture/image_description.hpp"

#include <fmt/core.h>

#include "services/commands/reply.hpp"

namespace edge {

std::string formatDescription(const ImageDescription& description, const Picture& picture) {
    std::string json =
        fmt::format(R"({{"id":{},"time":"{}","width":{},"height":{},"bytes":{},"quality":{},"trigger":{})",
                    jsonString(description.id), formatRfc3339(picture.exposureStart), picture.width, picture.height,
                    description.bytes, picture.quality, jsonString(description.trigger));
    if (!description.transaction.empty())
        json += fmt::format(R"(,"transaction":{})", jsonString(description.transaction));
    if (!picture.reduced.empty()) json += fmt::format(R"(,"reduced":{})", jsonString(picture.reduced));
    return json + "}";
}

}  // namespace edge
