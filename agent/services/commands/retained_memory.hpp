// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <string>

#include "journal/journal.hpp"

namespace edge {

/// Which retained commands were answered already: a broker delivers them again on every connection, and once is enough.
/// Survives a restart through the journal. Thread: the loop's.
class RetainedMemory {
  public:
    explicit RetainedMemory(Journal& journal) : journal_(journal) {}
    void restore(const JournalSnapshot& snapshot);
    /// True the first time for each topic and payload; the last kCapacity are known.
    bool isNew(const std::string& topic, const std::string& payload);

    static constexpr std::size_t kCapacity = 32;

  private:
    Journal& journal_;
    std::deque<std::string> seen_;
};

}  // namespace edge
