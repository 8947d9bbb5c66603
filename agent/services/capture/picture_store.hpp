// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/loop/scope.hpp"
#include "core/result.hpp"
#include "journal/store/prune.hpp"
#include "services/capture/picture_folder.hpp"
#include "services/service.hpp"

namespace edge {

/// For health.
struct ArchiveHealth {
    bool isEnabled = false;
    PictureFolder::Count kept;
    std::optional<WallTime> oldest;
    std::string problem;  ///< why pictures are not kept now; "" while they are
};

/// Where they are with this configuration.
std::string pictureFolderOf(const Config& config);

/// The kept pictures, in a folder next to the journal: those that wait for the broker, and the archive. The files are
/// read and written on one strand; what a failure of theirs means is decided here, and nothing else waits for it.
class PictureStore : Service {
  public:
    /// `strand` reads and writes the files.
    PictureStore(const ServiceContext& context, std::shared_ptr<Executor> strand);

    /// Looks at what is there, and keeps the archive within its limits from then on.
    void start();
    /// Other limits apply at once. With another folder it starts empty; the pictures in the old one stay there.
    void onReload(const Config& before);

    [[nodiscard]] bool isArchiving() const { return config_.archive.maxSizeBytes > 0; }
    /// Into the archive. `done` gets the picture back, when it is on the disk or could not be kept, which is logged and
    /// shown in health.
    void archive(PicturePost post, std::function<void(PicturePost, bool isKept)> done);
    /// Until it is delivered. `done` gets how many older ones had to go for it.
    void keepWaiting(PicturePost post, std::function<void(Result<std::size_t>)> done);

    /// Runs `work(folder, limits)` on the strand; then, with the state of the folder up to date, `done` with its result
    /// here.
    template <typename Work, typename Done>
    void run(const Scope& scope, Work work, Done done) {
        runOn(
            *strand_, loop_, scope,
            [folder = folder_, limits = limits(), work = std::move(work)]() mutable {
                auto result = work(*folder, limits);
                return std::pair(std::move(result), folder->state());
            },
            [this, folder = folder_, done = std::move(done)](auto result) mutable {
                if (folder == folder_) state_ = result.second;
                done(std::move(result.first));
            });
    }

    /// For reading.
    [[nodiscard]] const std::string& path() const { return folder_->path(); }
    [[nodiscard]] const PictureFolder::State& state() const { return state_; }
    [[nodiscard]] ArchiveHealth health() const;

    static constexpr seconds kTrimPause{600};

  private:
    [[nodiscard]] PictureFolder::Limits limits() const;
    void setProblem(const std::string& problem);
    void trim();

    std::shared_ptr<Executor> strand_;
    std::shared_ptr<PictureFolder> folder_;  ///< used on the strand only
    PictureFolder::State state_;
    std::string problem_;
    Expiry expiry_;
    Timer trimTimer_;
    Scope scope_;
};

}  // namespace edge
