// SPDX-License-Identifier: MIT
#include "camera/ipc/protocol.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/text.hpp"

namespace edge {
namespace {

constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxVersion = std::numeric_limits<int>::max();
constexpr std::int64_t kMaxBytes = static_cast<std::int64_t>(kMaxPictureBytes);
constexpr std::int64_t kMaxWidth = 9152;
constexpr std::int64_t kMaxHeight = 6944;
constexpr std::size_t kMaxTextBytes = 1000;
constexpr std::size_t kMaxNameBytes = 200;

constexpr std::array<std::pair<Errc, std::string_view>, 4> kCodes{{{Errc::kUnavailable, "unavailable"},
                                                                   {Errc::kTimeout, "timeout"},
                                                                   {Errc::kTooLarge, "too_large"},
                                                                   {Errc::kInvalid, "invalid"}}};

/// Writes the members of one message, a line each, or reads them and remembers the first error.
class Transfer {
  public:
    static Transfer writer(std::string_view type) {
        Transfer writer;
        writer.packet_ = type;
        return writer;
    }
    static Transfer reader(std::string_view packet) {
        Transfer reader;
        reader.rest_ = packet;
        if (packet.size() > kMaxPacketBytes) reader.error_ = "it is too long";
        return reader;
    }

    /// Not negative; `step` apart from `min` on.
    template <typename Number>
    void number(const char* name, Number& value, std::int64_t min, std::int64_t max, std::int64_t step = 1) {
        if (isWriting()) return write(fmt::format_int(value).c_str());
        const auto number = parseNumber<std::int64_t>(next(name));
        if (!number || *number < min || *number > max || (*number - min) % step != 0) return wrong(name);
        value = static_cast<Number>(*number);
    }
    void time(const char* name, BootTime& time) {
        BootTime::rep nanoseconds = time.count();
        number(name, nanoseconds, 0, kMaxInt64);
        time = BootTime{nanoseconds};
    }
    void time(const char* name, WallTime& time) {
        BootTime sinceEpoch{time.time_since_epoch()};
        this->time(name, sinceEpoch);
        time = WallTime{std::chrono::duration_cast<WallTime::duration>(sinceEpoch)};
    }
    void flag(const char* name, bool& value) {
        int number = value ? 1 : 0;
        this->number(name, number, 0, 1);
        value = number == 1;
    }
    void text(const char* name, std::string& value, std::size_t maxBytes) {
        if (isWriting()) return write(printable(value, maxBytes));
        const std::string_view line = next(name);
        // printable() may lengthen what it escapes, and marks a cut.
        if (line.size() > maxBytes + 3 || !isValidUtf8(line)) return wrong(name);
        value = line;
    }
    /// JSON, whose line breaks mean nothing; "" where there is none.
    void json(const char* name, std::string& value) {
        if (isWriting()) {
            std::ranges::replace(value, '\n', ' ');
            return write(value);
        }
        value = next(name);
        if (!isValidUtf8(value)) wrong(name);
    }
    void controls(const char* name, Controls& controls) {
        std::string text = isWriting() && !controls.empty() ? formatControls(controls) : "";
        json(name, text);
        if (isWriting() || text.empty()) return;
        auto read = parseControls(text);
        if (!read) return wrong(name);
        controls = *std::move(read);
    }
    void code(const char* name, Errc& code) {
        std::string word(kCodes.front().second);  // the agent needs no finer distinction; the message has it
        for (const auto& [known, knownWord] : kCodes) {
            if (known == code) word = knownWord;
        }
        text(name, word, kMaxNameBytes);
        const auto found = std::ranges::find(kCodes, word, &std::pair<Errc, std::string_view>::second);
        if (found == kCodes.end()) return wrong(name);
        code = found->first;
    }

    [[nodiscard]] std::string_view next(const char* name) {
        if (!rest_) return wrong(name), "";
        const auto end = rest_->find('\n');
        const std::string_view line = rest_->substr(0, end);
        rest_ = end == std::string_view::npos ? std::nullopt : std::optional(rest_->substr(end + 1));
        return line;
    }
    void wrong(std::string_view name) {
        if (error_.empty()) error_ = fmt::format("its \"{}\" is missing or wrong", name);
    }
    [[nodiscard]] bool isAtEnd() const { return !rest_; }
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] std::string packet() && { return std::move(packet_); }

  private:
    [[nodiscard]] bool isWriting() const { return !packet_.empty(); }
    void write(std::string_view line) { packet_.append("\n").append(line); }

