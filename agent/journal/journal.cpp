// SPDX-License-Identifier: MIT
#include "journal/journal.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "core/loop/scope.hpp"
#include "core/system/log.hpp"
#include "journal/backlog.hpp"
#include "journal/store/store.hpp"
#include "journal/write_buffer.hpp"

namespace edge {
namespace {

constexpr std::size_t kReadingsPerFlush = 64;
constexpr std::size_t kMaxPayloadBytes = 64 << 10;
constexpr seconds kRetryPause{30};
constexpr std::chrono::hours kDropLogPause{1};
/// One commit: the WAL grows by as much.
constexpr std::int64_t kMaxBatchBytes = 512 << 10;

void addToIds(WriteBatch& batch, std::int64_t offset) {
    const auto add = [offset](auto& rows) {
        for (auto& row : rows) row.stamp.id += offset;
    };
    add(batch.commands);
    add(batch.captures);
    add(batch.events);
    add(batch.readings);
    add(batch.state.transactions);
    for (std::int64_t& id : batch.delivered) id += offset;
}

}  // namespace

struct Journal::Impl {
    Impl(Loop& l, std::shared_ptr<Executor> s, JournalConfig c, std::string boot)
        : loop(l),
          config(std::move(c)),
          bootId(std::move(boot)),
          strand(std::move(s)),
          store(std::make_shared<JournalStore>(config)),
          backlog(config.readings),
          expiry(loop.clock()) {}

    /// Runs `work(JournalStore&)` on the strand, then `then(what it returned)` on the loop.
    template <typename Work, typename Then>
    void onStore(Work work, Then then) {
        runOn(
            *strand, loop, scope, [store = store, work = std::move(work)] { return work(*store); }, std::move(then));
    }

    // ---- opening

    void open(std::function<void(Result<JournalSnapshot>)> done) {
        isBusy = true;
        onStore([](JournalStore& target) { return target.open(); },
                [this, done = std::move(done)](Result<StoreOpened> opened) { onOpened(std::move(opened), done); });
    }

    void onOpened(Result<StoreOpened> opened, const std::function<void(Result<JournalSnapshot>)>& done) {
        isBusy = false;
        Result<JournalSnapshot> snapshot;
        if (opened) {
            onFileOpened(*opened);
            snapshot->undelivered = opened->undelivered;
            snapshot->warning = opened->warning;
            snapshot->state = std::move(opened->state.values);
            for (auto& row : opened->state.transactions) snapshot->transactions.push_back(std::move(row.record));
        } else if (done && opened.error().code == Errc::kBusy) {
            snapshot = tl::unexpected(opened.error());
        } else {
            snapshot->warning = opened.error().message;
            setProblem(opened.error().message);
        }
        refreshHealth();
        schedule();
        if (done) done(std::move(snapshot));  // last: it may end the journal
    }

    void onFileOpened(const StoreOpened& opened) {
        if (!isOpened) idOffset = opened.nextId - kFirstId;
        isOpened = true;
        nextId = std::max(nextId, opened.nextId - idOffset);
        backlog.onOpened(opened.undelivered, opened.nextId - 1 - idOffset);
        countCorrupt(opened.corruptRows);
        health.fileBytes = opened.fileBytes;
        if (!opened.warning.empty()) log::warning("{}", opened.warning);
        if (opened.problem.empty()) {
            setWritable();
        } else {
            setProblem(opened.problem);
        }
    }

    // ---- other settings

    void configure(const JournalConfig& wanted) {
        if (wanted == config) return;
        isMoving = isMoving || wanted.path != config.path;
        config = wanted;
        backlog.setKeep(config.readings);
        if (!isMoving) strand->post([store = store, wanted] { store->configure(wanted); });
        schedule();
    }

    /// Closes the current file, and opens the one at config.path.
    void changeFile() {
        isMoving = false;
        isBusy = true;
        if (backlog.inFile() > 0)
            log::warning("journal: {} undelivered readings stay in the file that was used before", backlog.inFile());
        auto batch = std::make_shared<WriteBatch>();
        backlog.copyAckedTo(*batch);
        addToIds(*batch, idOffset);
        onStore(
            [batch, wanted = config](JournalStore& target) {
                if (batch->hasRows()) (void)target.write(*batch);
                target.close();
                target.configure(wanted);
                return target.open();
            },
            [this](Result<StoreOpened> opened) {
                backlog.leaveFile();  // only now: a read of it may have been queued before
                isOpened = false;
                if (opened) log::info("journal: using {} from now on", config.path);
                onOpened(std::move(opened), {});
            });
    }

    // ---- recording

