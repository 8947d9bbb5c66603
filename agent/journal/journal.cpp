// SPDX-License-Identifier: MIT
#include "journal/journal.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/system/log.hpp"
#include "journal/store/backlog.hpp"
#include "journal/store/expiry.hpp"
#include "journal/store/lender.hpp"
#include "journal/store/pending.hpp"
#include "journal/store/store.hpp"
#include "journal/store/store_link.hpp"

namespace edge {
namespace {

constexpr std::size_t kReadingsPerFlush = 64;
constexpr std::size_t kMaxPayloadBytes = 64 << 10;
constexpr seconds kRetryPause{30};
constexpr std::chrono::hours kDropLogPause{1};
/// Ids before the file has said where its own begin: negative, so that no two can be mistaken.
constexpr std::int64_t kFirstProvisionalId = -(std::int64_t{1} << 62);
/// One commit: the WAL grows by as much.
constexpr std::int64_t kMaxBatchBytes = 512 << 10;

}  // namespace

struct Journal::Impl {
    Impl(Loop& l, std::shared_ptr<Executor> s, JournalConfig c, std::string boot)
        : loop(l),
          config(std::move(c)),
          bootId(std::move(boot)),
          link(loop, std::move(s), config),
          backlog(config.readings),
          lender(link, backlog,
                 {[this](std::uint64_t rows) { countCorrupt(rows); },
                  [this](const std::string& message) {
                      setProblem(message);
                      // A write opens the file anew, and sets it aside if need be: let that be now.
                      link.later([this] { retry(); });
                  },
                  [this] { refreshHealth(); }}),
          expiry(loop.clock(), config.maxAge) {
        lender.hold();
    }

    // ---- opening

    void open(std::function<void(Result<JournalSnapshot>)> done) {
        isBusy = true;
        link.run([](JournalStore& target) { return target.open(); },
                 [this, done = std::move(done)](Result<StoreOpened> opened) { onOpened(std::move(opened), done); });
    }

    void onOpened(Result<StoreOpened> opened, const std::function<void(Result<JournalSnapshot>)>& done) {
        isBusy = false;
        lender.release();
        JournalSnapshot snapshot;
        if (opened) {
            adopt(*opened);
            snapshot.undelivered = opened->undelivered;
            snapshot.warning = opened->warning;
            snapshot.state = std::move(opened->essence.state);
            for (auto& row : opened->essence.transactions) snapshot.transactions.push_back(std::move(row.record));
        } else if (!done || opened.error().code != Errc::kBusy) {
            snapshot.warning = opened.error().message;
            setProblem(opened.error().message);
        }
        refreshHealth();
        const std::weak_ptr<int> alive = link.lifetime();
        const bool isRefused = !opened && opened.error().code == Errc::kBusy;
        if (done && isRefused) done(tl::unexpected<Error>(opened.error()));
        if (done && !isRefused) done(std::move(snapshot));
        if (!alive.expired()) goOn();
    }

    void adopt(const StoreOpened& opened) {
        if (isOpened) {
            nextId = std::max(nextId, opened.nextId);
        } else {
            const std::int64_t offset = opened.nextId - kFirstProvisionalId;
            pending.shiftIds(offset);
            backlog.shiftIds(offset);
            nextId += offset;
            isOpened = true;
        }
        backlog.onOpened(opened.undelivered);
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
        expiry.setMaxAge(config.maxAge);
        if (isMoving) {
            if (!isBusy && !isClosing) changeFile();
            return;
        }
        link.run(
            [wanted](JournalStore& target) {
                target.configure(wanted);
                return true;
            },
            [](bool) {});
        flushTimer.cancel();
        isFlushArmed = false;
        armFlush();
    }

    /// Closes the file there is, and opens the one there is to be.
    void changeFile() {
        isMoving = false;
        isBusy = true;
        if (const auto left = backlog.queued() - backlog.undeliveredInMemory(); left > 0)
            log::warning("journal: {} undelivered readings stay in the file that was used before", left);
        auto batch = std::make_shared<WriteBatch>();
        backlog.takeSettled(*batch);
        lender.hold();
        link.run(
            [batch, wanted = config](JournalStore& target) {
                if (batch->hasRows()) (void)target.write(*batch);
                target.close();
                target.configure(wanted);
                return target.open();
            },
            [this](Result<StoreOpened> opened) {
                backlog.leaveFile();  // only now: a read of it may have been under way
                const bool isOpen = opened.has_value();
                onOpened(std::move(opened), {});
                if (isOpen) log::info("journal: {} is used from now on", config.path);
            });
    }

