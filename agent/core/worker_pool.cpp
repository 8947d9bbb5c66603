// SPDX-License-Identifier: MIT
#include "core/worker_pool.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace edge {

namespace {

/// An idle thread costs a stack; a new one costs 20 µs. Sensors are read every two seconds.
constexpr seconds kIdleLimit{30};

}  // namespace

/// One lock for everything: tasks are milliseconds long and a few a second.
struct WorkerPool::State : std::enable_shared_from_this<WorkerPool::State> {
    struct Strand : Executor, std::enable_shared_from_this<Strand> {
        Strand(std::weak_ptr<State> owner, std::string strandName, seconds limit)
            : pool(std::move(owner)), name(std::move(strandName)), stallLimit(limit) {}

        void post(Task task) override {
            if (const auto state = pool.lock()) state->enqueue(shared_from_this(), std::move(task));
        }

        const std::weak_ptr<State> pool;
        const std::string name;
        const seconds stallLimit;
        // Below: under the pool's lock.
        std::deque<Task> tasks;
        bool isScheduled = false;  ///< in `ready`, or a thread works on it
        std::optional<SteadyTime> runningSince;
    };

    void enqueue(const std::shared_ptr<Strand>& strand, Task task) {
        const std::lock_guard lock(mutex);
        if (isStopping) return;
        strand->tasks.push_back(std::move(task));
        if (strand->isScheduled) return;
        strand->isScheduled = true;
        ready.push_back(strand);
        if (ready.size() <= idleThreads) {
            wake.notify_one();
        } else {
            joinLeaving();
            const std::uint64_t id = ++lastId;
            running.emplace(id, std::thread([self = shared_from_this(), id] { self->work(id); }));
        }
    }

    void work(std::uint64_t id) {
        std::unique_lock lock(mutex);
        while (true) {
            ++idleThreads;
            const bool hasWork = wake.wait_for(lock, kIdleLimit, [this] { return isStopping || !ready.empty(); });
            --idleThreads;
            if (!hasWork || ready.empty()) break;
            const auto strand = ready.front();
            ready.pop_front();
            runOne(*strand, lock);
            if (strand->tasks.empty()) {
                strand->isScheduled = false;
            } else {
                ready.push_back(strand);
            }
        }
        if (auto self = running.extract(id); !self.empty()) leaving.push_back(std::move(self.mapped()));
        ended.notify_all();
    }

    /// They have only to return. Under the lock.
    void joinLeaving() {
        for (std::thread& thread : leaving) thread.join();
        leaving.clear();
    }

    static void runOne(Strand& strand, std::unique_lock<std::mutex>& lock) {
        Task task = std::move(strand.tasks.front());
        strand.tasks.pop_front();
        strand.runningSince = std::chrono::steady_clock::now();
        lock.unlock();
        task();
        task = nullptr;  // what it holds goes before the strand counts as free
        lock.lock();
        strand.runningSince.reset();
    }

    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable ended;
    std::deque<std::shared_ptr<Strand>> ready;
    std::vector<std::weak_ptr<Strand>> strands;
    std::map<std::uint64_t, std::thread> running;
    std::vector<std::thread> leaving;
    std::uint64_t lastId = 0;
    std::size_t idleThreads = 0;
    bool isStopping = false;
};

WorkerPool::WorkerPool() : state_(std::make_shared<State>()) {}

WorkerPool::~WorkerPool() {
    std::unique_lock lock(state_->mutex);
    state_->isStopping = true;
    state_->wake.notify_all();
    state_->ended.wait_for(lock, kShutdownLimit, [this] { return state_->running.empty(); });
    // Joined, so that what libraries keep for each thread is gone before their own clean-up at the end of the process.
    state_->joinLeaving();
    // A thread inside a device that never answers cannot be ended; it keeps the shared state alive, nothing else.
    for (auto& [id, thread] : state_->running) thread.detach();
    state_->running.clear();
}

std::shared_ptr<Executor> WorkerPool::makeStrand(std::string name, seconds stallLimit) {
    auto strand = std::make_shared<State::Strand>(state_, std::move(name), stallLimit);
    const std::lock_guard lock(state_->mutex);
    state_->strands.push_back(strand);
    return strand;
}

std::optional<std::string> WorkerPool::stalledStrand() const {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(state_->mutex);
    for (const auto& weak : state_->strands) {
        const auto strand = weak.lock();
        if (strand && strand->runningSince && now - *strand->runningSince > strand->stallLimit) return strand->name;
    }
    return std::nullopt;
}

}  // namespace edge
