// SPDX-License-Identifier: MIT
#include "journal/store/lender.hpp"

#include <iterator>
#include <utility>

namespace edge {

void BacklogLender::take(std::size_t count, Done done) {
    wishes_.push_back({count, std::move(done)});
    link_.later([this] { serve(); });
}

void BacklogLender::release() {
    isHeld_ = false;
    if (!wishes_.empty()) link_.later([this] { serve(); });
}

void BacklogLender::serve() {
    if (isHeld_ || isServing_ || wishes_.empty()) return;
    isServing_ = true;
    fulfil(backlog_.lendReturned(wishes_.front().count));
}

void BacklogLender::fulfil(std::vector<ReadingRecord> lent) {
    const std::size_t missing = wishes_.front().count - lent.size();
    if (missing == 0 || !backlog_.fileMayHoldMore()) return finish(std::move(lent));
    link_.run([after = backlog_.readPosition(),
               missing](JournalStore& store) { return store.readUndelivered(after, missing); },
              [this, missing, lent = std::move(lent)](const Result<ReadOutcome>& outcome) mutable {
                  onRead(missing, std::move(lent), outcome);
              });
}

void BacklogLender::onRead(std::size_t limit, std::vector<ReadingRecord> lent, const Result<ReadOutcome>& outcome) {
    if (!outcome) {
        events_.onFailed(outcome.error().message);
        return finish(std::move(lent));
    }
    events_.onDamaged(outcome->damaged.size());
    std::vector<ReadingRecord> found = backlog_.lendFromFile(*outcome, limit);
    std::move(found.begin(), found.end(), std::back_inserter(lent));
    const bool isFileDone = outcome->readings.size() < limit;
    return isFileDone ? finish(std::move(lent)) : fulfil(std::move(lent));
}

void BacklogLender::finish(std::vector<ReadingRecord> lent) {
    const Wish wish = std::move(wishes_.front());
    wishes_.pop_front();
    std::vector<ReadingRecord> more = backlog_.lendFromMemory(wish.count - lent.size());
    std::move(more.begin(), more.end(), std::back_inserter(lent));
    isServing_ = false;
    events_.onLent();
    if (!wishes_.empty()) link_.later([this] { serve(); });
    wish.done(std::move(lent));
}

}  // namespace edge
