// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "camera/camera.hpp"
#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "image/jpeg/jpeg.hpp"

namespace edge {

/// Renders frames on strands of their own, a few at a time. Thread: the loop's, `done` too.
class EncoderPool {
  public:
    using Done = std::function<void(Result<RenderedJpeg>)>;

    /// One encoder a strand. Buffers are made when an encoder is first needed.
    EncoderPool(Loop& loop, const std::vector<std::shared_ptr<Executor>>& strands);

    /// At least `count` encoders are.
    [[nodiscard]] bool isFree(std::ptrdiff_t count = 1) const;
    /// Only when isFree(). A small picture is rendered inside this call, and `done` is called inside it.
    void encode(Frame frame, RenderOptions options, Done done);

  private:
    struct Encoder {
        std::shared_ptr<Executor> strand;
        std::shared_ptr<JpegRenderer> renderer;  ///< shared with the task on the strand
        bool isBusy = false;
    };

    Loop& loop_;
    std::vector<Encoder> encoders_;
    Scope scope_;
};

}  // namespace edge
