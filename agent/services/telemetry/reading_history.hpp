// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>

#include "core/loop/scope.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// The command `readings`: what the journal has of them, with journal.readings = "all".
class ReadingHistory : Service {
  public:
    static constexpr std::size_t kMaxWaiting = 4;

    /// `strand` reads the journal's file, beside the journal's own.
    ReadingHistory(const ServiceContext& context, std::shared_ptr<Executor> strand)
        : Service(context), strand_(std::move(strand)) {}

    void list(const Command& command, OutcomeHandler done);

  private:
    std::shared_ptr<Executor> strand_;
    std::size_t waiting_ = 0;
    Scope scope_;
};

}  // namespace edge
