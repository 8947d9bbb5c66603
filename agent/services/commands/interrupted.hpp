// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal.hpp"
#include "services/commands/reply_route.hpp"

namespace edge {

/// The answers owed to commands that take long (series of pictures), kept in the journal while they run: should the
/// agent end before them, the next start sends them. Thread: the loop's.
class InterruptedSeries {
  public:
    explicit InterruptedSeries(Journal& journal) : journal_(journal) {}
    /// `id` tells running commands apart, nothing else.
    void add(const void* id, const ReplyTarget& target, const std::string& reply);
    void remove(const void* id);
    /// What the last run left unanswered; it is forgotten with this call.
    std::vector<std::pair<ReplyTarget, std::string>> restore(const JournalSnapshot& snapshot);

  private:
    void save();

    struct Owed {
        ReplyTarget target;
        std::string reply;
    };
    Journal& journal_;
    std::map<const void*, Owed> owed_;
};

}  // namespace edge
