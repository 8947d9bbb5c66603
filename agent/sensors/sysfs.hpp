// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

// Reading what a driver says under /sys. Thread: a strand, all of it may block.
namespace edge {

/// What an errno of a sensor's file means.
struct ReadFailure {
    Errc code = Errc::kIo;
    bool isTransient = false;  ///< the same read may well succeed a moment later
    std::string_view advice;   ///< what to check; "" = nothing better than the errno's own text
};
[[nodiscard]] ReadFailure explainErrno(int error);

inline constexpr std::size_t kMaxAttributeBytes = 4096;
inline constexpr int kReadAttempts = 3;

/// The whole of a sysfs attribute or another small text file. A transient failure is read again at once, at most
/// kReadAttempts times in all, without a pause; further tries are the caller's, an interval later. Errors: kNotFound,
/// kPermission, kIo, and kFault for more than kMaxAttributeBytes, which no sensor writes.
Result<std::string> readAttribute(const std::string& path);

/// The one word that a `name`, `label` or `type` holds: trimmed, "" where it cannot be read.
std::string readWord(const std::string& path);

/// One whole number. Errors: as readAttribute(), and kFault where the attribute is something else.
Result<double> readWholeNumber(const std::string& path);

/// One decimal number. Errors: as readAttribute(), and kFault where the attribute is something else.
Result<double> readDecimal(const std::string& path);

/// The names in a directory that begin with `prefix`, in the order a person counts ("temp2" before "temp10"); none
/// where there is no such directory. Errors: kPermission, kIo.
Result<std::vector<std::string>> listDirectory(const std::string& path, std::string_view prefix = "");

}  // namespace edge
