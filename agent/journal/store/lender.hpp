// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "journal/records.hpp"
#include "journal/store/backlog.hpp"
#include "journal/store/store_link.hpp"

namespace edge {

/// Answers wishes for backlog, one after the other: first what came back, then the file, then memory. Thread: the
/// loop's.
class BacklogLender {
  public:
    struct Events {
        std::function<void(std::uint64_t rows)> onDamaged;         ///< rows of the file that had to be left out
        std::function<void(const std::string& message)> onFailed;  ///< the file cannot be read
        std::function<void()> onLent;                              ///< the backlog has changed
    };
    using Done = std::function<void(std::vector<ReadingRecord>)>;

    BacklogLender(StoreLink& link, ReadingBacklog& backlog, Events events)
        : link_(link), backlog_(backlog), events_(std::move(events)) {}

    /// `done` is never called inside this call.
    void take(std::size_t count, Done done);
    /// While it is held nothing is answered: the file is not open yet.
    void hold() { isHeld_ = true; }
    void release();

  private:
    struct Wish {
        std::size_t count;
        Done done;
    };
    void serve();
    void fulfil(std::vector<ReadingRecord> lent);
    void onRead(std::size_t limit, std::vector<ReadingRecord> lent, const Result<ReadOutcome>& outcome);
    void finish(std::vector<ReadingRecord> lent);

    StoreLink& link_;
    ReadingBacklog& backlog_;
    const Events events_;
    std::deque<Wish> wishes_;
    bool isHeld_ = false;
    bool isServing_ = false;
};

}  // namespace edge
