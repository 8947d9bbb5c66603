// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "config/config.hpp"
#include "core/loop/loop.hpp"
#include "services/capture/picture_folder.hpp"
#include "services/capture/picture_publisher.hpp"

namespace edge {

/// For health.
struct PictureBacklogCounters {
    std::uint64_t waiting = 0;  ///< in the folder
    std::uint64_t sent = 0;     ///< later, since start
    std::uint64_t dropped = 0;  ///< for lack of room, or because the broker did not take them; since start
};

/// Pictures that were taken without a connection: kept in a bounded folder beside the journal, and sent when there is
/// one, oldest first, one by one. Thread: the loop's, callbacks too.
class PictureBacklog {
  public:
    static constexpr milliseconds kPause{500};  ///< between two pictures
    /// A picture during whose sending the connection ended may be the reason: it is tried this often.
    static constexpr int kMaxAttempts = 2;

    /// `strand` reads and writes the files.
    PictureBacklog(Loop& loop, Publisher& publisher, std::shared_ptr<Executor> strand, const Config& config);

    /// Whether pictures are kept at all.
    [[nodiscard]] bool isEnabled() const {
        return config_.image.keepOfflineBytes > 0 && config_.camera.backend != CameraBackend::kNone;
    }
    /// Another limit holds from the next picture on. In another folder it begins anew; what waits in the old one stays
    /// there.
    void onReload(const Config& before);
    void keep(PicturePost post, std::function<void(Result<void>)> done);
    void onConnected();
    void onDisconnected();

    [[nodiscard]] const PictureBacklogCounters& counters() const { return counters_; }

  private:
    void next();
    void lookAgain();
    void send(PictureFolder::Stored stored);
    void sent(const PictureFolder::Stored& stored, Delivery delivery);
    void drop(const PictureFolder::Stored& stored, const char* why);
    /// `work` on the strand, then `then` with its answer on the loop.
    template <typename Work, typename Then>
    void onStrand(Work work, Then then);

    Loop& loop_;
    const Config& config_;
    PicturePublisher pictures_;
    std::shared_ptr<Executor> strand_;
    std::shared_ptr<PictureFolder> folder_;  ///< used on the strand alone
    bool isConnected_ = false;
    bool isBusy_ = false;
    PictureBacklogCounters counters_;
    Timer pause_;
    std::shared_ptr<int> lifetime_ = std::make_shared<int>(0);
};

}  // namespace edge
