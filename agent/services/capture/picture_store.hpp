// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "journal/store/prune.hpp"
#include "services/capture/picture_folder.hpp"
#include "services/service.hpp"

namespace edge {

/// For health.
struct KeptPictures {
    bool isArchiving = false;
    PictureFolder::Count archived;
    std::optional<WallTime> oldest;  ///< of the archive
    std::string problem;             ///< why pictures are not archived now; "" while they are
    std::uint64_t waiting = 0;       ///< for the broker
    std::uint64_t sent = 0;          ///< later, since start
    std::uint64_t dropped = 0;       ///< for lack of room, or because the broker did not take them; since start
};

/// Where they are with this configuration.
std::string pictureFolderOf(const Config& config);

/// The kept pictures, in a folder next to the journal: the archive, and those that were taken without a connection. The
/// latter, at most image.keep_offline of them, are sent when there is one, oldest first, one by one; with an archive
/// they are in it afterwards, also those that are dropped here. The files are read and written on one strand; what a
/// failure of theirs means is decided here, and nothing else waits for it.
class PictureStore : Service {
  public:
    static constexpr seconds kTrimPause{600};
    static constexpr milliseconds kPause{500};  ///< between two pictures that are sent
    static constexpr seconds kRetry{60};        ///< after one that the broker refused for now

    /// `strand` reads and writes the files.
    PictureStore(const ServiceContext& context, std::shared_ptr<Executor> strand);

    /// Looks at what is there, and keeps the archive within its limits from then on.
    void start() { trim(); }
    /// Other limits apply at once. With another folder it starts empty; the pictures in the old one stay there.
    void onReload(const Config& before);
    void onConnected();
    void onDisconnected() { isConnected_ = false; }

    [[nodiscard]] bool isArchiving() const { return config_.archive.maxSizeBytes > 0; }
    /// Whether pictures are kept for the broker at all.
    [[nodiscard]] bool isKeeping() const {
        return config_.image.keepOfflineBytes > 0 && config_.camera.backend != CameraBackend::kNone;
    }
    /// For the broker, until it is delivered; or into the archive. `done` gets the picture back when it is on the disk
    /// or could not be kept. That of the archive is logged and shown in health.
    void keep(PicturePost post, bool isForBroker, std::function<void(PicturePost, Result<void>)> done);

    [[nodiscard]] KeptPictures health() const;

  private:
    /// Runs `work(folder, limits)` on the strand; then, with the state of the folder up to date, `done` with its result
    /// here.
    template <typename Work, typename Done>
    void run(const Scope& scope, Work work, Done done);
    void setProblem(const std::string& problem);
    void trim();

    void sendNext();
    void send(PictureFolder::Stored stored);
    void sent(const KeptPicture& picture, Delivery delivery);
    void retryLater(const KeptPicture& picture);
    void pauseFor(milliseconds pause);
    void drop(const KeptPicture& picture, const char* reason);
    void release(const KeptPicture& picture, milliseconds pause);

    std::shared_ptr<Executor> strand_;
    std::shared_ptr<PictureFolder> folder_;  ///< used on the strand only
    PictureFolder::State state_;
    std::string problem_;
    Expiry expiry_;
    Timer trimTimer_;

    bool isConnected_ = false;
    std::uint64_t connections_ = 0;  ///< so far
    bool isBusy_ = false;            ///< from reading a picture to send until the pause after it
    std::uint64_t sent_ = 0;
    std::uint64_t dropped_ = 0;
    Timer pause_;
    Scope scope_;
    Scope sending_;  ///< reset with another folder: what is being sent then is not in it
};

}  // namespace edge
