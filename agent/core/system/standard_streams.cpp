// SPDX-License-Identifier: MIT
#include "core/system/standard_streams.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <streambuf>
#include <string>

#include <fmt/core.h>

#include "core/system/files.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::size_t kBufferBytes = 16 << 10;

}  // namespace

class StandardOutput::Buffer : public std::streambuf {
  public:
    [[nodiscard]] int error() const { return error_; }

  protected:
    int_type overflow(int_type character) override {
        if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
        const char c = traits_type::to_char_type(character);
        return xsputn(&c, 1) == 1 ? character : traits_type::eof();
    }
    std::streamsize xsputn(const char* text, std::streamsize count) override {
        pending_.append(text, static_cast<std::size_t>(count));
        return pending_.size() < kBufferBytes || sync() == 0 ? count : 0;
    }
    int sync() override {
        if (error_ == 0) error_ = writeAll(STDOUT_FILENO, pending_);
        pending_.clear();
        return error_ == 0 ? 0 : -1;
    }

  private:
    std::string pending_;
    int error_ = 0;
};

StandardOutput::StandardOutput() : std::ostream(nullptr), buffer_(std::make_unique<Buffer>()) {
    rdbuf(buffer_.get());
}

StandardOutput::~StandardOutput() = default;

Result<void> StandardOutput::finish() {
    flush();
    if (buffer_->error() == 0) return {};
    return failSystem("cannot write to standard output", buffer_->error());
}

bool isStandardOutput(const std::string& path) {
    struct stat file {};
    struct stat output {};
    if (path == "-") return true;
    return ::stat(path.c_str(), &file) == 0 && ::fstat(STDOUT_FILENO, &output) == 0 && file.st_dev == output.st_dev &&
           file.st_ino == output.st_ino;
}

bool isJournalReading() {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return false;
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

void report(std::string_view text) {
    std::string lines;
    const std::string_view prefix = isJournalReading() ? "<3>" : "";  // sd-daemon.h
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines += fmt::format("{}{}\n", prefix, printableLines(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    (void)writeAll(STDERR_FILENO, lines);
}

void keepStandardStreams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF) (void)::open("/dev/null", O_RDONLY);
    }
}

}  // namespace edge
