// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.hpp"
#include "mqtt/net/resolver.hpp"

namespace edge {

/// Answers from a table, on the loop; a host that is not in it is its own address. A host in `silent` is never
/// answered.
class FakeResolver : public Resolver {
  public:
    explicit FakeResolver(Executor& loop) : loop_(loop) {}

    void resolve(const std::string& host, Handler done) override {
        asked.push_back(host);
        if (silent.contains(host)) {
            silent[host].push_back(std::move(done));
            return;
        }
        const auto it = answers.find(host);
        const auto answer = it == answers.end() ? Result<std::vector<std::string>>({host}) : it->second;
        loop_.post([done = std::move(done), answer] { done(answer); });
    }

    std::map<std::string, Result<std::vector<std::string>>> answers;
    std::map<std::string, std::vector<Handler>> silent;  ///< and who waits for them
    std::vector<std::string> asked;

  private:
    Executor& loop_;
};

}  // namespace edge
