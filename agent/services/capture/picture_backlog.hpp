// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "services/capture/picture_publisher.hpp"
#include "services/service.hpp"

namespace edge {

/// Pictures that wait for a connection, in a folder of bounded size: NUMBER.jpg next to its description,
/// NUMBER.json, and NUMBER.lost once the connection has ended while it was sent. A picture exists when its .jpg does,
/// which is written last. Thread: one strand; blocks.
class PictureFolder {
  public:
    /// Touches nothing yet.
    explicit PictureFolder(std::string path) : path_(std::move(path)) {}

    struct Stored {
        std::uint64_t number = 0;
        PicturePost post;
        bool wasLost = false;  ///< markLost() was called for it, in this run or an earlier one
    };

    /// Keeps a picture; all together have at most `maxBytes`. Returns how many older ones had to go for it. Errors:
    /// kTooLarge (it alone is over the limit), kIo.
    Result<std::size_t> add(const PicturePost& post, std::int64_t maxBytes);
    /// The oldest one that can be read; those that cannot are removed.
    std::optional<Stored> oldest();
    /// On the disk when it returns.
    Result<void> markLost(std::uint64_t number);
    void remove(std::uint64_t number);
    [[nodiscard]] std::size_t count() const { return list().size(); }

  private:
    /// Number and size of complete pictures, oldest first.
    [[nodiscard]] std::map<std::uint64_t, std::int64_t> list() const;
    [[nodiscard]] std::string nameOf(std::uint64_t number, const char* kind) const;

    std::string path_;
};

/// For health.
struct PictureBacklogCounters {
    std::uint64_t waiting = 0;  ///< in the folder
    std::uint64_t sent = 0;     ///< later, since start
    std::uint64_t dropped = 0;  ///< for lack of room, or because the broker did not take them; since start
};

/// Pictures that were taken without a connection: kept in a bounded folder next to the journal, and sent when there is
/// one, oldest first, one by one.
class PictureBacklog : Service {
  public:
    static constexpr milliseconds kPause{500};  ///< between two pictures
    static constexpr seconds kRetry{60};        ///< after one that the broker refused for now

    /// `strand` reads and writes the files.
    PictureBacklog(const ServiceContext& context, std::shared_ptr<Executor> strand);

    /// Whether pictures are kept at all.
    [[nodiscard]] bool isEnabled() const {
        return config_.image.keepOfflineBytes > 0 && config_.camera.backend != CameraBackend::kNone;
    }
    /// Another limit applies from the next picture on. With another folder it starts empty; the pictures in the old one
    /// stay there.
    void onReload(const Config& before);
    void keep(PicturePost post, std::function<void(Result<void>)> done);
    void onConnected();
    void onDisconnected() { isConnected_ = false; }

    [[nodiscard]] const PictureBacklogCounters& counters() const { return counters_; }

  private:
    /// Runs `work` with the folder on the strand; then, with the number of waiting pictures up to date, `done` with its
    /// result here.
    template <typename Work, typename Done>
    void onFolder(const Scope& scope, Work work, Done done);
    void sendNext();
    void send(PictureFolder::Stored stored);
    void sent(std::uint64_t number, bool wasLost, Delivery delivery);
    void retryLater(std::uint64_t number);
    void pauseFor(milliseconds pause);
    void drop(std::uint64_t number, const char* reason);
    void remove(std::uint64_t number, milliseconds pause);

    std::shared_ptr<Executor> strand_;
    std::shared_ptr<PictureFolder> folder_;  ///< used on the strand only
    bool isConnected_ = false;
    std::uint64_t connections_ = 0;  ///< so far
    bool isBusy_ = false;            ///< from reading a picture until the pause after it
    PictureBacklogCounters counters_;
    Timer pause_;
    Scope scope_;
    Scope sending_;  ///< reset with another folder: what is being sent then is not in it
};

}  // namespace edge
