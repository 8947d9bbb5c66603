// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "journal/records.hpp"

namespace edge {

/// The names of the columns of toTextLine().
std::string textHeader();

/// One row of a table for a person: local time, kind, name, result, details. "?" after the time: the clock was not
/// synchronised. Whatever a payload holds, the line is printable.
std::string toTextLine(const JournalRow& row);

/// One JSON object, always valid UTF-8: a text that is not shows its bad bytes as U+FFFD, and a payload is then also
/// there as `payload_hex`. What does not print is escaped, as JSON does.
std::string toJsonLine(const JournalRow& row);

}  // namespace edge
