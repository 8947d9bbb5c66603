// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <utility>

#include "camera/client/picture_source.hpp"
#include "core/loop/scope.hpp"
#include "services/capture/picture_store.hpp"
#include "services/commands/command.hpp"
#include "services/service.hpp"

namespace edge {

/// The commands `pictures` and `fetch`: what the archive has, and one picture of it. Whatever they take, no picture
/// that is being taken waits for them: the files are read on a strand of their own, a picture is made smaller beside
/// the camera's encoders, one at a time, and leaves when nothing else has to.
class PictureArchive : Service {
  public:
    static constexpr std::size_t kMaxWaiting = 8;  ///< commands of both kinds that are not answered yet
    static constexpr seconds kConvertLimit{30};    ///< twice as long as any takes (docs/develop/performance.md)

    /// `strand` reads the files.
    PictureArchive(const ServiceContext& context, PictureSource& source, std::shared_ptr<Executor> strand)
        : Service(context), source_(source), strand_(std::move(strand)) {}

    void list(const Command& command, OutcomeHandler done);
    void fetch(const Command& command, OutcomeHandler done);
    /// Another connection may be allowed to publish what this one was not.
    void onConnected() { isDenied_ = false; }
    /// At the end of the program: everything is answered `cancelled`.
    void shutDown();

  private:
    struct Fetch {
        Command command;
        OutcomeHandler done;
    };

    [[nodiscard]] bool isRefused(const OutcomeHandler& done) const;
    void next();
    void found(Result<PictureFolder::Stored> stored);
    void convert(PicturePost post);
    void publish(PicturePost post);
    void end(const Outcome& outcome);

    PictureSource& source_;
    std::shared_ptr<Executor> strand_;
    std::deque<Fetch> fetches_;  ///< the first one is under way
    std::size_t lists_ = 0;
    bool isBusy_ = false;    ///< with the first of fetches_
    bool isDenied_ = false;  ///< the broker does not take pictures from the archive on this connection
    Scope scope_;
    Scope fetching_;  ///< reset at the end: nothing of it is finished any more
};

}  // namespace edge
