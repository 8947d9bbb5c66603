// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/result.hpp"

namespace edge {

/// Whether the same read may well succeed a moment later.
enum class Retry : bool { kNo, kYes };

/// What an errno of a sensor's file means.
struct ReadFailure {
    Errc code = Errc::kIo;
    Retry retry = Retry::kNo;
    std::string advice;  ///< what to look at; "" = nothing better than the errno's own text
};
[[nodiscard]] ReadFailure explainErrno(int error);

/// The whole of a sysfs attribute or another small text file. A transient failure is read again at once, at most
/// kReadAttempts times in all, without a pause; further tries are the caller's, an interval later. Errors: kNotFound,
/// kPermission, kIo, and kFault for more than kMaxAttributeBytes, which no sensor writes. The message names the path,
/// the reason and what to look at. Thread: a strand, it may block.
Result<std::string> readAttribute(const std::string& path);

inline constexpr std::size_t kMaxAttributeBytes = 4096;
inline constexpr int kReadAttempts = 3;

/// readAttribute() for the one word that a `name`, `label` or `type` holds: trimmed, "" where it cannot be read.
std::string readWord(const std::string& path);

/// An attribute that is one whole number of thousandths of a degree, in degrees Celsius. Errors: as readAttribute(),
/// and kFault where it is something else.
Result<double> readMilliCelsius(const std::string& path);

/// An attribute that is one decimal number. Errors: as readAttribute(), and kFault where it is something else.
Result<double> readDecimal(const std::string& path);

}  // namespace edge
