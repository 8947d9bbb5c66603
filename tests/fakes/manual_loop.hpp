// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "core/loop/loop.hpp"

namespace edge {

/// A clock that only moves when it is told to.
class ManualClock : public Clock {
  public:
    [[nodiscard]] SteadyTime now() const override { return steady; }
    [[nodiscard]] WallTime wallNow() const override { return wall; }
    [[nodiscard]] ClockState wallState() const override { return state; }

    SteadyTime steady{seconds{1000}};
    WallTime wall{seconds{1'795'000'000}};  // 2026-11-18T11:06:40Z
    ClockState state = ClockState::kSynchronised;
};

/// A loop without a thread: tasks run when the test says so, timers when the test moves the clock. Also serves as
/// strand.
class ManualLoop : public Loop {
  public:
    void post(Task task) override { queue_.push_back(std::move(task)); }
    [[nodiscard]] const Clock& clock() const override { return clock_; }

    [[nodiscard]] Timer at(SteadyTime when, Task task) override {
        auto entry = std::make_shared<Scheduled>(Scheduled{std::move(task)});
        timers_.emplace(when, entry);
        return Timer(std::make_unique<Handle>(entry));
    }

    [[nodiscard]] std::unique_ptr<FdWatch> watch(int fd, Task ready) override {
        auto watch = std::make_unique<Watch>();
        watch->owner = &watches_;
        watch->fd = fd;
        watches_[fd] = std::move(ready);
        return watch;
    }

    /// Runs everything that was posted, and what that posts.
    void runPending() {
        while (!queue_.empty()) {
            Task task = std::move(queue_.front());
            queue_.pop_front();
            task();
        }
    }

    /// Moves both clocks forward, running every timer at its own time, in order.
    void advance(nanoseconds by) {
        runPending();
        const SteadyTime end = clock_.steady + std::chrono::duration_cast<SteadyTime::duration>(by);
        while (!timers_.empty() && timers_.begin()->first <= end) {
            auto [when, entry] = *timers_.begin();
            timers_.erase(timers_.begin());
            moveTo(std::max(when, clock_.steady));
            if (entry->task) std::exchange(entry->task, nullptr)();
            runPending();
        }
        moveTo(end);
    }

    /// As if `fd` had become ready.
    void makeReady(int fd) {
        if (auto it = watches_.find(fd); it != watches_.end()) Task(it->second)();
        runPending();
    }

    ManualClock& manualClock() { return clock_; }
    [[nodiscard]] std::size_t pendingTasks() const { return queue_.size(); }
    [[nodiscard]] bool isWatched(int fd) const { return watches_.contains(fd); }

  private:
    struct Scheduled {
        Task task;
    };
    struct Handle : Timer::Entry {
        explicit Handle(std::shared_ptr<Scheduled> scheduled) : entry(std::move(scheduled)) {}
        void cancel() override { entry->task = nullptr; }
        std::shared_ptr<Scheduled> entry;
    };
    struct Watch : FdWatch {
        ~Watch() override { owner->erase(fd); }
        std::map<int, Task>* owner = nullptr;
        int fd = -1;
    };

    void moveTo(SteadyTime when) {
        clock_.wall += std::chrono::duration_cast<WallTime::duration>(when - clock_.steady);
        clock_.steady = when;
    }

    ManualClock clock_;
    std::deque<Task> queue_;
    std::multimap<SteadyTime, std::shared_ptr<Scheduled>> timers_;
    std::map<int, Task> watches_;
};

}  // namespace edge
