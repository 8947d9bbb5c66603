// SPDX-License-Identifier: MIT
#include "mqtt/paho/inbound_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {

namespace {

constexpr std::size_t kReadAtOnce = 16 << 10;
constexpr std::size_t kMaxAnswerBytes = 64 << 10;
constexpr seconds kSignOfLifeEvery{1};

// MQTT 5 and 3.1.1, 2.1.
constexpr unsigned kPublish = 3;
constexpr std::size_t kMaxLengthBytes = 4;
/// How a server says that it expected TLS (RFC 8446, 5.1): as the first byte of an answer to a CONNECT it is nothing
/// else.
constexpr const char* kTlsAlert = "\x15";
constexpr std::string_view kPingResponse{"\xd0\x00", 2};

// RFC 6455, 5.2.
constexpr unsigned kFinal = 0x80;
constexpr unsigned kMasked = 0x80;
constexpr char kBinary = 0x2;
constexpr char kClose = 0x8;
constexpr char kPing = 0x9;
constexpr char kPong = 0xA;
constexpr std::size_t kMaxControlBytes = 125;
constexpr unsigned kLength16 = 126;
constexpr unsigned kLength64 = 127;

unsigned byteAt(std::string_view bytes, std::size_t index) {
    return static_cast<unsigned char>(bytes[index]);
}

void appendBigEndian(std::string& to, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<char>(value >> (8 * i)));
}

std::string frameHeader(char opcode, std::size_t length) {
    std::string header(1, static_cast<char>(kFinal | static_cast<unsigned char>(opcode)));
    if (length <= kMaxControlBytes) {
        header.push_back(static_cast<char>(length));
    } else if (length <= 0xFFFF) {
        header.push_back(static_cast<char>(kLength16));
        appendBigEndian(header, length, 2);
    } else {
        header.push_back(static_cast<char>(kLength64));
        appendBigEndian(header, length, 8);
    }
    return header;
}

/// The size of a frame's header; of one that is not complete, enough to know more.
std::size_t frameHeaderSize(std::string_view header) {
    if (header.size() < 2) return 2;
    const unsigned length = byteAt(header, 1) & ~kMasked;
    if (length == kLength16) return 4;
    return length == kLength64 ? 10 : 2;
}

/// One read, of at most `size` bytes, to the end of `to`.
std::ptrdiff_t append(std::string& to, std::size_t size, const InboundStream::Source& source) {
    const std::size_t before = to.size();
    to.resize(before + std::min(size, kReadAtOnce));
    const std::ptrdiff_t got = source(to.data() + before, to.size() - before);
    to.resize(before + static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
    return got;
}

std::string packetHeader(char first, std::size_t length) {
    std::string header(1, first);
    do {
        const auto low = static_cast<unsigned char>(length % 128);
        length /= 128;
        header.push_back(static_cast<char>(low | (length > 0 ? 0x80 : 0)));
    } while (length > 0);
    return header;
}

/// The value of a field of an HTTP header, "" where it has none.
std::string fieldOf(std::string_view header, std::string_view name) {
    while (!header.empty()) {
        const std::string_view line = header.substr(0, header.find('\n'));
        header.remove_prefix(std::min(header.size(), line.size() + 1));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || toLower(line.substr(0, colon)) != name) continue;
        return std::string(trim(line.substr(colon + 1)));
    }
    return "";
}

}  // namespace

InboundStream::InboundStream(Framing framing, std::size_t longest) : framing_(framing), longest_(longest) {}

std::ptrdiff_t InboundStream::read(char* to, std::size_t size, SteadyTime now, const Source& source) {
    while (true) {
        if (readyAt_ < ready_.size()) {
            const std::size_t taken = ready_.copy(to, size, readyAt_);
            readyAt_ += taken;
            return static_cast<std::ptrdiff_t>(taken);
        }
        if (!problem_.empty()) return 0;
        if (passThrough_ > 0) {
            const std::ptrdiff_t got = source(to, std::min(size, passThrough_));
            if (got > 0) passThrough_ -= static_cast<std::size_t>(got);
            return got;
        }
        const std::ptrdiff_t got = advance(source);
        if (got > 0) continue;
        // What answers our pings comes behind what is being thrown away, for minutes on a slow line.
        const bool needsSignOfLife = got < 0 && isDiscarding() && now - signOfLifeAt_ >= kSignOfLifeEvery;
        if (!needsSignOfLife) return got;
        signOfLifeAt_ = now;
        handOut(std::string(kPingResponse), kBinary);
    }
}

/// One read of the source.
std::ptrdiff_t InboundStream::advance(const Source& source) {
    if (framing_ == Framing::kWebsocket) {
        if (!isOpen_) return readAnswer(source);
        if (control_ != 0) return readControlFrame(source);
        if (frameLeft_ == 0) return readFrameHeader(source);
    }
    return hasHeader_ ? readPacketBody(source) : readPacketHeader(source);
}

std::ptrdiff_t InboundStream::readAnswer(const Source& source) {
    const std::ptrdiff_t got = append(header_, 1, source);
    if (got <= 0) return got;
    constexpr std::string_view kHttp = "HTTP/1.";
    if (header_.starts_with(kTlsAlert)) {
        end("the server speaks TLS on this port; use wss:// in mqtt.servers");
    } else if (!std::string_view(header_).starts_with(kHttp.substr(0, header_.size()))) {
        end("the server does not speak HTTP; is this port for websockets?");
    } else if (header_.ends_with("\r\n\r\n") || header_.ends_with("\n\n")) {
        validateAnswer();
    } else if (header_.size() > kMaxAnswerBytes) {
        end("the server's answer to the websocket request does not end");
    }
    return got;
}