    [[nodiscard]] std::int64_t monoMs() const {
        return std::chrono::duration_cast<milliseconds>(loop.clock().now().time_since_epoch()).count();
    }

    template <typename Record>
    Stored<Record> makeRow(Record record) {
        const bool isSynchronised = loop.clock().wallState() == ClockState::kSynchronised;
        return {Stamp{nextId++, bootId, monoMs(), record.time, isSynchronised}, std::move(record)};
    }

    /// `done` runs after the commit of all that was recorded up to now.
    void requestCommit(Task done) {
        if (done) waiting.emplace_back(nextId - 1, std::move(done));
        wantsCommit = true;
        if (!health.writable && !isBusy) postWaiting();
        schedule();
    }

    void post(Task task) {
        if (task) loop.post(scope.wrap(std::move(task)));
    }

    /// It is in memory and stays there: the callers are told so.
    void postWaiting() {
        for (auto& [id, done] : std::exchange(waiting, {})) post(std::move(done));
    }

    void record(ReadingRecord reading) {
        if (isClosing || !std::isfinite(reading.value)) return;
        auto row = makeRow(std::move(reading));
        row.stamp.clockSynchronised = row.record.clockSynchronised;
        if (!row.record.bootId.empty()) row.stamp.bootId = row.record.bootId;
        if (row.record.monoMs > 0) row.stamp.monoMs = row.record.monoMs;
        readingsBootId = row.stamp.bootId;
        backlog.add(std::move(row));
        refreshHealth();
        schedule();
    }

    // ---- writing: one batch at a time; what is recorded meanwhile goes into the next one

    /// Since when the oldest of what may wait for journal.flush has waited.
    [[nodiscard]] std::optional<SteadyTime> oldestWaiting() const {
        std::optional<std::int64_t> oldestMs = backlog.oldestMs();
        if (const auto other = buffer.oldestMs(); other && (!oldestMs || *other < *oldestMs)) oldestMs = other;
        if (!oldestMs) return std::nullopt;
        return SteadyTime{milliseconds{*oldestMs}};
    }

    /// When the next batch is due; nullopt: nothing waits.
    [[nodiscard]] std::optional<SteadyTime> nextWrite() const {
        if (!health.writable) return retryAt;
        if (!isOpened) return std::nullopt;
        if (isBatchFull) return lastWrite;
        if (wantsCommit || backlog.inMemory() >= kReadingsPerFlush) return lastWrite + kCommitPause;
        const auto oldest = oldestWaiting();
        if (!oldest) return std::nullopt;
        return *oldest + config.flush;
    }

    /// Does, or arms, whatever comes next. Called after every change.
    void schedule() {
        if (isBusy) return;
        if (isClosing) return closeStep();
        if (isMoving) return changeFile();
        const auto due = nextWrite();
        timer.cancel();
        if (!due) return;
        if (*due > loop.clock().now()) {
            timer = loop.at(*due, [this] { writeIfDue(); });
        } else if (!std::exchange(isPosted, true)) {
            // Not at once: all that this turn of the loop records goes into one commit.
            post([this] {
                isPosted = false;
                writeIfDue();
            });
        }
    }

    void writeIfDue() {
        const auto due = nextWrite();
        const bool isDue = due && *due <= loop.clock().now();
        if (isBusy || isClosing || isMoving || !isDue) return schedule();
        if (isOpened) {
            write();
        } else {
            open({});
        }
    }

    void write() {
        const SteadyTime now = loop.clock().now();
        auto batch = std::make_shared<WriteBatch>();
        const auto maxBytes = static_cast<std::size_t>(std::min(kMaxBatchBytes, config.maxSizeBytes / 16));
        const auto lastOfPart = buffer.copyTo(*batch, maxBytes);
        const auto oldest = oldestWaiting();
        const bool isFlushDue = isClosing || !health.writable || backlog.inMemory() >= kReadingsPerFlush ||
                                (oldest && *oldest + config.flush <= now);
        if (isFlushDue) backlog.copyReadingsTo(*batch);
        backlog.copyAckedTo(*batch);
        isBatchFull = wantsCommit = lastOfPart.has_value();
        if (!batch->hasRows() && health.writable) return;
        if (const auto before = expiry.takeCutoff(config.maxAge))
            batch->expire = AgeLimit{*before, bootId, monoMs() - config.maxAge.count()};
        isBusy = true;
        lastWrite = now;
        addToIds(*batch, idOffset);
        onStore([batch](JournalStore& target) { return target.write(*batch); },
                [this, batch, upTo = lastOfPart.value_or(nextId - 1)](Result<WriteOutcome> outcome) {
                    onWritten(*batch, upTo, std::move(outcome));
                });
    }

