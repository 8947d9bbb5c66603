// SPDX-License-Identifier: MIT
#include "camera/ipc/protocol.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "camera/ipc/control_json.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

using nlohmann::json;

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

/// Writes the members of one message, or reads them and remembers the first error.
class Transfer {
  public:
    static Transfer writer(std::string_view type) { return Transfer(json{{"type", type}}, true); }
    static Transfer reader(std::string_view packet) {
        Transfer reader(packet.size() > kMaxPacketBytes ? json() : json::parse(packet, nullptr, false), false);
        if (!reader.object_.is_object()) reader.error_ = "it is too long, or not a JSON object";
        return reader;
    }

    /// Not negative; `step` apart from `min` on.
    template <typename Number>
    void number(const char* key, Number& value, std::int64_t min, std::int64_t max, std::int64_t step = 1) {
        if (isWriting_) {
            object_[key] = value;
        } else if (const json* found = find(key, &json::is_number_integer)) {
            const bool isHuge =
                found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(max);
            const auto number = found->get<std::int64_t>();
            if (isHuge || number < min || number > max || (number - min) % step != 0) return wrong(key);
            value = static_cast<Number>(number);
        }
    }
    void time(const char* key, BootTime& time) {
        BootTime::rep nanoseconds = time.count();
        number(key, nanoseconds, 0, kMaxInt64);
        time = BootTime{nanoseconds};
    }
    void time(const char* key, WallTime& time) {
        BootTime sinceEpoch{time.time_since_epoch()};
        this->time(key, sinceEpoch);
        time = WallTime{std::chrono::duration_cast<WallTime::duration>(sinceEpoch)};
    }
    void flag(const char* key, bool& value) {
        if (isWriting_) {
            object_[key] = value;
        } else if (const json* found = find(key, &json::is_boolean)) {
            value = found->get<bool>();
        }
    }
    void text(const char* key, std::string& value, std::size_t maxBytes) {
        if (isWriting_) {
            object_[key] = printable(value, maxBytes);
        } else if (const json* found = find(key, &json::is_string)) {
            value = found->get<std::string>();
            // printable() may lengthen what it escapes, and marks a cut.
            if (value.size() > maxBytes + 3) wrong(key);
        }
    }
    /// A JSON object as text; "" where there is none.
    void object(const char* key, std::string& value) {
        if (isWriting_ && !value.empty()) object_[key] = json::parse(value);
        if (isWriting_ || !object_.contains(key)) return;
        if (const json* found = find(key, &json::is_object)) value = found->dump();
    }
    void controls(const char* key, Controls& controls) {
        std::string text = isWriting_ ? formatControls(controls) : "";
        object(key, text);
        if (isWriting_) return;
        auto read = parseControls(text);
        if (!read) return wrong(key);
        controls = *std::move(read);
    }
    void code(const char* key, Errc& code) {
        std::string name(kCodes.front().second);  // the agent needs no finer distinction; the message has it
        for (const auto& [known, knownName] : kCodes) {
            if (known == code) name = knownName;
        }
        text(key, name, kMaxNameBytes);
        const auto found =
            std::find_if(kCodes.begin(), kCodes.end(), [&](const auto& known) { return known.second == name; });
        if (found == kCodes.end()) return wrong(key);
        code = found->first;
    }

    void wrong(std::string_view key) {
        if (error_.empty()) error_ = fmt::format("its \"{}\" is missing or wrong", key);
    }
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] std::string packet() const { return object_.dump(-1, ' ', false, json::error_handler_t::replace); }

  private:
    Transfer(json object, bool isWriting) : object_(std::move(object)), isWriting_(isWriting) {}

    const json* find(const char* key, bool (json::*isType)() const) {
        if (!error_.empty()) return nullptr;
        const auto it = object_.find(key);
        if (it == object_.end() || !((*it).*isType)()) return wrong(key), nullptr;
        return &*it;
    }

    json object_;
    bool isWriting_;
    std::string error_;
};

void members(Transfer& transfer, Hello& message) {
    transfer.number("version", message.version, 0, kMaxVersion);
    if (message.version != kProtocolVersion) return;
    transfer.flag("verify", message.verify);
    transfer.object("settings", message.settings);
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

template <typename Message, typename Any>
bool readIf(const std::string& type, Transfer& reader, Any& any) {
    if (type != Message::kType) return false;
    members(reader, any.template emplace<Message>());
    return true;
}

template <typename... Messages>
void decode(std::string_view packet, Result<std::variant<Messages...>>& any) {
    Transfer reader = Transfer::reader(packet);
    std::string type;
    reader.text("type", type, kMaxNameBytes);
    const bool isKnown = (readIf<Messages>(type, reader, *any) || ...);
    if (!isKnown) reader.wrong("type");
    if (!reader.error().empty()) any = fail(Errc::kInvalid, "received an invalid packet: " + reader.error());
}

template <typename Any>
std::string encodeAny(const Any& any) {
    return std::visit(
        [](auto message) {
            Transfer writer = Transfer::writer(message.kType);
            members(writer, message);
            return writer.packet();
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
    Result<CameraRequest> request;
    decode(packet, request);
    return request;
}

Result<CameraReply> decodeReply(std::string_view packet) {
    Result<CameraReply> reply;
    decode(packet, reply);
    return reply;
}

std::string versionMismatch(std::string_view self, std::string_view other, int theirs) {
    const std::string_view older = theirs < kProtocolVersion ? other : self;
    return fmt::format("{} and {} are of different versions (protocol {} and {}): upgrade {}", self, other,
                       kProtocolVersion, theirs, older);
}

}  // namespace edge
