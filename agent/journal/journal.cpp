// SPDX-License-Identifier: MIT
#include "journal/journal.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/system/log.hpp"

namespace edge {
namespace {

constexpr std::size_t kReadingsPerFlush = 64;
constexpr std::size_t kMaxPayloadBytes = 64 << 10;
constexpr seconds kRetryPause{30};
constexpr std::chrono::hours kDropLogPause{1};

}  // namespace

struct Journal::Fetch {
    std::size_t count;
    std::function<void(std::vector<ReadingRecord>)> done;
    std::vector<ReadingRecord> fetched;

    void add(std::vector<ReadingRecord> more) { std::move(more.begin(), more.end(), std::back_inserter(fetched)); }
    [[nodiscard]] std::size_t missing() const { return count - fetched.size(); }
};

Journal::Journal(Loop& loop, std::shared_ptr<Executor> strand, JournalConfig config, std::string bootId)
    : loop_(loop),
      config_(std::move(config)),
      bootId_(std::move(bootId)),
      strand_(std::move(strand)),
      store_(std::make_shared<JournalStore>(config_)),
      backlog_(config_.readings),
      expiry_(loop.clock()) {}

/// Runs `work(JournalStore&)` on the strand, then `then(what it returned)` on the loop.
template <typename Work, typename Then>
void Journal::onStore(Work work, Then then) {
    runOn(
        *strand_, loop_, scope_, [store = store_, work = std::move(work)] { return work(*store); }, std::move(then));
}

// ---- opening

void Journal::open(std::function<void(Result<JournalSnapshot>)> done) {
    isBusy_ = true;
    onStore([](JournalStore& store) { return store.open(); },
            [this, done = std::move(done)](Result<StoreOpened> opened) { onOpened(std::move(opened), done); });
}

void Journal::onOpened(Result<StoreOpened> opened, const std::function<void(Result<JournalSnapshot>)>& done) {
    isBusy_ = false;
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
    schedule();
    if (done) done(std::move(snapshot));  // last: it may end the journal
}

void Journal::onFileOpened(const StoreOpened& opened) {
    if (!isOpened_ && opened.nextId > 1) renumber(opened.nextId);
    isOpened_ = true;
    nextId_ = std::max(nextId_, opened.nextId);
    backlog_.onOpened(opened.undelivered, opened.nextId - 1);
    countCorrupt(opened.corruptRows);
    health_.fileBytes = opened.fileBytes;
    if (!opened.warning.empty()) log::warning("{}", opened.warning);
    if (opened.problem.empty()) {
        setWritable();
    } else {
        setProblem(opened.problem);
    }
}

/// What was recorded before the file was known gets ids that no row of the file has, and no reading in flight had.
void Journal::renumber(std::int64_t firstFreeId) {
    const std::int64_t offset = std::max(firstFreeId, nextId_);
    buffer_.addToIds(offset);
    backlog_.addToIds(offset);
    nextId_ += offset;
}

// ---- other settings

void Journal::configure(const JournalConfig& wanted) {
    if (wanted == config_) return;
    isMoving_ = isMoving_ || wanted.path != config_.path;
    config_ = wanted;
    backlog_.setKeep(config_.readings);
    if (!isMoving_) strand_->post([store = store_, wanted] { store->configure(wanted); });
    if (hasUnwritten()) writeBy(loop_.clock().now() + config_.flush);
    schedule();
}

/// Closes the current file, and opens the one at config_.path.
void Journal::changeFile() {
    isMoving_ = false;
    isBusy_ = true;
    if (backlog_.inFile() > 0)
        log::warning("journal: {} undelivered readings stay in the file that was used before", backlog_.inFile());
    WriteBatch last;
    last.delivered = backlog_.acked();
    onStore(
        [last = std::move(last), wanted = config_](JournalStore& store) {
            if (!last.isEmpty()) (void)store.write(last);
            store.close();
            store.configure(wanted);
            return store.open();
        },
        [this](Result<StoreOpened> opened) {
            backlog_.leaveFile();  // only now: a read of it may have been queued before
            isOpened_ = false;
            if (opened) log::info("journal: using {} from now on", config_.path);
            onOpened(std::move(opened), {});
        });
}

// ---- recording

std::int64_t Journal::monoMs() const {
    return std::chrono::duration_cast<milliseconds>(loop_.clock().now().time_since_epoch()).count();
}

template <typename Record>
Stored<Record> Journal::makeRow(Record record) {
    const bool isSynchronised = loop_.clock().wallState() == ClockState::kSynchronised;
    return {Stamp{nextId_++, bootId_, monoMs(), record.time, isSynchronised}, std::move(record)};
}

void Journal::record(CommandRecord record, Task done) {
    if (record.payload.size() > kMaxPayloadBytes) record.payload.resize(kMaxPayloadBytes);
    if (!isClosing_) buffer_.add(makeRow(std::move(record)));
    commit(std::move(done));
}

void Journal::record(TransactionRecord record, Task done) {
    if (!isClosing_) buffer_.add(makeRow(std::move(record)));
    commit(std::move(done));
}

void Journal::saveState(const std::string& key, std::string value, Task done) {
    if (!isClosing_) buffer_.setState(key, std::move(value));
    commit(std::move(done));
}

void Journal::record(std::variant<CaptureRecord, EventRecord> record) {
    if (isClosing_) return;
    std::visit([this](auto& known) { buffer_.add(makeRow(std::move(known))); }, record);
    writeBy(loop_.clock().now() + config_.flush);
}

void Journal::record(ReadingRecord reading) {
    if (isClosing_ || !std::isfinite(reading.value)) return;
    auto row = makeRow(std::move(reading));
    row.stamp.clockSynchronised = row.record.clockSynchronised;
    if (!row.record.bootId.empty()) row.stamp.bootId = row.record.bootId;
    if (row.record.monoMs > 0) row.stamp.monoMs = row.record.monoMs;
    readingsBootId_ = row.stamp.bootId;
    backlog_.add(std::move(row));
    warnOfDrops();
    const bool isFull = backlog_.inMemory() >= kReadingsPerFlush;
    writeBy(isFull ? lastWrite_ + kCommitPause : loop_.clock().now() + config_.flush);
}

/// `done` runs after the commit of all that was recorded up to now, or, where that cannot be, soon: it stays in memory.
void Journal::commit(Task done) {
    if (done) waiting_.push_back(std::move(done));
    if (isClosing_ || !(health_.writable || isBusy_)) postWaiting();
    writeBy(lastWrite_ + kCommitPause);
}

// ---- writing: one batch at a time; what is recorded meanwhile goes into the next one

void Journal::writeBy(SteadyTime time) {
    if (health_.writable && (!due_ || time < *due_)) due_ = time;  // otherwise the next attempt is due already
    schedule();
}

/// Does, or arms, whatever comes next. Called after every change.
void Journal::schedule() {
    if (isBusy_) return;
    timer_.cancel();
    if (isClosing_) return closeStep();
    if (isMoving_) return changeFile();
    if (!due_) return;
    if (*due_ > loop_.clock().now()) {
        timer_ = loop_.at(*due_, [this] { writeIfDue(); });
    } else if (!std::exchange(isPosted_, true)) {
        // Not at once: all that this turn of the loop records goes into one commit.
        loop_.post(scope_.wrap([this] {
            isPosted_ = false;
            writeIfDue();
        }));
    }
}

void Journal::writeIfDue() {
    if (isBusy_ || isClosing_ || isMoving_ || !due_ || *due_ > loop_.clock().now()) return schedule();
    if (isOpened_) {
        write();
    } else {
        open({});
    }
}

void Journal::write() {
    if (!hasUnwritten() && health_.writable) {
        postWaiting();
        return due_.reset();
    }
    const SteadyTime now = loop_.clock().now();
    auto batch = std::make_shared<WriteBatch>();
    buffer_.copyTo(*batch);
    backlog_.copyTo(*batch);
    due_.reset();
    if (const auto before = expiry_.takeCutoff(config_.maxAge))
        batch->expire = AgeLimit{*before, bootId_, monoMs() - config_.maxAge.count()};
    isBusy_ = true;
    lastWrite_ = now;
    onStore([batch](JournalStore& store) { return store.write(*batch); },
            [this, batch, done = std::exchange(waiting_, {})](Result<WriteOutcome> outcome) {
                std::vector<Task> wrapped;  // one of them may end the journal
                for (const Task& task : done) wrapped.emplace_back(scope_.wrap(task));
                onWritten(*batch, std::move(outcome));
                for (const Task& task : wrapped) task();
            });
}

void Journal::onWritten(const WriteBatch& batch, Result<WriteOutcome> outcome) {
    isBusy_ = false;
    if (outcome) {
        buffer_.removeWritten(batch);
        backlog_.onWritten(batch, outcome->pruned);
        if (outcome->reopened) onFileOpened(*outcome->reopened);
        setWritable();
        if (outcome->pruned.isUnfinished) expiry_.hurry();
        health_.fileBytes = outcome->fileBytes;
        warnOfDrops();
    } else {
        backlog_.onNotWritten();
        setProblem(outcome.error().message);
    }
    schedule();
}

// ---- failures

void Journal::setProblem(const std::string& problem) {
    if (health_.writable || health_.problem != problem) {
        log::warning("journal: {}; until then rows are kept in memory, at most {} readings and {} others", problem,
                     Backlog::kMaxInMemory, WriteBuffer::kMaxRows);
    }
    health_.writable = false;
    health_.problem = problem;
    due_ = loop_.clock().now() + kRetryPause;
    postWaiting();
}

/// For callers whose rows need no commit, or stay in memory because there can be none.
void Journal::postWaiting() {
    for (Task& done : std::exchange(waiting_, {})) loop_.post(scope_.wrap(std::move(done)));
}

void Journal::setWritable() {
    if (health_.writable) return;
    log::info("journal: {} can be written again", config_.path);
    health_.writable = true;
    health_.problem.clear();
    due_ = loop_.clock().now();
}

void Journal::countCorrupt(std::uint64_t rows) {
    if (rows == 0) return;
    health_.corruptRows += rows;
    log::warning("journal: {} rows of {} were damaged and are left out", rows, config_.path);
}

void Journal::warnOfDrops() {
    const SteadyTime now = loop_.clock().now();
    const std::uint64_t dropped = backlog_.dropped();
    if (dropped == health_.droppedReadings || config_.readings == KeepReadings::kNone || now < nextDropLog_) return;
    health_.droppedReadings = dropped;
    nextDropLog_ = now + kDropLogPause;
    log::warning(
        "journal: {} undelivered readings were dropped so far: journal.max_size or journal.max_age is too small for "
        "the time without a broker",
        dropped);
}

JournalHealth Journal::health() const {
    JournalHealth health = health_;
    health.droppedReadings = backlog_.dropped();
    health.droppedRows = buffer_.dropped();
    health.queuedReadings = backlog_.queued();
    return health;
}

// ---- the backlog

void Journal::fetch(std::size_t count, std::function<void(std::vector<ReadingRecord>)> done) {
    auto request = std::make_shared<Fetch>(Fetch{count, std::move(done), {}});
    loop_.post(scope_.wrap([this, request] { fetch(request); }));
}

void Journal::fetch(const std::shared_ptr<Fetch>& request) {
    if (request->missing() == 0 || !backlog_.fileHasMore()) return finishFetch(*request);
    const std::int64_t from = backlog_.cursor();
    onStore([from, missing = request->missing()](JournalStore& store) { return store.readUndelivered(from, missing); },
            [this, request, from](const Result<ReadOutcome>& found) {
                if (!found) {
                    setProblem(found.error().message);  // a later write opens and checks the file
                    schedule();
                    return finishFetch(*request);
                }
                countCorrupt(found->damagedRows);
                request->add(backlog_.fetchFromFile(*found, from));
                const bool hasMoved = found->isAtEnd || found->lastId != from;
                return hasMoved ? fetch(request) : finishFetch(*request);
            });
}

void Journal::finishFetch(Fetch& request) {
    request.add(backlog_.fetchFromMemory(request.missing()));
    for (ReadingRecord& reading : request.fetched) correctTime(reading);
    request.done(std::move(request.fetched));
}

/// Of a reading that was taken before the clock was set it is known how long ago that was, as long as the same program
/// runs: the monotonic clock has not restarted.
void Journal::correctTime(ReadingRecord& reading) const {
    const bool isFixed = reading.clockSynchronised || reading.bootId != readingsBootId_;
    if (isFixed || loop_.clock().wallState() != ClockState::kSynchronised) return;
    reading.time = loop_.clock().wallNow() - milliseconds{monoMs() - reading.monoMs};
    reading.clockSynchronised = true;
}

void Journal::ack(std::int64_t id) {
    backlog_.ack(id);
    if (!hasUnwritten() && waiting_.empty() && health_.writable) {
        due_.reset();  // delivered before it was written
    } else {
        writeBy(loop_.clock().now() + config_.flush);
    }
}

void Journal::nack(std::int64_t id) {
    backlog_.nack(id);
}

// ---- closing

void Journal::close(Task done) {
    isClosing_ = true;
    closed_ = std::move(done);
    schedule();
}

void Journal::closeStep() {
    // A file that cannot be written is tried once more, not once a batch.
    if (isOpened_ && hasUnwritten() && (health_.writable || !std::exchange(hasTriedLast_, true))) return write();
    if (hasUnwritten()) {
        log::error("journal: {} could not be written before the end: {} readings and all else that waited are lost",
                   config_.path, backlog_.inMemory());
    }
    isBusy_ = true;
    onStore([](JournalStore& store) { store.close(); },
            [this] {
                if (const Task done = std::exchange(closed_, nullptr)) done();
            });
}

}  // namespace edge
