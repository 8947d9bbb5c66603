// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker_connection.hpp"
#include "config/config.hpp"
#include "core/identity.hpp"
#include "core/loop.hpp"
#include "core/worker_pool.hpp"
#include "services/gpio_service_report.hpp"

namespace edge {

/// The composition root: one configuration, and everything that it asks for, wired together. Thread: the loop's.
class Agent {
  public:
    /// Within this a stop is over, whatever the broker and the disk do.
    static constexpr milliseconds kStopLimit{4500};

    /// `connection` serves `config` (BrokerConnection::serves); one that stands already is used as it is. Starts
    /// nothing yet.
    Agent(Loop& loop, WorkerPool& pool, WorkerPool& sensorPool, Config config, Identity identity,
          std::unique_ptr<BrokerConnection> connection);
    ~Agent();
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    /// Opens the journal, then goes to work. `ready` is called when commands can be taken, long before there is a
    /// connection; `failed` instead when another agent holds the journal, with a sentence.
    void start(const std::function<void()>& ready, const std::function<void(std::string)>& failed);

    /// Answers what waits, says goodbye to the broker, closes the journal; `done` within kStopLimit. `reason` goes into
    /// the journal. Once; destroy it afterwards, not inside `done`.
    void stop(const std::string& reason, Task done);

    /// As stop(), but the broker notices nothing: `done` gets the connection, for the next agent.
    void handOver(const std::string& reason, std::function<void(std::unique_ptr<BrokerConnection>)> done);

    [[nodiscard]] const BrokerConnection& connection() const;
    /// What each GPIO line is at now.
    [[nodiscard]] std::vector<GpioLineHealth> gpio() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace edge
