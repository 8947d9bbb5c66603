// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>

#include "core/loop/scope.hpp"
#include "core/system/identity.hpp"
#include "services/service.hpp"

namespace edge {

/// Empties the retained topics that an earlier configuration used and this one does not: of a sensor that is gone, of
/// another device id, of Home Assistant's discovery once it is disabled. The journal keeps which topics may be at the
/// broker. If the journal was copied to another machine with its card, the first machine's topics are left alone.
class RetainedTopics : Service {
  public:
    RetainedTopics(const ServiceContext& context, const Identity& identity);

    /// Every topic on which an agent with this configuration may leave a retained message.
    [[nodiscard]] static std::set<std::string> of(const Config& config);

    /// What the last run left.
    void restore(const JournalSnapshot& snapshot);
    /// As onConnected(), if there is a connection.
    void onReload();
    /// Empties what is no longer used, and remembers what is used now.
    void onConnected();

  private:
    void empty(const std::string& topic);
    void save();

    std::string machine_;
    std::set<std::string> known_;  ///< may be at the broker
    Scope scope_;
};

}  // namespace edge
