// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "core/time/time.hpp"

namespace edge {

/// What a broker sends, made fit for Paho, which allocates whatever length a packet announces, and whose websockets
/// need an answer of less than 1 KiB in one piece and frames that are neither fragmented nor mixed with control frames.
/// Of a PUBLISH that is too long only the beginning gets through, as a complete packet of that length, so that it is
/// acknowledged and answered like any other; the rest is read and thrown away. Over websockets every packet comes out
/// as one frame. Nothing is read ahead of the packet that is being handed out: poll(2) on the socket stays right.
/// Thread: one at a time.
class InboundStream {
  public:
    enum class Framing { kMqtt, kWebsocket };
    /// Reads at most `size` bytes. Returns how many; 0 = the connection ended; below 0 = nothing now, or an error.
    using Source = std::function<std::ptrdiff_t(char* to, std::size_t size)>;

    /// `longest`: bytes after the fixed header that a packet may have; 0 = any number.
    InboundStream(Framing framing, std::size_t longest);

    /// As Source; what the source returned is passed on when it is not above 0.
    std::ptrdiff_t read(char* to, std::size_t size, SteadyTime now, const Source& source);

    /// The rest of a packet that is too long is being thrown away: nothing else can arrive meanwhile.
    [[nodiscard]] bool isDiscarding() const { return discardLeft_ > 0; }
    /// Why the stream ended by itself, for a person: "" = it did not.
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    std::ptrdiff_t advance(const Source& source);
    std::ptrdiff_t readAnswer(const Source& source);
    std::ptrdiff_t readFrameHeader(const Source& source);
    std::ptrdiff_t readControlFrame(const Source& source);
    std::ptrdiff_t readPacketHeader(const Source& source);
    std::ptrdiff_t readPacketBody(const Source& source);
    std::ptrdiff_t readPayload(std::string& to, std::size_t size, const Source& source);
    void beginFrame();
    void beginPacket(std::size_t length);
    void finishPacket();
    void validateAnswer();
    void handOut(std::string bytes, char opcode);
    void end(std::string problem);

    const Framing framing_;
    const std::size_t longest_;
    std::string problem_;
    std::string ready_;  ///< to be handed out
    std::size_t readyAt_ = 0;
    std::size_t passThrough_ = 0;  ///< bytes of a packet that go straight from the source to Paho

    // Websockets.
    bool isOpen_ = false;        ///< the server's answer has been read
    std::string header_;         ///< of that answer, or of a frame
    std::size_t frameLeft_ = 0;  ///< payload bytes of the current frame
    char control_ = 0;           ///< the opcode of a control frame whose payload is being read
    std::string controlPayload_;

    // MQTT.
    bool isMqtt_ = false;  ///< something has come
    std::string packet_;   ///< header and body as far as read
    bool hasHeader_ = false;
    std::size_t bodyLeft_ = 0;
    std::size_t discardLeft_ = 0;
    SteadyTime signOfLifeAt_{};
};

}  // namespace edge
