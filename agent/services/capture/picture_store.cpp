// SPDX-License-Identifier: MIT
#include "services/capture/picture_store.hpp"

#include <filesystem>

#include "core/system/log.hpp"

namespace edge {

std::string pictureFolderOf(const Config& config) {
    return (std::filesystem::path(config.journal.path).parent_path() / kPictureFolder).string();
}

PictureStore::PictureStore(const ServiceContext& context, std::shared_ptr<Executor> strand)
    : Service(context),
      strand_(std::move(strand)),
      folder_(std::make_shared<PictureFolder>(pictureFolderOf(config_))),
      expiry_(loop_.clock()) {}

void PictureStore::start() {
    trim();
}

void PictureStore::onReload(const Config& before) {
    if (pictureFolderOf(config_) != pictureFolderOf(before)) {
        folder_ = std::make_shared<PictureFolder>(pictureFolderOf(config_));
        state_ = {};
    }
    if (!isArchiving()) problem_.clear();
    trim();
}

PictureFolder::Limits PictureStore::limits() const {
    return {config_.image.keepOfflineBytes, config_.archive.maxSizeBytes, config_.archive.minFreeBytes};
}

void PictureStore::archive(PicturePost post, std::function<void(PicturePost, bool)> done) {
    const bool isTimeCertain = loop_.clock().wallState() == ClockState::kSynchronised;
    run(
        scope_,
        [post = std::move(post), isTimeCertain](PictureFolder& folder, const PictureFolder::Limits& limits) mutable {
            auto added = folder.addArchived(post, isTimeCertain, limits);
            return std::pair(std::move(post), std::move(added));
        },
        [this, done = std::move(done)](std::pair<PicturePost, Result<void>> result) {
            setProblem(result.second ? "" : result.second.error().message);
            done(std::move(result.first), result.second.has_value());
        });
}

void PictureStore::keepWaiting(PicturePost post, std::function<void(Result<std::size_t>)> done) {
    const bool isTimeCertain = loop_.clock().wallState() == ClockState::kSynchronised;
    run(
        scope_,
        [post = std::move(post), isTimeCertain](PictureFolder& folder, const PictureFolder::Limits& limits) {
            return folder.addWaiting(post, isTimeCertain, limits);
        },
        std::move(done));
}

// ---- the archive's limits

/// A step; the next one at once where there is more to do, so that pictures that are taken meanwhile go in between.
void PictureStore::trim() {
    trimTimer_.cancel();
    if (!isArchiving()) return;
    trimTimer_ = loop_.after(kTrimPause, [this] { trim(); });
    const auto work = [cutoff = expiry_.takeCutoff(config_.archive.maxAge)](PictureFolder& folder,
                                                                            const PictureFolder::Limits& limits) {
        return folder.trim(cutoff, limits);
    };
    run(scope_, work, [this](bool isUnfinished) {
        if (!isUnfinished) return;
        expiry_.hurry();
        trim();
    });
}

// ---- health

void PictureStore::setProblem(const std::string& problem) {
    if (problem == problem_) return;
    if (problem.empty()) log::info("archive: pictures are kept again");
    // The reason may change with every picture; that it does not work is said once.
    if (problem_.empty()) log::warning("archive: pictures are taken and published, but not kept: {}", problem);
    problem_ = problem;
    changed_();
}

ArchiveHealth PictureStore::health() const {
    return {isArchiving(), state_.archived, state_.oldest, problem_};
}

}  // namespace edge
