// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "config/config.hpp"
#include "core/result.hpp"
#include "core/time/time.hpp"

namespace edge {

/// What pi-edge-agent and pi-edge-camera send each other over a private SOCK_SEQPACKET socket: each packet is the type
/// of a message and its members, a line each. The agent says hello first; then it may send captures without waiting for
/// the answers, with rising ids. Neither side trusts the other: a packet that is not exactly right ends the connection.

/// Raised when the two programs could misunderstand each other. From 6 on, every version understands a hello of every
/// other: its first two lines stay as they are.
inline constexpr int kProtocolVersion = 6;
inline constexpr std::size_t kMaxPacketBytes = 8192;
inline constexpr std::size_t kMaxControlBytes = 4096;
/// No JPEG is larger; the largest picture at quality 100 stays below.
inline constexpr std::uint64_t kMaxPictureBytes = 128ULL << 20;
/// The window: a capture is sent when its id is less than this above that of the oldest unanswered one.
inline constexpr std::size_t kMaxPending = 3;
/// Memory files are kept for pictures of at most so many bytes; a larger one is rare, and comes in a file of its own.
inline constexpr std::uint64_t kKeptPictureBytes = 2ULL << 20;

// ── agent → camera program ───────────────────────────────────────────────────────────────────────────────────────────

/// Answered by a Description.
struct Hello {
    static constexpr std::string_view kType = "hello";
    int version = kProtocolVersion;
    bool verify = false;  ///< take a frame before answering: a camera that is listed may still give no picture
    /// What is in force in place of the configuration's files, {"camera.motion.enabled":true}; "": whatever the program
    /// has. A program that has begun with others ends, and the next one begins with these.
    std::string settings{};
    bool operator==(const Hello&) const = default;
};

struct Capture {
    static constexpr std::string_view kType = "capture";
    std::uint64_t id = 0;
    int width = 0;    ///< 64 … 9152, even
    int height = 0;   ///< 64 … 6944, even
    int quality = 0;  ///< 1 … 100
    std::uint64_t maxBytes = 0;
    BootTime notBefore{};  ///< the exposure starts after this
    BootTime deadline{};   ///< answered by then
    bool settle = true;    ///< wait for exposure, white balance and focus of a camera that was just started
    /// Of live view: the next frame that no live picture had, scaled from whatever is streamed. `notBefore` does not
    /// count, captures go first, and their answers may overtake it.
    bool isLive = false;
    Controls controls{};  ///< of this picture alone; as JSON of at most kMaxControlBytes
    bool operator==(const Capture&) const = default;
};

/// A picture that was taken before, in another size or quality. The JPEG comes along in a memory file.
struct Convert {
    static constexpr std::string_view kType = "convert";
    std::uint64_t id = 0;     ///< from the same sequence as a capture's, and answered like one
    std::uint64_t bytes = 0;  ///< of the JPEG that comes along
    int width = 0;            ///< as of Capture
    int height = 0;
    int quality = 0;
    std::uint64_t maxBytes = 0;
    WallTime exposureStart{};
    bool operator==(const Convert&) const = default;
};

/// The capture is no longer wanted; it is not answered.
struct Cancel {
    static constexpr std::string_view kType = "cancel";
    std::uint64_t id = 0;
    bool operator==(const Cancel&) const = default;
};

using CameraRequest = std::variant<Hello, Capture, Convert, Cancel>;

// ── camera program → agent ───────────────────────────────────────────────────────────────────────────────────────────

/// The answer to Hello, and sent again whenever it changes.
struct Description {
    static constexpr std::string_view kType = "description";
    int version = kProtocolVersion;
    bool online = false;
    std::string backend;
    std::string library;
    std::string model;
    std::string reason;  ///< why it is not online
    bool operator==(const Description&) const = default;
};

/// A picture, in shared memory (see SharedJpegReader).
struct PictureTaken {
    static constexpr std::string_view kType = "picture";
    std::uint64_t id = 0;
    std::uint64_t bytes = 0;
    int width = 0;
    int height = 0;
    int quality = 0;
    WallTime exposureStart{};
    std::string reduced;
    std::string camera;
    bool isSettled = true;  ///< false: exposure, white balance or focus were not
    bool operator==(const PictureTaken&) const = default;
};

/// Codes: kUnavailable, kTimeout, kTooLarge, kInvalid.
struct CaptureFailed {
    static constexpr std::string_view kType = "failed";
    std::uint64_t id = 0;
    Errc code = Errc::kUnavailable;
    std::string message;
    bool operator==(const CaptureFailed&) const = default;
};

/// With camera.motion.before: a small picture from before a Motion that is about to follow, in shared memory of its
/// own; the oldest first.
struct PictureBefore {
    static constexpr std::string_view kType = "before";
    std::uint64_t bytes = 0;
    int width = 0;
    int height = 0;
    WallTime exposureStart{};
    bool operator==(const PictureBefore&) const = default;
};

/// With camera.motion.enabled: after each Description, and whenever it changes.
struct Motion {
    static constexpr std::string_view kType = "motion";
    bool isMoving = false;
    bool operator==(const Motion&) const = default;
};

/// The last packet of a connection.
struct Goodbye {
    static constexpr std::string_view kType = "goodbye";
    bool mayReconnect = false;  ///< idle, or told to stop: unanswered captures may be sent to the next program;
                                ///< false: this connection broke the protocol
    std::string reason;
    bool operator==(const Goodbye&) const = default;
};

using CameraReply = std::variant<Description, PictureTaken, CaptureFailed, PictureBefore, Motion, Goodbye>;

/// Texts are cut so that a packet never exceeds kMaxPacketBytes.
[[nodiscard]] std::string encode(const CameraRequest& request);
[[nodiscard]] std::string encode(const CameraReply& reply);

/// Accepts any bytes. Error: kInvalid, with what is wrong. A Hello or a Description of another version is decoded only
/// as far as its version.
Result<CameraRequest> decodeRequest(std::string_view packet);
Result<CameraReply> decodeReply(std::string_view packet);

/// What to upgrade when the other program (`other`, for example "pi-edge-camera") speaks version `theirs`.
[[nodiscard]] std::string versionMismatch(std::string_view self, std::string_view other, int theirs);

}  // namespace edge
