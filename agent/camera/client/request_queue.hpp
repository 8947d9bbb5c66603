// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "camera/client/picture_source.hpp"
#include "camera/ipc/protocol.hpp"
#include "core/loop/loop.hpp"

namespace edge {

/// The captures that are not answered yet, in order, each with its timeout. Thread: the loop's.
class RequestQueue {
  public:
    /// A request timed out, and was answered so; `wasSent`: to the camera program.
    using TimeoutHandler = std::function<void(std::uint64_t id, bool wasSent)>;

    RequestQueue(Loop& loop, TimeoutHandler timedOut) : loop_(loop), timedOut_(std::move(timedOut)) {}

    struct Entry {
        Capture capture;
        SteadyTime deadline{};
        PictureSource::PictureHandler done;
        bool isSent = false;
        bool wasLost = false;  ///< was sent to a program that died
        Timer timer;
    };

    /// `capture.id` is set here.
    void add(Capture capture, milliseconds timeout, PictureSource::PictureHandler done);

    /// The next one to send, or nullptr: there is none, or the protocol's window is used up.
    [[nodiscard]] Entry* nextToSend();
    [[nodiscard]] bool hasSent() const;
    [[nodiscard]] bool isEmpty() const { return entries_.empty(); }
    /// The entry, or nullptr: answered already, or never there.
    [[nodiscard]] const Entry* find(std::uint64_t id) const;
    /// Whether an id was ever given.
    [[nodiscard]] bool isKnown(std::uint64_t id) const { return id < nextId_; }

    /// Answers one and removes it.
    void finish(std::uint64_t id, Result<Picture> result);
    /// Answers all whose deadline is not later than `until`.
    void fail(const Error& error, SteadyTime until = SteadyTime::max());
    /// Makes all sent ones unsent: they are sent again on the next connection.
    void unsend();
    /// As unsend(), when the program died: each is sent again once. One that was lost before may be the cause, and is
    /// answered with `error`.
    void lose(const Error& error);

  private:
    void failIf(const std::function<bool(const Entry&)>& matches, const Error& error);
    void timeOut(std::uint64_t id);

    Loop& loop_;
    TimeoutHandler timedOut_;
    std::deque<Entry> entries_;
    std::uint64_t nextId_ = 1;
};

}  // namespace edge
