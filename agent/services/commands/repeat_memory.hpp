// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/time/time.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// Knows which commands came before, so that a repeat is answered again and not carried out again: the last `capacity`
/// within `window`. Thread: the loop's.
class RepeatMemory {
  public:
    /// What is kept of one command.
    struct Entry {
        SteadyTime seen;
        std::string reply;  ///< "" while it is being carried out
    };

    RepeatMemory(std::size_t capacity, milliseconds window) : capacity_(capacity), window_(window) {}

    /// What makes a command the same: its transaction, else its Response Topic with Correlation Data; with its payload.
    /// "" where it has neither, and so cannot be recognised.
    static std::string makeKey(std::string_view transaction, const InboundMessage& message);

    /// nullptr where it is new or too long ago.
    Entry* find(const std::string& key, SteadyTime now);
    void remember(const std::string& key, SteadyTime seen, std::string reply);
    void setReply(const std::string& key, const std::string& reply);

  private:
    std::size_t capacity_;
    milliseconds window_;
    std::unordered_map<std::string, Entry> entries_;
    std::deque<std::string> order_;  ///< oldest first
};

}  // namespace edge
