// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/loop.hpp"
#include "core/result.hpp"

namespace edge {

/// Turns a host name into numeric addresses without ever blocking the loop. Thread: the loop's, callbacks too.
class Resolver {
  public:
    using Handler = std::function<void(Result<std::vector<std::string>>)>;
    virtual ~Resolver() = default;
    /// `done` is called exactly once, never inside this call, in the order the system prefers (RFC 6724). A numeric
    /// host comes back as it is. The message of an error names the host and says what to do.
    virtual void resolve(const std::string& host, Handler done) = 0;
};

/// Makes a strand; `name` is for the log.
using StrandFactory = std::function<std::shared_ptr<Executor>(const std::string& name)>;

/// getaddrinfo, on one strand for each host, so that a name whose servers do not answer never delays another. A look-up
/// in progress is joined, not repeated. A strand can be busy for minutes (three dead name servers): give it a stall
/// limit to match. `loop` must outlive the tasks of the strands.
std::unique_ptr<Resolver> makeSystemResolver(Loop& loop, StrandFactory makeStrand);

}  // namespace edge
