// SPDX-License-Identifier: MIT
#include "services/commands/doctor_command.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace edge {

DoctorCommand::DoctorCommand(Loop& loop, const Config& config, std::string program)
    : loop_(loop), config_(config), program_(std::move(program)) {}

void DoctorCommand::run(OutcomeHandler done) {
    if (child_) {
        return done(Outcome::failure(
            ReplyCode::kBusy,
            "the doctor is at work already; send the command again after its report, with another transaction"));
    }
    output_ = UniqueFd(::memfd_create("doctor", MFD_CLOEXEC));
    auto child = ChildProcess::start(loop_, program_, {"doctor", "--json", "--config", config_.file},
                                     {output_.get(), STDOUT_FILENO},
                                     [this](const ExitStatus& status) { finish(report(status)); });
    if (!child) return done(Outcome::failure(ReplyCode::kInternal, child.error().message));
    done_ = std::move(done);
    child_ = std::move(*child);
    limit_ = loop_.after(kLimit + config_.camera.timeout, [this] {
        child_->kill();
        finish(Outcome::failure(ReplyCode::kInternal, "the doctor did not finish in time; run it on the device"));
    });
}

void DoctorCommand::shutDown() {
    if (!child_) return;
    child_->kill();
    finish(Outcome::stopping());
}

void DoctorCommand::finish(const Outcome& outcome) {
    limit_.cancel();
    child_.reset();
    output_.reset();
    std::exchange(done_, nullptr)(outcome);
}

Outcome DoctorCommand::report(const ExitStatus& status) const {
    std::string text(kMaxBytes + 1, '\0');
    const ssize_t bytes = ::pread(output_.get(), text.data(), text.size(), 0);
    text.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
    if (text.size() > kMaxBytes)
        return Outcome::failure(ReplyCode::kTooLarge,
                                "the report is too long for a reply; run the doctor on the device");
    const auto json = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (json.is_object()) return Outcome::success(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return Outcome::failure(ReplyCode::kInternal, fmt::format("the doctor {} without a report", toString(status)));
}

}  // namespace edge