    // ---- recording

    [[nodiscard]] std::int64_t monoMs() const {
        return std::chrono::duration_cast<milliseconds>(loop.clock().now().time_since_epoch()).count();
    }

    Stamp stampNow(WallTime time) {
        return Stamp{nextId++, bootId, monoMs(), time, loop.clock().wallState() == ClockState::kSynchronised};
    }

    template <typename Record>
    Stored<Record> makeRow(Record record) {
        const WallTime time = record.time;
        return {stampNow(time), std::move(record)};
    }

    /// Of a reading that was taken before the clock was set it is known how long ago that was, as long as the same
    /// program runs: the monotonic clock has not begun anew.
    void setRightTime(ReadingRecord& reading) const {
        const bool isFixed = reading.clockSynchronised || reading.bootId != readingsBootId;
        if (isFixed || loop.clock().wallState() != ClockState::kSynchronised) return;
        reading.time = loop.clock().wallNow() - milliseconds{monoMs() - reading.monoMs};
        reading.clockSynchronised = true;
    }

    void record(ReadingRecord reading) {
        if (isClosing || !std::isfinite(reading.value)) return;
        Stored<ReadingRecord> row{stampNow(reading.time), std::move(reading)};
        row.stamp.clockSynchronised = row.record.clockSynchronised;
        if (!row.record.bootId.empty()) row.stamp.bootId = row.record.bootId;
        if (row.record.monoMs > 0) row.stamp.monoMs = row.record.monoMs;
        readingsBootId = row.stamp.bootId;
        row.record.bootId = row.stamp.bootId;
        row.record.id = row.stamp.id;
        backlog.add(std::move(row));
        refreshHealth();
        if (backlog.inMemory() >= kReadingsPerFlush) {
            isFlushDue = true;
            requestWrite();
        } else {
            armFlush();
        }
    }

    /// When the oldest of what may wait has waited long enough; nothing while nothing waits.
    [[nodiscard]] std::optional<SteadyTime> nextFlush() const {
        std::optional<std::int64_t> oldestMs = backlog.oldestInMemory();
        for (const auto& other : {pending.oldest(), settledSince}) {
            if (other && (!oldestMs || *other < *oldestMs)) oldestMs = other;
        }
        if (!oldestMs) return std::nullopt;
        return SteadyTime{milliseconds{*oldestMs}} + config.flush;
    }

    void armFlush() {
        const auto when = nextFlush();
        if (!when || isFlushArmed || isClosing || !health.writable) return;
        isFlushArmed = true;
        flushTimer = loop.at(*when, [this] {
            isFlushArmed = false;
            // What the timer was set for may have been delivered: a younger reading need not go with it.
            const auto due = nextFlush();
            if (!due || *due > loop.clock().now()) return armFlush();
            isFlushDue = true;
            requestWrite();
        });
    }

    // ---- writing: one batch at a time; whatever comes meanwhile is the next one

    void requestWrite() {
        wantsWrite = true;
        if (isBusy || isKicked || !isOpened || isClosing) {
            if (!isBusy && !health.writable) answerWaiting();
            return;
        }
        if (!health.writable) return answerWaiting();
        isKicked = true;
        const auto kick = [this] {
            isKicked = false;
            if (!isBusy && !isClosing && health.writable) startWrite();
        };
        const SteadyTime due = isBatchFull ? lastWrite : lastWrite + kCommitPause;
        if (due > loop.clock().now()) {
            commitTimer = loop.at(due, kick);
        } else {
            link.later(kick);  // not at once: all that this turn of the loop records goes into one commit
        }
    }

    /// What waits is in memory and stays there: whoever waits for it is told.
    void answerWaiting() {
        for (Task& done : pending.takeTasks()) link.later(std::move(done));
    }