    void onWritten(WriteBatch& batch, std::int64_t upTo, Result<WriteOutcome> outcome) {
        isBusy = false;
        addToIds(batch, -idOffset);
        if (outcome) {
            for (std::int64_t& id : outcome->pruned.undelivered) id -= idOffset;
            buffer.removeWritten(batch);
            backlog.onWritten(batch, outcome->pruned);
            if (outcome->reopened) onFileOpened(*outcome->reopened);
            setWritable();
            if (outcome->pruned.isUnfinished) expiry.hurry();
            health.fileBytes = outcome->fileBytes;
        } else {
            backlog.onNotWritten();
            setProblem(outcome.error().message);
        }
        refreshHealth();
        std::vector<Task> done;
        while (!waiting.empty() && waiting.front().first <= upTo) {
            done.emplace_back(scope.wrap(std::move(waiting.front().second)));
            waiting.pop_front();
        }
        schedule();
        for (const Task& task : done) task();  // last: one of them may end the journal
    }

    // ---- failures

    void setProblem(const std::string& problem) {
        if (health.writable || health.problem != problem) {
            log::warning("journal: {}; until then rows are kept in memory, at most {} readings and {} others", problem,
                         Backlog::kMaxInMemory, WriteBuffer::kMaxRows);
        }
        health.writable = false;
        health.problem = problem;
        postWaiting();
        retryAt = loop.clock().now() + kRetryPause;
    }

    void setWritable() {
        if (health.writable) return;
        log::info("journal: {} can be written again", config.path);
        health.writable = true;
        health.problem.clear();
    }

    void countCorrupt(std::uint64_t rows) {
        if (rows == 0) return;
        health.corruptRows += rows;
        log::warning("journal: {} rows of {} were damaged and are left out", rows, config.path);
    }

    void refreshHealth() {
        const std::uint64_t before = health.droppedReadings;
        health.droppedReadings = backlog.dropped();
        health.droppedRows = buffer.dropped();
        health.queuedReadings = backlog.queued();
        const SteadyTime now = loop.clock().now();
        if (health.droppedReadings == before || config.readings == KeepReadings::kNone || now < nextDropLog) return;
        nextDropLog = now + kDropLogPause;
        log::warning(
            "journal: {} undelivered readings were dropped so far: journal.max_size or journal.max_age is too small "
            "for "
            "the time without a broker",
            health.droppedReadings);
    }

    // ---- the backlog

    struct Fetch {
        std::size_t count;
        std::function<void(std::vector<ReadingRecord>)> done;
        std::vector<ReadingRecord> fetched;

        void add(std::vector<ReadingRecord> more) { std::move(more.begin(), more.end(), std::back_inserter(fetched)); }
    };

    void fetch(const std::shared_ptr<Fetch>& request) {
        const std::size_t missing = request->count - request->fetched.size();
        if (missing == 0 || !backlog.fileHasMore()) return finishFetch(*request);
        const std::int64_t from = backlog.cursor();
        onStore(
            [after = from + idOffset, missing](JournalStore& target) { return target.readUndelivered(after, missing); },
            [this, request, from](Result<ReadOutcome> found) {
                if (!found) {
                    setProblem(found.error().message);  // a later write opens and checks the file
                    schedule();
                    return finishFetch(*request);
                }
                for (auto& reading : found->readings) reading.stamp.id -= idOffset;
                for (auto& row : found->damaged) row.id -= idOffset;
                found->lastId -= idOffset;
                countCorrupt(found->damaged.size());
                request->add(backlog.fetchFromFile(*found, from));
                const bool hasMoved = found->isAtEnd || found->lastId != from;
                return hasMoved ? fetch(request) : finishFetch(*request);
            });
    }

    void finishFetch(Fetch& request) {
        request.add(backlog.fetchFromMemory(request.count - request.fetched.size()));
        for (ReadingRecord& reading : request.fetched) correctTime(reading);
        refreshHealth();
        request.done(std::move(request.fetched));
    }

    /// Of a reading that was taken before the clock was set it is known how long ago that was, as long as the same
    /// program runs: the monotonic clock has not restarted.
    void correctTime(ReadingRecord& reading) const {
        const bool isFixed = reading.clockSynchronised || reading.bootId != readingsBootId;
        if (isFixed || loop.clock().wallState() != ClockState::kSynchronised) return;
        reading.time = loop.clock().wallNow() - milliseconds{monoMs() - reading.monoMs};
        reading.clockSynchronised = true;
    }

    // ---- closing

    void close(Task done) {
        isClosing = true;
        closed = std::move(done);
        timer.cancel();
        schedule();
    }

