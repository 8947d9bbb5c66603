// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "config/config.hpp"
#include "core/loop/child_process.hpp"
#include "core/loop/loop.hpp"
#include "services/commands/reply.hpp"

namespace edge {

/// The command `doctor`: runs `pi-edge-agent doctor --json` as a child, so that a check that hangs takes no thread of
/// the agent's, and what the checks load goes with it. Thread: the loop's.
class DoctorCommand {
  public:
    /// Beyond camera.timeout: what the doctor takes at most, and some more.
    static constexpr seconds kLimit{200};
    /// Of the report. It has some thousand bytes.
    static constexpr std::size_t kMaxBytes = std::size_t{64} << 10;

    /// `config` must outlive it. `program` is this very program, but for tests.
    DoctorCommand(Loop& loop, const Config& config, std::string program = "/proc/self/exe");

    /// `done` gets the report; kBusy while another one runs, kInternal where there is none in time.
    void run(OutcomeHandler done);
    /// Ends the one that runs.
    void shutDown();

  private:
    void finish(const Outcome& outcome);
    [[nodiscard]] Outcome report(const ExitStatus& status) const;

    Loop& loop_;
    const Config& config_;
    const std::string program_;
    OutcomeHandler done_;
    UniqueFd output_;
    std::unique_ptr<ChildProcess> child_;
    Timer limit_;
};

}  // namespace edge
