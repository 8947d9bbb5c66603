// SPDX-License-Identifier: MIT
#include "services/image_description.hpp"

#include <nlohmann/json.hpp>

namespace edge {

std::string formatDescription(const ImageDescription& description, const Picture& picture) {
    nlohmann::ordered_json json{{"id", description.id},           {"time", formatRfc3339(picture.exposureStart)},
                                {"width", picture.width},         {"height", picture.height},
                                {"bytes", picture.jpeg.size()},   {"quality", picture.quality},
                                {"trigger", description.trigger}, {"sha256", description.sha256}};
    if (!description.transaction.empty()) json["transaction"] = description.transaction;
    if (!picture.reduced.empty()) json["reduced"] = picture.reduced;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace edge
