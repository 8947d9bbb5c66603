// SPDX-License-Identifier: MIT
#pragma once

namespace edge {

/// What a frame of libcamera is good for.
enum class FrameKind {
    kPicture,
    kStartup,  ///< the camera still finds its exposure: neither a picture nor a failure (libcamera 0.5.1 and later)
    kBroken
};

/// `Metadata` is libcamera::FrameMetadata, whose older releases have no FrameStartup. `isComplete`: its request was
/// completed, not cancelled.
template <typename Metadata>
[[nodiscard]] FrameKind kindOf(const Metadata& metadata, bool isComplete) {
    if (!isComplete) return FrameKind::kBroken;
    if constexpr (requires { Metadata::FrameStartup; }) {
        if (metadata.status == Metadata::FrameStartup) return FrameKind::kStartup;
    }
    return metadata.status == Metadata::FrameSuccess ? FrameKind::kPicture : FrameKind::kBroken;
}

/// Counts broken frames in a row: a cancelled one is how libcamera tells of a timeout in the hardware, and one may be
/// bad luck.
class BrokenFrames {
  public:
    static constexpr int kLimit = 30;

    /// False: the limit is reached.
    [[nodiscard]] bool add(FrameKind kind) {
        if (kind == FrameKind::kPicture) count_ = 0;
        if (kind == FrameKind::kBroken) ++count_;
        return count_ < kLimit;
    }

  private:
    int count_ = 0;
};

}  // namespace edge
