// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace edge {

/// Collects what is wrong with one configuration file, so that a person repairs it in one go.
class Mistakes {
  public:
    explicit Mistakes(std::string file) : file_(std::move(file)) {}

    /// `key` is a path as in Config::lines ("sensor[0].topic"; "" where no key is concerned); people see
    /// "sensor.topic".
    void add(int line, const std::string& key, std::string text);

    /// Whether `key` has been complained about: checks between keys leave it alone then.
    [[nodiscard]] bool has(const std::string& key) const { return keys_.count(key) != 0; }
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] std::size_t count() const { return all_.size(); }

    /// One line each, in the order of the lines; of very many, the first hundred and how many more there are.
    [[nodiscard]] std::string text() const;

  private:
    struct Mistake {
        int line;
        std::string text;
    };
    std::string file_;
    std::vector<Mistake> all_;
    std::set<std::string> keys_;
};

/// "sensor[0].topic" → "sensor.topic".
std::string shownKey(std::string_view path);

}  // namespace edge
