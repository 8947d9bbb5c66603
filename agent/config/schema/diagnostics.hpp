// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace edge {

/// Collects the errors in one configuration file, so that a person can fix all of them at once.
class Diagnostics {
  public:
    /// `config` outlives it; its `file` and `lines` tell where the keys are.
    explicit Diagnostics(const Config& config) : config_(config) {}

    /// `path` as in Config::lines ("sensor[0].topic"); messages show "sensor.topic".
    void add(const std::string& path, const std::string& text);
    /// With a line that Config::lines does not have. `path` may be "".
    void addAt(int line, const std::string& path, const std::string& text);

    /// Whether `path` has an error already. Checks that involve several keys skip those.
    [[nodiscard]] bool has(const std::string& path) const { return paths_.count(path) != 0; }
    [[nodiscard]] std::size_t count() const { return errors_.size(); }

    /// One line for each error, in the order of the lines; after the first hundred, how many more there are.
    [[nodiscard]] std::string text() const;
    /// Throws ConfigError if there are errors.
    void throwIfAny() const;

  private:
    struct Diagnostic {
        int line;
        std::string text;
    };
    const Config& config_;
    std::vector<Diagnostic> errors_;
    std::set<std::string> paths_;
};

/// The line on which the file sets `path`, else that of its table, else 1.
int lineOf(const Config& config, const std::string& path);

/// "sensor[0].topic" → "sensor.topic".
std::string withoutIndex(std::string_view path);

}  // namespace edge
