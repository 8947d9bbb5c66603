// SPDX-License-Identifier: MIT
#include <grp.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include <fmt/core.h>

#include "core/loop/asio_loop.hpp"
#include "core/loop/worker_pool.hpp"
#include "journal/command.hpp"
#include "journal/journal.hpp"

namespace edge {
namespace {

/// One write(2): what a process that is killed has said is whole lines.
void say(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(STDOUT_FILENO, text.data(), text.size()) < 0) std::exit(1);
}

/// Numbers commands from `first`, several at a time, and says each number once the journal says that it is on the disk.
class Writer {
  public:
    Writer(const std::string& path, long first) : next_(first) {
        config_.path = path;
        config_.flush = milliseconds{20};
        config_.maxSizeBytes = 64 << 20;
        journal_ =
            std::make_unique<Journal>(loop_, pool_.makeStrand("journal"), config_, "00112233445566778899aabbccddeeff");
    }

    int run() {
        const SignalWatch end(loop_, {SIGTERM}, [this](int) { journal_->close([this] { loop_.stop(); }); });
        journal_->open([this](const Result<JournalSnapshot>& opened) {
            if (!opened || !opened->warning.empty()) {
                say("open: " + (opened ? opened->warning : opened.error().message));
                return loop_.stop();
            }
            say("open");
            for (int i = 0; i < 3; ++i) recordNext();
        });
        loop_.run();
        journal_.reset();
        return 0;
    }

  private:
    void recordNext() {
        const long number = next_++;
        ReadingRecord reading;
        reading.time = loop_.clock().wallNow();
        reading.sensor = "room";
        reading.seq = static_cast<std::uint64_t>(number);
        reading.value = static_cast<double>(number);
        journal_->record(reading);
        journal_->record(
            CommandRecord{loop_.clock().wallNow(), "command", std::to_string(number), "start", "ok", "", ""},
            [this, number] {
                if (!journal_->health().writable) return;
                say(std::to_string(number));
                recordNext();
            });
    }

    AsioLoop loop_;
    WorkerPool pool_;
    JournalConfig config_;
    std::unique_ptr<Journal> journal_;
    long next_;
};

/// As a user who may read through a group, and nothing else.
bool becomeGroupMember(gid_t group) {
    constexpr uid_t kNobody = 65534;
    return ::setgroups(1, &group) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0;
}

int use(int argc, char** argv) {
    const std::string mode = argc > 2 ? argv[1] : "";
    if (mode == "write" && argc == 4) return Writer(argv[2], std::atol(argv[3])).run();
    if (mode == "read" || mode == "follow") {
        if (argc == 4 && !becomeGroupMember(static_cast<gid_t>(std::atol(argv[3])))) return 3;
        JournalCommandOptions options;
        options.path = argv[2];
        options.json = true;
        options.follow = mode == "follow";
        return runJournalCommand(options, std::cout, std::cerr);
    }
    std::cerr << "journal_tool write PATH FIRST | read PATH [GROUP] | follow PATH\n";
    return 2;
}

}  // namespace
}  // namespace edge

int main(int argc, char** argv) {
    edge::blockSignals({SIGTERM});
    return edge::use(argc, argv);
}
