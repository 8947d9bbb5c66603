// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "services/capture/picture_store.hpp"
#include "services/service.hpp"

namespace edge {

/// For health.
struct PictureBacklogCounters {
    std::uint64_t waiting = 0;  ///< in the folder
    std::uint64_t sent = 0;     ///< later, since start
    std::uint64_t dropped = 0;  ///< for lack of room, or because the broker did not take them; since start
};

/// Pictures that were taken without a connection: kept in the store, at most image.keep_offline of them, and sent when
/// there is a connection, oldest first, one by one. With an archive they are in it afterwards, also those that are
/// dropped here.
class PictureBacklog : Service {
  public:
    static constexpr milliseconds kPause{500};  ///< between two pictures
    static constexpr seconds kRetry{60};        ///< after one that the broker refused for now

    PictureBacklog(const ServiceContext& context, PictureStore& store) : Service(context), store_(store) {}

    /// Whether pictures are kept for the broker at all.
    [[nodiscard]] bool isEnabled() const {
        return config_.image.keepOfflineBytes > 0 && config_.camera.backend != CameraBackend::kNone;
    }
    /// Another limit applies from the next picture on. After PictureStore's.
    void onReload(const Config& before);
    void keep(PicturePost post, std::function<void(Result<void>)> done);
    void onConnected();
    void onDisconnected() { isConnected_ = false; }

    [[nodiscard]] PictureBacklogCounters counters() const;

  private:
    void sendNext();
    void send(PictureFolder::Stored stored);
    void sent(const KeptPicture& picture, Delivery delivery);
    void retryLater(const KeptPicture& picture);
    void pauseFor(milliseconds pause);
    void drop(const KeptPicture& picture, const char* reason);
    void release(const KeptPicture& picture, milliseconds pause);

    PictureStore& store_;
    bool isConnected_ = false;
    std::uint64_t connections_ = 0;  ///< so far
    bool isBusy_ = false;            ///< from reading a picture until the pause after it
    PictureBacklogCounters counters_;
    Timer pause_;
    Scope scope_;
    Scope sending_;  ///< reset with another folder: what is being sent then is not in it
};

}  // namespace edge
