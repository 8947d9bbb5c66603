// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "core/time/time.hpp"
#include "journal/journal.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// Knows the commands that came before, so that a repeat is answered again but not carried out again: the last
/// `capacity` within `window`. Thread: the loop's.
class CommandDeduplicator {
  public:
    /// What is kept of one command.
    struct Entry {
        std::string key;
        SteadyTime seen;
        std::string reply;  ///< "" while it is being carried out
    };

    CommandDeduplicator(std::size_t capacity, milliseconds window) : capacity_(capacity), window_(window) {}

    /// Identifies a command: its transaction, or else its Response Topic with Correlation Data; with its payload.
    /// "" if it has neither: repeats of it cannot be recognised.
    static std::string makeKey(std::string_view transaction, const InboundMessage& message);

    /// nullptr if it is new, or too long ago. Valid until the next remember().
    [[nodiscard]] const Entry* find(const std::string& key, SteadyTime now) const;
    void remember(const std::string& key, SteadyTime seen, std::string reply);
    void forget(const std::string& key);
    void setReply(const std::string& key, const std::string& reply);

  private:
    std::size_t capacity_;
    milliseconds window_;
    std::deque<Entry> entries_;  ///< oldest first
};

/// The retained commands that were answered already: a broker delivers them again on every connection, and one answer
/// is enough. Survives a restart through the journal. Thread: the loop's.
class SeenRetainedCommands {
  public:
    explicit SeenRetainedCommands(Journal& journal) : journal_(journal) {}
    void restore(const JournalSnapshot& snapshot);
    /// True the first time for each topic and payload; the last kCapacity are known.
    bool isNew(const InboundMessage& message);

    static constexpr std::size_t kCapacity = 32;

  private:
    Journal& journal_;
    std::deque<std::string> hashes_;
};

}  // namespace edge
