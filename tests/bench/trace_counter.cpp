// SPDX-License-Identifier: MIT
// Counts instructions from what `qemu-aarch64-static -B BASE -d in_asm,exec,nochain` says: every block that is
// translated with its instructions, and every block that is executed. `trace_counter TRACE BASE`: the trace is read
// from there; on the standard input comes `begin`, which counts from zero, or `end PID`, answered with lines of
// instructions and library (from /proc/PID/maps) and an empty line. Both wait until nothing has come for a while.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr int kQuietMs = 500;

struct Block {
    std::uint64_t instructions = 0;
    std::uint64_t executions = 0;
};

class Trace {
  public:
    void feed(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::size_t end = bytes.find('\n');
            if (end == std::string_view::npos) {
                rest_.append(bytes);
                return;
            }
            if (rest_.empty()) {
                line(bytes.substr(0, end));
            } else {
                rest_.append(bytes.substr(0, end));
                line(rest_);
                rest_.clear();
            }
            bytes.remove_prefix(end + 1);
        }
    }

    void begin() {
        for (auto& [at, block] : blocks_) block.executions = 0;
    }

    /// The program's address 0 is at `base` of its emulator.
    void print(const std::string& pid, std::uint64_t base) const {
        struct Mapping {
            std::uint64_t end;
            std::string file;
        };
        std::map<std::uint64_t, Mapping> mappings;
        std::ifstream maps("/proc/" + pid + "/maps");
        for (std::string text; std::getline(maps, text);) {
            unsigned long from = 0;
            unsigned long to = 0;
            int name = 0;
            if (std::sscanf(text.c_str(), "%lx-%lx %*s %*s %*s %*s %n", &from, &to, &name) < 2) continue;
            mappings[from] = {to, text.substr(std::min(text.size(), static_cast<std::size_t>(name)))};
        }
        std::map<std::string, std::uint64_t> byFile;
        for (const auto& [at, block] : blocks_) {
            if (block.executions == 0) continue;
            auto it = mappings.upper_bound(at + base);
            const bool isKnown = it != mappings.begin() && at + base < (--it)->second.end;
            byFile[isKnown ? it->second.file : "?"] += block.executions * block.instructions;
        }
        for (const auto& [file, count] : byFile) std::printf("%lu %s\n", count, file.c_str());
        std::printf("\n");
        std::fflush(stdout);
    }

  private:
    void line(std::string_view text) {
        if (text.starts_with("Trace ")) {
            // Trace 0: 0x7f… [cs_base/pc/flags/cflags] symbol
            const std::size_t slash = text.find('/');
            if (slash != std::string_view::npos) ++blocks_[hex(text.substr(slash + 1))].executions;
            translated_ = nullptr;
        } else if (text.starts_with("0x")) {
            if (translated_ == nullptr) {
                translated_ = &blocks_[hex(text.substr(2))];
                translated_->instructions = 0;
            }
            ++translated_->instructions;
        } else {
            translated_ = nullptr;
        }
    }

    static std::uint64_t hex(std::string_view text) {
        return std::strtoull(std::string(text.substr(0, 16)).c_str(), nullptr, 16);
    }

    std::unordered_map<std::uint64_t, Block> blocks_;
    Block* translated_ = nullptr;  ///< the block whose instructions come just now
    std::string rest_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::uint64_t base = std::strtoull(argv[2], nullptr, 10);
    // For writing too, so that it does not end between two writers.
    const int trace = ::open(argv[1], O_RDWR | O_CLOEXEC);
    if (trace < 0) return 1;
    ::fcntl(trace, F_SETPIPE_SZ, 1 << 20);
    Trace counted;
    std::string buffer(1 << 20, '\0');
    const auto drain = [&](int patienceMs) {
        pollfd ready{trace, POLLIN, 0};
        while (::poll(&ready, 1, patienceMs) > 0) {
            const ssize_t got = ::read(trace, buffer.data(), buffer.size());
            if (got <= 0) return;
            counted.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
        }
    };
    while (true) {
        pollfd ready[2]{{trace, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (::poll(ready, 2, -1) < 0) return 1;
        if (ready[0].revents != 0) drain(0);
        if (ready[1].revents == 0) continue;
        std::string command;
        if (!std::getline(std::cin, command)) return 0;
        drain(kQuietMs);
        if (command == "begin") {
            counted.begin();
            std::printf("\n");
            std::fflush(stdout);
        } else {
            counted.print(command.substr(command.find(' ') + 1), base);
        }
    }
}