    void startWrite() {
        auto batch = std::make_shared<WriteBatch>();
        auto tasks = std::make_shared<std::vector<Task>>();
        pending.take(static_cast<std::size_t>(std::min(kMaxBatchBytes, config.maxSizeBytes / 16)), *batch, *tasks);
        if (isFlushDue || isClosing) backlog.takeForWriting(*batch);
        backlog.takeSettled(*batch);
        isFlushDue = false;
        settledSince.reset();
        wantsWrite = !pending.isEmpty();
        isBatchFull = wantsWrite;
        if (!batch->hasRows() && health.writable) return;
        if (const auto before = expiry.takeCutoff()) {
            batch->expire = AgeLimit{*before, bootId, monoMs() - config.maxAge.count()};
        }
        isBusy = true;
        lastWrite = loop.clock().now();
        link.run([batch](JournalStore& target) { return target.write(*batch); },
                 [this, batch, tasks](const Result<WriteOutcome>& outcome) { onWritten(*batch, *tasks, outcome); });
    }

    void onWritten(WriteBatch& batch, std::vector<Task>& tasks, const Result<WriteOutcome>& outcome) {
        isBusy = false;
        if (outcome) {
            backlog.onWritten(batch, outcome->pruned);
            if (outcome->reopened) adopt(*outcome->reopened);
            setWritable();
            if (outcome->pruned.isUnfinished) expiry.hurry();
            health.fileBytes = outcome->fileBytes;
        } else {
            pending.putBack(batch);
            backlog.onNotWritten(batch);
            setProblem(outcome.error().message);
        }
        if (!settledSince && backlog.hasSettled()) settledSince = monoMs();
        refreshHealth();
        // The caller's turn last: it may record more, and it may end the journal.
        const std::weak_ptr<int> alive = link.lifetime();
        for (Task& done : tasks) {
            if (alive.expired()) return;
            done();
        }
        if (!alive.expired()) goOn();
    }

    void goOn() {
        if (isBusy) return;
        if (isClosing) return closeStep();
        if (isMoving) return changeFile();
        if (wantsWrite) requestWrite();
        armFlush();
    }

    // ---- trouble

    void setProblem(const std::string& problem) {
        if (health.writable || health.problem != problem) {
            log::warning("journal: {}; until then it is kept in memory, at most {} readings and {} other rows", problem,
                         ReadingBacklog::kMaxInMemory, PendingRows::kMaxRows);
        }
        health.writable = false;
        health.problem = problem;
        answerWaiting();
        retryTimer = loop.after(kRetryPause, [this] { retry(); });
    }

    void setWritable() {
        if (health.writable) return;
        log::info("journal: {} can be written again", config.path);
        health.writable = true;
        health.problem.clear();
        retryTimer.cancel();
    }

    void retry() {
        if (isBusy || isClosing) return;
        if (isOpened) {
            isFlushDue = true;
            startWrite();
        } else {
            open({});
        }
    }

    void countCorrupt(std::uint64_t rows) {
        if (rows == 0) return;
        health.corruptRows += rows;
        log::warning("journal: {} rows of {} were damaged and are left out", rows, config.path);
    }

    void refreshHealth() {
        const std::uint64_t before = health.droppedReadings;
        health.droppedReadings = backlog.dropped();
        health.droppedRows = pending.dropped();
        health.queuedReadings = backlog.queued();
        const SteadyTime now = loop.clock().now();
        if (health.droppedReadings == before || config.readings == KeepReadings::kNone || now < nextDropLog) return;
        nextDropLog = now + kDropLogPause;
        log::warning(
            "journal: {} undelivered readings had to be dropped so far: journal.max_size or journal.max_age is "
            "too small for the time that the broker is away",
            health.droppedReadings);
    }

    // ---- the backlog

    void settleDelivered(const ReadingRecord& reading) {
        backlog.settleDelivered(reading);
        refreshHealth();
        if (!settledSince && backlog.hasSettled()) settledSince = monoMs();
        armFlush();
    }

    // ---- closing

    void close(Task done) {
        isClosing = true;
        closed = std::move(done);
        flushTimer.cancel();
        commitTimer.cancel();
        if (!isBusy) closeStep();
    }