    std::string packet_;                    ///< written so far: at least the type
    std::optional<std::string_view> rest_;  ///< not yet read; nullopt: nothing is left
    std::string error_;
};

void members(Transfer& transfer, Hello& message) {
    transfer.number("version", message.version, 0, kMaxVersion);
    if (message.version != kProtocolVersion) return;
    transfer.flag("verify", message.verify);
    transfer.json("settings", message.settings);
}

void members(Transfer& transfer, Capture& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.number("width", message.width, 64, kMaxWidth, 2);
    transfer.number("height", message.height, 64, kMaxHeight, 2);
    transfer.number("quality", message.quality, 1, 100);
    transfer.number("max_bytes", message.maxBytes, 1, kMaxBytes);
    transfer.time("not_before", message.notBefore);
    transfer.time("deadline", message.deadline);
    transfer.flag("settle", message.settle);
    transfer.flag("live", message.isLive);
    transfer.controls("controls", message.controls);
}

void members(Transfer& transfer, Convert& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.number("bytes", message.bytes, 1, kMaxBytes);
    transfer.number("width", message.width, 64, kMaxWidth, 2);
    transfer.number("height", message.height, 64, kMaxHeight, 2);
    transfer.number("quality", message.quality, 1, 100);
    transfer.number("max_bytes", message.maxBytes, 1, kMaxBytes);
    transfer.time("exposure_start", message.exposureStart);
}

void members(Transfer& transfer, Cancel& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
}

void members(Transfer& transfer, Description& message) {
    transfer.number("version", message.version, 0, kMaxVersion);
    if (message.version != kProtocolVersion) return;
    transfer.flag("online", message.online);
    transfer.text("backend", message.backend, kMaxNameBytes);
    transfer.text("library", message.library, kMaxNameBytes);
    transfer.text("model", message.model, kMaxNameBytes);
    transfer.text("reason", message.reason, kMaxTextBytes);
}

void members(Transfer& transfer, PictureTaken& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.number("bytes", message.bytes, 1, kMaxBytes);
    transfer.number("width", message.width, 1, kMaxWidth);
    transfer.number("height", message.height, 1, kMaxWidth);
    transfer.number("quality", message.quality, 1, 100);
    transfer.time("exposure_start", message.exposureStart);
    transfer.text("reduced", message.reduced, kMaxTextBytes);
    transfer.text("camera", message.camera, kMaxNameBytes);
    transfer.flag("settled", message.isSettled);
}

void members(Transfer& transfer, CaptureFailed& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.code("code", message.code);
    transfer.text("message", message.message, kMaxTextBytes);
}

void members(Transfer& transfer, PictureBefore& message) {
    transfer.number("bytes", message.bytes, 1, kMaxBytes);
    transfer.number("width", message.width, 1, kMaxWidth);
    transfer.number("height", message.height, 1, kMaxWidth);
    transfer.time("exposure_start", message.exposureStart);
}

void members(Transfer& transfer, Motion& message) {
    transfer.flag("moving", message.isMoving);
}

void members(Transfer& transfer, Goodbye& message) {
    transfer.flag("reconnect", message.mayReconnect);
    transfer.text("reason", message.reason, kMaxTextBytes);
}

bool isOfOtherVersion(const CameraRequest& request) {
    const auto* hello = std::get_if<Hello>(&request);
    return hello != nullptr && hello->version != kProtocolVersion;
}

bool isOfOtherVersion(const CameraReply& reply) {
    const auto* description = std::get_if<Description>(&reply);
    return description != nullptr && description->version != kProtocolVersion;
}

template <typename Message, typename Any>
bool readIf(std::string_view type, Transfer& reader, Any& any) {
    if (type != Message::kType) return false;
    members(reader, any.template emplace<Message>());
    return true;
}

template <typename... Messages>
Result<std::variant<Messages...>> decode(std::string_view packet, std::variant<Messages...> any) {
    Transfer reader = Transfer::reader(packet);
    const std::string_view type = reader.next("type");
    const bool isKnown = (readIf<Messages>(type, reader, any) || ...);
    if (!isKnown) reader.wrong("type");
    if (!reader.isAtEnd() && !isOfOtherVersion(any)) reader.wrong("end");
    if (!reader.error().empty()) return fail(Errc::kInvalid, "received an invalid packet: " + reader.error());
    return any;
}

template <typename Any>
std::string encodeAny(const Any& any) {
    return std::visit(
        [](auto message) {
            Transfer writer = Transfer::writer(message.kType);
            members(writer, message);
            return std::move(writer).packet();
        },
        any);
}

}  // namespace

std::string encode(const CameraRequest& request) {
    return encodeAny(request);
}

std::string encode(const CameraReply& reply) {
    return encodeAny(reply);
}

Result<CameraRequest> decodeRequest(std::string_view packet) {
    return decode(packet, CameraRequest());
}

Result<CameraReply> decodeReply(std::string_view packet) {
    return decode(packet, CameraReply());
}

std::string versionMismatch(std::string_view self, std::string_view other, int theirs) {
    const std::string_view older = theirs < kProtocolVersion ? other : self;
    return fmt::format("{} and {} are of different versions (protocol {} and {}): upgrade {}", self, other,
                       kProtocolVersion, theirs, older);
}

}  // namespace edge
