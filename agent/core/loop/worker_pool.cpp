// SPDX-License-Identifier: MIT
#include "core/loop/worker_pool.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/system/log.hpp"

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

        [[nodiscard]] bool isPastLimit(SteadyTime now) const { return now - since > stallLimit; }

        const std::weak_ptr<State> pool;
        const std::string name;
        const seconds stallLimit;
        // Below: under the pool's lock.
        std::deque<Task> tasks;
        bool isScheduled = false;  ///< in `ready`, or in `busy`
        SteadyTime since{};        ///< in `ready`, or in `busy`, since then
    };

    explicit State(std::size_t limit) : maxThreads(limit) {}

    void enqueue(const std::shared_ptr<Strand>& strand, Task task) {
        const std::lock_guard lock(mutex);
        if (isStopping) return;
        strand->tasks.push_back(std::move(task));
        if (!strand->isScheduled) schedule(strand);
        if (ready.empty()) return;  // the thread that works on it goes on with this
        if (ready.size() <= idleThreads + startingThreads) {
            wake.notify_one();
        } else if (running.size() < maxThreads) {
            startThread();
        }
    }

    /// Under the lock, as all below.
    void schedule(const std::shared_ptr<Strand>& strand) {
        strand->isScheduled = true;
        strand->since = std::chrono::steady_clock::now();
        ready.push_back(strand);
    }

    /// Where the system refuses (EAGAIN: a limit of the unit, the user or the kernel), the strand waits for a thread
    /// that is there, or for the next post.
    void startThread() {
        joinLeaving();
        const std::uint64_t id = ++lastId;
        try {
            running.emplace(id, std::thread([self = shared_from_this(), id] { self->work(id); }));
            ++startingThreads;
            isRefused = false;
        } catch (const std::system_error& error) {
            if (std::exchange(isRefused, true)) return;
            log::error("cannot start a thread: {}; there are {}, raise the limit (TasksMax= in the unit, ulimit -u)",
                       error.code().message(), running.size());
        }
    }

    void work(std::uint64_t id) {
        std::unique_lock lock(mutex);
        --startingThreads;
        while (!isAbandoned) {
            ++idleThreads;
            const bool hasWork = wake.wait_for(lock, kIdleLimit, [this] { return isStopping || !ready.empty(); });
            --idleThreads;
            if (!hasWork || ready.empty()) break;
            const auto strand = ready.front();
            ready.pop_front();
            busy.insert(strand);
            runOne(*strand, lock);
            busy.erase(strand);
            strand->isScheduled = false;
            if (!strand->tasks.empty()) schedule(strand);
        }
        if (auto self = running.extract(id); !self.empty()) leaving.push_back(std::move(self.mapped()));
        ended.notify_all();
    }

    /// They have only to return.
    void joinLeaving() {
        for (std::thread& thread : leaving) thread.join();
        leaving.clear();
    }

    static void runOne(Strand& strand, std::unique_lock<std::mutex>& lock) {
        Task task = std::move(strand.tasks.front());
        strand.tasks.pop_front();
        strand.since = std::chrono::steady_clock::now();
        lock.unlock();
        task();
        task = nullptr;  // what it holds goes before the strand counts as free
        lock.lock();
    }

    const std::size_t maxThreads;
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable ended;
    std::deque<std::shared_ptr<Strand>> ready;
    std::set<std::shared_ptr<Strand>> busy;
    std::map<std::uint64_t, std::thread> running;
    std::vector<std::thread> leaving;
    std::uint64_t lastId = 0;
    std::size_t startingThreads = 0;  ///< of `running`, not yet waiting for work
    std::size_t idleThreads = 0;
    bool isRefused = false;  ///< the last thread could not be started
    bool isStopping = false;
    bool isAbandoned = false;  ///< what still runs is left to itself
};

WorkerPool::WorkerPool(std::size_t maxThreads) : state_(std::make_shared<State>(maxThreads)) {}

WorkerPool::~WorkerPool() {
    std::unique_lock lock(state_->mutex);
    state_->isStopping = true;
    state_->wake.notify_all();
    state_->ended.wait_for(lock, kShutdownLimit, [this] { return state_->running.empty(); });
    // Joined, so that what libraries keep for each thread is gone before their own clean-up at the end of the process.
    state_->joinLeaving();
    // A thread inside a device that never answers cannot be ended; it keeps the shared state alive, nothing else.
    state_->isAbandoned = true;
    for (auto& [id, thread] : state_->running) thread.detach();
    state_->running.clear();
}

std::shared_ptr<Executor> WorkerPool::makeStrand(std::string name, seconds stallLimit) {
    return std::make_shared<State::Strand>(state_, std::move(name), stallLimit);
}

std::optional<std::string> WorkerPool::stalledStrand() const {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(state_->mutex);
    for (const auto& strand : state_->busy) {
        if (strand->isPastLimit(now)) return strand->name;
    }
    const bool isWithoutThread = state_->running.empty() && !state_->ready.empty();
    if (isWithoutThread && state_->ready.front()->isPastLimit(now)) return state_->ready.front()->name;
    return std::nullopt;
}

}  // namespace edge
