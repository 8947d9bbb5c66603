// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "config/load.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/worker_pool.hpp"
#include "core/system/identity.hpp"

namespace edge {

/// A configuration with what the files that it names hold.
struct LoadedConfig {
    ConfigSources sources;  ///< what `config` was made of, without the settings of the journal
    Config config;
    std::string password;
    std::string tlsDigest;  ///< changes with the content of the files of [mqtt.tls]
};

/// The composition root: one configuration, and everything that it asks for, wired together. Thread: the loop's.
class Agent {
  public:
    virtual ~Agent() = default;

    /// A stop takes at most this long, whatever the broker and the disk do.
    static constexpr milliseconds kStopLimit{4500};

    /// Opens the journal, then the services. `ready` is called when commands are accepted, before there is a
    /// connection; `failed` instead when another agent holds the journal, with a sentence.
    virtual void start(const std::function<void()>& ready, const std::function<void(std::string)>& failed) = 0;

    /// Sends the pending replies, says goodbye to the broker, closes the journal; `done` within kStopLimit. `reason`
    /// goes into the journal. Once; destroy it afterwards, not inside `done`.
    virtual void stop(const std::string& reason, Task done) = 0;

    /// Applies another configuration: each service changes what is different for it. Once ready, and not after stop().
    /// Reconnects only for another login, server or id; "offline" and the replies before that go to the old connection.
    virtual void reload(LoadedConfig loaded) = 0;
};

/// Starts nothing yet.
std::unique_ptr<Agent> makeAgent(Loop& loop, WorkerPool& pool, WorkerPool& sensorPool, LoadedConfig loaded,
                                 Identity identity);

}  // namespace edge
