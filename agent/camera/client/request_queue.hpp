// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "camera/client/picture_source.hpp"
#include "camera/ipc/protocol.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The pictures that were asked for and are not answered yet, in order, each with its timeout. Thread: the loop's.
class RequestQueue {
  public:
    /// A request ran out of time (and has been answered so); `wasSent`: the camera program was at it.
    using TimeoutHandler = std::function<void(std::uint64_t id, bool wasSent)>;

    RequestQueue(Loop& loop, TimeoutHandler timedOut) : loop_(loop), timedOut_(std::move(timedOut)) {}

    struct Entry {
        Capture capture;  ///< complete but for its slot, which is given when it is sent
        SteadyTime deadline{};
        PictureSource::PictureHandler done;
        bool isSent = false;
        bool wasLost = false;  ///< a program that it was sent to died
        Timer timer;
    };

    /// `capture.id` is given here. Returns it.
    std::uint64_t add(Capture capture, milliseconds timeout, PictureSource::PictureHandler done);

    /// The first one that is not sent yet, or nullptr.
    [[nodiscard]] Entry* nextUnsent();
    [[nodiscard]] std::size_t sentCount() const;
    /// The lowest that no sent one has, so that pictures one after the other share one.
    [[nodiscard]] std::uint64_t freeSlot() const;
    [[nodiscard]] bool isEmpty() const { return entries_.empty(); }
    /// The entry, or nullptr: answered already, or never there.
    [[nodiscard]] const Entry* find(std::uint64_t id) const;
    /// Whether an id was ever given.
    [[nodiscard]] bool isKnown(std::uint64_t id) const { return id < nextId_; }

    /// Answers one and takes it out.
    void finish(std::uint64_t id, Result<Picture> result);
    /// Answers those that `which` picks.
    void failIf(const std::function<bool(const Entry&)>& which, const Error& error);
    /// Makes all sent ones unsent: they are sent again on the next connection.
    void unsend();
    /// As unsend(), when the program died: each is sent again once. One that was lost before may be what it dies of,
    /// and is answered with `error`.
    void lose(const Error& error);

  private:
    void timeOut(std::uint64_t id);

    Loop& loop_;
    TimeoutHandler timedOut_;
    std::deque<Entry> entries_;
    std::uint64_t nextId_ = 1;
};

}  // namespace edge
