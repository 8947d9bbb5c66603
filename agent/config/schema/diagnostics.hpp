// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace edge {

/// Collects the errors in the files of a configuration, so that a person can fix all of them at once.
class Diagnostics {
  public:
    /// `config` outlives it; its `files` and `locations` tell where the keys are.
    explicit Diagnostics(const Config& config) : config_(config) {}

    /// `path` as in Config::locations ("sensor[0].topic"); messages show "sensor.topic".
    void add(const std::string& path, const std::string& text);
    /// At a place that Config::locations does not have. `path` may be "".
    void addAt(const Location& location, const std::string& path, const std::string& text);

    /// Whether `path` has an error already. Checks that involve several keys skip those.
    [[nodiscard]] bool has(const std::string& path) const { return paths_.count(path) != 0; }
    [[nodiscard]] std::size_t count() const { return errors_.size(); }

    /// One line for each error, in the order of files and lines; after the first hundred, how many more there are.
    [[nodiscard]] std::string text() const;
    /// Throws ConfigError if there are errors.
    void throwIfAny() const;

  private:
    struct Diagnostic {
        Location location;
        std::string text;
    };
    const Config& config_;
    std::vector<Diagnostic> errors_;
    std::set<std::string> paths_;
};

/// Where `path` is set, else where its table is, else the first line of Config::file.
Location locationOf(const Config& config, const std::string& path);

/// "FILE:LINE", or "set over MQTT" for a value that is in no file.
std::string toString(const Location& location);

/// "sensor[0].topic" → "sensor.topic".
std::string withoutIndex(std::string_view path);

}  // namespace edge
