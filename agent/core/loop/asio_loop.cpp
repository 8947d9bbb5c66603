// SPDX-License-Identifier: MIT
#include "core/loop/asio_loop.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <pthread.h>
#include <system_error>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "core/system/log.hpp"

namespace edge {

struct AsioLoop::Impl {
    explicit Impl(const Clock* theirs) : clock(theirs != nullptr ? *theirs : own) {}

    SystemClock own;
    const Clock& clock;
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

namespace {

/// Holds the task apart from Asio's handler: a timer that expired in the very turn in which it is cancelled has its
/// handler queued already, and must not run all the same.
class AsioTimerEntry : public Timer::Entry {
  public:
    AsioTimerEntry(asio::io_context& context, SteadyTime when, Task task)
        : task_(std::make_shared<Task>(std::move(task))), timer_(context, when) {
        timer_.async_wait([task = task_](const asio::error_code&) {
            if (*task) std::exchange(*task, nullptr)();
        });
    }

    void cancel() override {
        *task_ = nullptr;
        timer_.cancel();
    }

  private:
    std::shared_ptr<Task> task_;
    asio::steady_timer timer_;
};

/// Asio wants to own what it watches, so it gets a duplicate; both share one open file description.
class AsioFdWatch : public FdWatch {
  public:
    AsioFdWatch(asio::io_context& context, int fd, Task ready)
        : ready_(std::make_shared<Task>(std::move(ready))),
          descriptor_(std::make_shared<asio::posix::stream_descriptor>(context)) {
        const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0) throw std::system_error(errno, std::generic_category(), "cannot watch a descriptor");
        descriptor_->assign(copy);
        wait(descriptor_, ready_);
    }

    ~AsioFdWatch() override {
        *ready_ = nullptr;
        asio::error_code ignored;
        descriptor_->close(ignored);
    }

  private:
    using Descriptor = std::shared_ptr<asio::posix::stream_descriptor>;

    static void wait(const Descriptor& descriptor, const std::shared_ptr<Task>& ready) {
        descriptor->async_wait(Descriptor::element_type::wait_read, [descriptor, ready](const asio::error_code& error) {
            if (error || !*ready) return;
            const Task run = *ready;  // a copy: the task may destroy this watch
            run();
            if (*ready) wait(descriptor, ready);
        });
    }

    std::shared_ptr<Task> ready_;
    Descriptor descriptor_;
};

sigset_t toSet(const std::vector<int>& signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) sigaddset(&set, signal);
    return set;
}

}  // namespace

AsioLoop::AsioLoop() : impl_(std::make_unique<Impl>(nullptr)) {}
AsioLoop::AsioLoop(const Clock& clock) : impl_(std::make_unique<Impl>(&clock)) {}
AsioLoop::~AsioLoop() = default;

void AsioLoop::post(Task task) {
    asio::post(impl_->context, std::move(task));
}
const Clock& AsioLoop::clock() const {
    return impl_->clock;
}

Timer AsioLoop::at(SteadyTime when, Task task) {
    return Timer(std::make_unique<AsioTimerEntry>(impl_->context, when, std::move(task)));
}

std::unique_ptr<FdWatch> AsioLoop::watch(int fd, Task ready) {
    return std::make_unique<AsioFdWatch>(impl_->context, fd, std::move(ready));
}

void AsioLoop::run() {
    impl_->context.restart();
    impl_->context.run();
}

void AsioLoop::stop() {
    impl_->context.stop();
}

void blockSignals(const std::vector<int>& signals) {
    const sigset_t set = toSet(signals);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalWatch::SignalWatch(Loop& loop, const std::vector<int>& signals, Handler handler) {
    const sigset_t set = toSet(signals);
    fd_.reset(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd_) throw std::system_error(errno, std::generic_category(), "cannot watch signals");
    watch_ = loop.watch(fd_.get(), [fd = fd_.get(), handler = std::move(handler)] {
        signalfd_siginfo info{};
        while (::read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            handler(static_cast<int>(info.ssi_signo));
        }
    });
}

}  // namespace edge