/// Paho gets an answer that it understands.
void InboundStream::validateAnswer() {
    const std::string_view answer = header_;
    const std::string_view status = trim(answer.substr(answer.find(' ') + 1, answer.find('\n') - answer.find(' ') - 1));
    const std::string key = fieldOf(answer, "sec-websocket-accept");
    if (!status.starts_with("101")) {
        const std::string location = fieldOf(answer, "location");
        end(fmt::format(
            "the server opens no websocket: it answers HTTP {}{}; check host, port and path in mqtt.servers",
            printable(status), location.empty() ? "" : " (" + printable(location) + ")"));
    } else if (key.empty()) {
        end("the server's answer to the websocket request has no Sec-WebSocket-Accept; is a proxy in the way?");
    } else {
        ready_ =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: " +
            key + "\r\n\r\n";
        readyAt_ = 0;
        isOpen_ = true;
        header_.clear();
    }
}

std::ptrdiff_t InboundStream::readFrameHeader(const Source& source) {
    const std::ptrdiff_t got = append(header_, frameHeaderSize(header_) - header_.size(), source);
    if (got > 0 && header_.size() == frameHeaderSize(header_)) beginFrame();
    return got;
}

void InboundStream::beginFrame() {
    const auto opcode = static_cast<char>(byteAt(header_, 0) & 0x0F);
    const bool isMasked = (byteAt(header_, 1) & kMasked) != 0;
    std::uint64_t length = byteAt(header_, 1) & ~kMasked;
    if (header_.size() > 2) {
        length = 0;
        for (std::size_t i = 2; i < header_.size(); ++i) length = length << 8 | byteAt(header_, i);
    }
    header_.clear();
    const bool isControl = opcode == kClose || opcode == kPing || opcode == kPong;
    const bool isWrong = isMasked || (isControl && length > kMaxControlBytes) || length >> 63 != 0;
    if (isWrong || (!isControl && opcode > kBinary)) return end("the server sends what is no websocket frame");
    frameLeft_ = static_cast<std::size_t>(length);
    if (!isControl) return;
    control_ = opcode;
    controlPayload_.clear();
}

std::ptrdiff_t InboundStream::readControlFrame(const Source& source) {
    if (frameLeft_ > 0) {
        const std::ptrdiff_t got = append(controlPayload_, frameLeft_, source);
        if (got <= 0) return got;
        frameLeft_ -= static_cast<std::size_t>(got);
        if (frameLeft_ > 0) return got;
    }
    const char opcode = std::exchange(control_, char{0});
    if (opcode == kClose) end("the server closed the websocket");
    if (opcode == kPing) handOut(controlPayload_, kPing);
    return 1;
}

/// What is MQTT's of what the source has.
std::ptrdiff_t InboundStream::readPayload(std::string& to, std::size_t size, const Source& source) {
    if (framing_ == Framing::kMqtt) return append(to, size, source);
    const std::ptrdiff_t got = append(to, std::min(size, frameLeft_), source);
    if (got > 0) frameLeft_ -= static_cast<std::size_t>(got);
    return got;
}

std::ptrdiff_t InboundStream::readPacketHeader(const Source& source) {
    constexpr std::size_t kShortest = 2;  // no packet has less
    const std::ptrdiff_t got = readPayload(packet_, packet_.empty() ? kShortest : 1, source);
    if (got <= 0) return got;
    if (!std::exchange(isMqtt_, true)) {
        if (packet_.starts_with(kTlsAlert)) end("the server speaks TLS on this port; use mqtts:// in mqtt.servers");
        if (packet_.starts_with('H')) end("a web server answers on this port, and no MQTT broker");
    }
    if (packet_.size() < kShortest || !problem_.empty()) return got;
    const bool isLast = (byteAt(packet_, packet_.size() - 1) & 0x80) == 0;
    if (isLast) {
        std::size_t length = 0;
        for (std::size_t i = packet_.size() - 1; i > 0; --i) {
            length = length * 128 + (byteAt(packet_, i) & 0x7F);
        }
        beginPacket(length);
    } else if (packet_.size() > kMaxLengthBytes) {
        end("the broker sends what is no MQTT packet");
    }
    return got;
}

void InboundStream::beginPacket(std::size_t length) {
    const char first = packet_.front();
    const bool isTooLong = longest_ != 0 && length > longest_;
    if (isTooLong && byteAt(packet_, 0) >> 4 != kPublish) return end("the broker sends a packet that is too long");
    if (isTooLong) packet_ = packetHeader(first, longest_);
    bodyLeft_ = isTooLong ? longest_ : length;
    discardLeft_ = length - bodyLeft_;
    hasHeader_ = true;
    if (framing_ == Framing::kMqtt && !isTooLong) {
        passThrough_ = bodyLeft_;
        bodyLeft_ = 0;
    }
    if (bodyLeft_ == 0) finishPacket();
}

std::ptrdiff_t InboundStream::readPacketBody(const Source& source) {
    std::string discarded;
    const bool isKept = bodyLeft_ > 0;
    std::size_t& left = isKept ? bodyLeft_ : discardLeft_;
    const std::ptrdiff_t got = readPayload(isKept ? packet_ : discarded, left, source);
    if (got <= 0) return got;
    left -= static_cast<std::size_t>(got);
    if (bodyLeft_ == 0 && discardLeft_ == 0) finishPacket();
    return got;
}

void InboundStream::finishPacket() {
    hasHeader_ = false;
    handOut(std::exchange(packet_, {}), kBinary);
}

void InboundStream::handOut(std::string bytes, char opcode) {
    ready_ = framing_ == Framing::kMqtt ? std::move(bytes) : frameHeader(opcode, bytes.size()) + bytes;
    readyAt_ = 0;
}

void InboundStream::end(std::string problem) {
    problem_ = std::move(problem);
}

}  // namespace edge
