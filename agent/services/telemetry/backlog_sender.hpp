// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "journal/journal.hpp"
#include "mqtt/publisher.hpp"

namespace edge {

/// Sends the readings that the broker missed, oldest first, on `<base>/sensor/<name>/backlog`, at a bounded rate and
/// behind everything else. Thread: the loop's.
class BacklogSender {
  public:
    static constexpr std::size_t kBatch = 10;
    static constexpr milliseconds kPause{500};  ///< after each batch: 20 readings a second

    BacklogSender(Loop& loop, Publisher& publisher, Journal& journal, const Config& config);

    void onConnected();
    void onDisconnected();
    /// A reading went into the journal: there is something to send.
    void wake();

    [[nodiscard]] std::uint64_t delivered() const { return delivered_; }

  private:
    void takeBatch();
    void send(const ReadingRecord& reading);
    void settle(const ReadingRecord& reading, Delivery delivery);

    Loop& loop_;
    Publisher& publisher_;
    Journal& journal_;
    const Config& config_;
    bool isConnected_ = false;
    bool isBusy_ = false;     ///< a batch is being taken or sent
    bool isRefused_ = false;  ///< the last one was, or was lost, and no connection has come since
    std::size_t underWay_ = 0;
    std::uint64_t delivered_ = 0;
    Timer pause_;
    std::shared_ptr<int> lifetime_ = std::make_shared<int>(0);
};

}  // namespace edge
