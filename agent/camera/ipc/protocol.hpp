// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.hpp"
#include "core/time/time.hpp"

namespace edge {

/// What pi-edge-agent and pi-edge-camera say to each other over a private SOCK_SEQPACKET socket: one JSON object a
/// packet. The agent says hello first; then several captures may be under way, each with an id of the agent's choosing.
/// Both sides take the other for hostile: a packet that is not exactly right ends the connection.

/// Raised when the two programs could misunderstand each other. A hello is understood by all versions.
inline constexpr int kProtocolVersion = 3;
inline constexpr std::size_t kMaxPacketBytes = 8192;
/// No JPEG is larger; the largest picture at quality 100 stays below.
inline constexpr std::uint64_t kMaxPictureBytes = 128ULL << 20;
/// How many captures a connection may have under way; each has a slot of its own, below this number.
inline constexpr std::size_t kMaxUnderWay = 8;
/// The memory of a slot is used again for pictures of at most so many bytes; a larger one is rare, and comes in memory
/// that ends with it.
inline constexpr std::uint64_t kKeptPictureBytes = 2ULL << 20;

// ── agent → camera program
// ──────────────────────────────────────────────────────────────────────────────────────────────

/// Who are you? Answered by a Description.
struct Hello {
    int version = kProtocolVersion;
    bool verify = false;  ///< take a frame before answering: a camera that is listed may still give no picture
    bool operator==(const Hello&) const = default;
};

struct Capture {
    std::uint64_t id = 0;
    int width = 0;    ///< 64 … 9152, even
    int height = 0;   ///< 64 … 6944, even
    int quality = 0;  ///< 1 … 100
    std::uint64_t maxBytes = 0;
    BootTime notBefore{};
    BootTime deadline{};     ///< answered by then
    std::uint64_t slot = 0;  ///< where to leave the picture: of no other capture that is under way
    bool operator==(const Capture&) const = default;
};

/// The capture is of no interest any more; it is not answered.
struct Cancel {
    std::uint64_t id = 0;
    bool operator==(const Cancel&) const = default;
};

using CameraRequest = std::variant<Hello, Capture, Cancel>;

// ── camera program → agent
// ──────────────────────────────────────────────────────────────────────────────────────────────

/// The answer to Hello, and sent again whenever it changes.
struct Description {
    int version = kProtocolVersion;
    bool online = false;
    std::string program;  ///< version of pi-edge-camera
    std::string backend;
    std::string library;
    std::string model;
    std::string reason;  ///< why it is not online
    int width = 0;       ///< configured
    int height = 0;
    bool operator==(const Description&) const = default;
};

/// A picture: it is in the memory file that the packet carries, or else in the one that came last for its slot.
struct PictureTaken {
    std::uint64_t id = 0;
    std::uint64_t slot = 0;  ///< of its capture
    std::uint64_t bytes = 0;
    int width = 0;
    int height = 0;
    int quality = 0;
    WallTime exposureStart{};
    std::string reduced;
    std::string camera;
    bool operator==(const PictureTaken&) const = default;
};

/// Codes: kUnavailable, kTimeout, kTooLarge, kInvalid.
struct CaptureFailed {
    std::uint64_t id = 0;
    Errc code = Errc::kUnavailable;
    std::string message;
    bool operator==(const CaptureFailed&) const = default;
};

enum class FarewellKind {
    kRestart,  ///< idle, or told to stop: connect again when there is something to do; what is unanswered may be sent
               ///< again
    kRefused,  ///< this connection did something wrong
};

/// The last packet of a connection.
struct Farewell {
    FarewellKind kind = FarewellKind::kRestart;
    std::string reason;
    bool operator==(const Farewell&) const = default;
};

/// With camera.motion.enabled: after each Description, and whenever it changes.
struct Motion {
    bool isMoving = false;
    bool operator==(const Motion&) const = default;
};

using CameraReply = std::variant<Description, PictureTaken, CaptureFailed, Motion, Farewell>;

/// Texts are cut so that a packet never exceeds kMaxPacketBytes.
[[nodiscard]] std::string encode(const CameraRequest& request);
[[nodiscard]] std::string encode(const CameraReply& reply);

/// Any bytes at all may come in. Error: kInvalid, with what is wrong. A Hello or a Description of another version is
/// decoded as far as its version, nothing else being known of it.
Result<CameraRequest> decodeRequest(std::string_view packet);
Result<CameraReply> decodeReply(std::string_view packet);

/// What to upgrade when the other program (`other`, as people call it: "pi-edge-camera") speaks version `theirs`.
[[nodiscard]] std::string versionMismatch(std::string_view self, std::string_view other, int theirs);

}  // namespace edge