    void closeStep() {
        const bool hasWork = !buffer.isEmpty() || backlog.hasUnwritten();
        // A file that cannot be written is tried once more, not once a batch.
        if (isOpened && hasWork && (health.writable || !hasTriedLast)) {
            hasTriedLast = !health.writable;
            return write();
        }
        if (hasWork) {
            log::error("journal: {} could not be written before the end: {} readings and all else that waited are lost",
                       config.path, backlog.inMemory());
        }
        isBusy = true;
        onStore([](JournalStore& target) { target.close(); },
                [this] {
                    if (const Task done = std::exchange(closed, nullptr)) done();
                });
    }

    Loop& loop;
    JournalConfig config;
    const std::string bootId;
    const std::shared_ptr<Executor> strand;
    const std::shared_ptr<JournalStore> store;
    WriteBuffer buffer;
    Backlog backlog;
    Expiry expiry;
    JournalHealth health;

    /// Ids in memory count from 1 with this start. The file's are higher by idOffset, which is known once it is open:
    /// so rows can be recorded before that.
    static constexpr std::int64_t kFirstId = 1;
    std::int64_t nextId = kFirstId;
    std::int64_t idOffset = 0;
    bool isOpened = false;  ///< the file at config.path was open, so idOffset is its own
    bool isBusy = false;    ///< the store is opening, writing or closing
    bool isMoving = false;  ///< to another path, as soon as the store is not busy
    bool isClosing = false;
    bool hasTriedLast = false;
    bool wantsCommit = false;                           ///< what waits must not wait for journal.flush
    bool isBatchFull = false;                           ///< the last batch left rows behind
    bool isPosted = false;                              ///< writeIfDue() runs with the loop's next turn
    std::deque<std::pair<std::int64_t, Task>> waiting;  ///< for the commit of the rows up to this id
    Task closed;
    std::string readingsBootId;  ///< of the readings that are recorded now
    SteadyTime lastWrite{};
    SteadyTime retryAt{};
    SteadyTime nextDropLog{};
    Timer timer;
    Scope scope;
};

Journal::Journal(Loop& loop, std::shared_ptr<Executor> strand, JournalConfig config, std::string bootId)
    : impl_(std::make_unique<Impl>(loop, std::move(strand), std::move(config), std::move(bootId))) {}
Journal::~Journal() = default;

void Journal::open(std::function<void(Result<JournalSnapshot>)> done) {
    impl_->open(std::move(done));
}

void Journal::record(CommandRecord record, Task done) {
    if (impl_->isClosing) return impl_->post(std::move(done));
    if (record.payload.size() > kMaxPayloadBytes) record.payload.resize(kMaxPayloadBytes);
    impl_->buffer.add(impl_->makeRow(std::move(record)));
    impl_->requestCommit(std::move(done));
}

void Journal::record(TransactionRecord record, Task done) {
    if (impl_->isClosing) return impl_->post(std::move(done));
    impl_->buffer.add(impl_->makeRow(std::move(record)));
    impl_->requestCommit(std::move(done));
}

void Journal::saveState(const std::string& key, std::string value, Task done) {
    if (impl_->isClosing) return impl_->post(std::move(done));
    impl_->buffer.setState(key, std::move(value));
    ++impl_->nextId;  // `done` must not wait for an earlier row alone
    impl_->requestCommit(std::move(done));
}

void Journal::record(CaptureRecord record) {
    if (impl_->isClosing) return;
    impl_->buffer.add(impl_->makeRow(std::move(record)));
    impl_->schedule();
}

void Journal::record(EventRecord record) {
    if (impl_->isClosing) return;
    impl_->buffer.add(impl_->makeRow(std::move(record)));
    impl_->schedule();
}

void Journal::record(ReadingRecord record) {
    impl_->record(std::move(record));
}

void Journal::fetch(std::size_t count, std::function<void(std::vector<ReadingRecord>)> done) {
    auto request = std::make_shared<Impl::Fetch>(Impl::Fetch{count, std::move(done), {}});
    impl_->post([impl = impl_.get(), request] { impl->fetch(request); });
}

void Journal::ack(std::int64_t id) {
    impl_->backlog.ack(id, impl_->monoMs());
    impl_->refreshHealth();
    impl_->schedule();
}

void Journal::nack(std::int64_t id) {
    impl_->backlog.nack(id);
    impl_->refreshHealth();
}

void Journal::configure(const JournalConfig& config) {
    impl_->configure(config);
}

const JournalHealth& Journal::health() const {
    return impl_->health;
}

void Journal::close(Task done) {
    impl_->close(std::move(done));
}

}  // namespace edge
