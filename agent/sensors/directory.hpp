// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace edge {

/// The names in a directory that begin with `prefix`, in the order a person counts ("temp2" before "temp10"). Errors:
/// kNotFound, kPermission, kIo.
Result<std::vector<std::string>> listDirectory(const std::string& path, std::string_view prefix = "");

/// "a, b, c".
std::string joinNames(const std::vector<std::string>& names);

/// Says in the log, once for each different choice, which of several devices a sensor reads. Nothing where there was no
/// choice.
class ChoiceReport {
  public:
    explicit ChoiceReport(std::string sensor) : sensor_(std::move(sensor)) {}
    /// `all` are the candidates, `all.front()` the one that is read.
    void chose(const std::vector<std::string>& all);

  private:
    std::string sensor_;
    std::string said_;
};

}  // namespace edge
