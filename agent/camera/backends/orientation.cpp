// SPDX-License-Identifier: MIT
#include "camera/backends/orientation.hpp"

#include <utility>

namespace edge {
namespace {

Mirror toMirror(Flip flip) {
    return {flip == Flip::kHorizontal, flip == Flip::kVertical};
}

}  // namespace

bool isQuarterTurn(int rotation) {
    return rotation == 90 || rotation == 270;
}

Mirror sensorPart(const Orientation& wanted) {
    if (isQuarterTurn(wanted.rotation)) return {};
    Mirror mirror = toMirror(wanted.flip);
    if (wanted.rotation == 180) {
        mirror.horizontal = !mirror.horizontal;
        mirror.vertical = !mirror.vertical;
    }
    return mirror;
}

Orientation remaining(const Orientation& wanted, const Mirror& done) {
    // Mirroring is its own inverse. Undone before a quarter turn, it changes its axis on the way to after the turn.
    Mirror undo = done;
    if (isQuarterTurn(wanted.rotation)) std::swap(undo.horizontal, undo.vertical);
    Mirror mirror = toMirror(wanted.flip);
    mirror.horizontal = mirror.horizontal != undo.horizontal;
    mirror.vertical = mirror.vertical != undo.vertical;

    Orientation left{wanted.rotation, Flip::kNone};
    if (left.rotation == 180) {  // in terms of mirrors alone, so that a half turn and a flip meet as one flip
        left.rotation = 0;
        mirror.horizontal = !mirror.horizontal;
        mirror.vertical = !mirror.vertical;
    }
    if (mirror.horizontal && mirror.vertical) {
        left.rotation = (left.rotation + 180) % 360;
    } else if (mirror.horizontal) {
        left.flip = Flip::kHorizontal;
    } else if (mirror.vertical) {
        left.flip = Flip::kVertical;
    }
    return left;
}

}  // namespace edge
