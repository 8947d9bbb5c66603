// SPDX-License-Identifier: MIT
#pragma once

#include "config/config.hpp"
#include "config/schema/mistakes.hpp"

/// What no key alone can get wrong. Keys that have a mistake of their own already are left out of these.
namespace edge {

/// Limits that cross, halves of pairs, names and GPIO lines taken twice.
void checkKeysTogether(const Config& config, Mistakes& mistakes);

/// `{id}` is replaced already: no topic too long, none published by two parts, none both published and listened to.
void checkTopics(const Config& config, Mistakes& mistakes);

/// The line on which the file sets `path`, else that of its table, else 1.
int lineOf(const Config& config, const std::string& path);

}  // namespace edge
