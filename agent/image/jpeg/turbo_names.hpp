// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "image/frame.hpp"
#include "image/pixels/planar.hpp"

namespace edge {

/// TurboJPEG's TJSAMP_… number.
[[nodiscard]] int turboSubsampling(Chroma chroma);
/// nullopt for what has no name of ours.
[[nodiscard]] std::optional<Chroma> chromaOfTurbo(int subsampling);
/// TurboJPEG's TJPF_… number of an RGB format; nullopt for the others.
[[nodiscard]] std::optional<int> turboPixelFormat(PixelFormat format);

}  // namespace edge