    void closeStep() {
        const bool hasWork = !pending.isEmpty() || backlog.inMemory() > 0 || backlog.hasSettled();
        // A file that cannot be written gets one more chance, not as many as there are batches.
        if (isOpened && hasWork && (health.writable || !hasTriedLast)) {
            hasTriedLast = !health.writable;
            return startWrite();
        }
        if (hasWork) {
            log::error("journal: {} could not be written before the end: {} readings and what else waited are lost",
                       config.path, backlog.inMemory());
        }
        isBusy = true;
        link.run(
            [](JournalStore& target) {
                target.close();
                return true;
            },
            [this](bool) {
                if (const Task done = std::exchange(closed, nullptr)) done();
            });
    }

    Loop& loop;
    JournalConfig config;
    const std::string bootId;
    StoreLink link;
    PendingRows pending;
    ReadingBacklog backlog;
    BacklogLender lender;
    Expiry expiry;
    JournalHealth health;

    std::int64_t nextId = kFirstProvisionalId;
    bool isOpened = false;  ///< the file was open once, so ids are its own
    bool isBusy = false;    ///< the store opens, writes or closes just now
    bool isKicked = false;  ///< a write starts with the loop's next turn
    bool wantsWrite = false;
    bool isFlushDue = false;  ///< the next batch takes the readings, too
    bool isFlushArmed = false;
    bool isMoving = false;  ///< to another path, as soon as the store is not busy
    bool isClosing = false;
    bool hasTriedLast = false;
    Task closed;
    std::string readingsBootId;                ///< of the readings that are recorded now
    std::optional<std::int64_t> settledSince;  ///< as Stamp::monoMs
    SteadyTime nextDropLog{};
    SteadyTime lastWrite{};
    bool isBatchFull = false;  ///< the last one left something behind
    Timer commitTimer;
    Timer flushTimer;
    Timer retryTimer;
};

Journal::Journal(Loop& loop, std::shared_ptr<Executor> strand, JournalConfig config, std::string bootId)
    : impl_(std::make_unique<Impl>(loop, std::move(strand), std::move(config), std::move(bootId))) {}
Journal::~Journal() = default;

void Journal::open(std::function<void(Result<JournalSnapshot>)> done) {
    impl_->open(std::move(done));
}

void Journal::record(CommandRecord record, Task done) {
    if (impl_->isClosing) return impl_->link.later(std::move(done));
    if (record.payload.size() > kMaxPayloadBytes) record.payload.resize(kMaxPayloadBytes);
    impl_->pending.add(impl_->makeRow(std::move(record)), std::move(done));
    impl_->requestWrite();
}

void Journal::record(TransactionRecord record, Task done) {
    if (impl_->isClosing) return impl_->link.later(std::move(done));
    impl_->pending.add(impl_->makeRow(std::move(record)), std::move(done));
    impl_->requestWrite();
}

void Journal::saveState(const std::string& key, std::string value, Task done) {
    if (impl_->isClosing) return impl_->link.later(std::move(done));
    impl_->pending.setState(key, std::move(value), std::move(done));
    impl_->requestWrite();
}

void Journal::record(CaptureRecord record) {
    if (impl_->isClosing) return;
    impl_->pending.add(impl_->makeRow(std::move(record)), nullptr);
    impl_->armFlush();
}

void Journal::record(EventRecord record) {
    if (impl_->isClosing) return;
    impl_->pending.add(impl_->makeRow(std::move(record)), nullptr);
    impl_->armFlush();
}

void Journal::record(ReadingRecord record) {
    impl_->record(std::move(record));
}

void Journal::takeBacklog(std::size_t count, std::function<void(std::vector<ReadingRecord>)> done) {
    impl_->lender.take(count, [impl = impl_.get(), done = std::move(done)](std::vector<ReadingRecord> lent) {
        for (ReadingRecord& reading : lent) impl->setRightTime(reading);
        done(std::move(lent));
    });
}

void Journal::settleDelivered(const ReadingRecord& reading) {
    impl_->settleDelivered(reading);
}

void Journal::settleReturned(const ReadingRecord& reading) {
    impl_->backlog.settleReturned(reading);
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
