// SPDX-License-Identifier: MIT
#include "camera/ipc/protocol.hpp"

#include <array>
#include <limits>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

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

/// Writes the members of one message.
class Writer {
  public:
    explicit Writer(std::string_view type) : packet_(fmt::format(R"({{"type":"{}")", type)) {}

    template <typename Number>
    void number(const char* key, Number value, std::int64_t /*min*/, std::int64_t /*max*/) {
        packet_ += fmt::format(R"(,"{}":{})", key, value);
    }
    void time(const char* key, BootTime time) { number(key, time.count(), 0, 0); }
    void time(const char* key, WallTime time) { this->time(key, BootTime{time.time_since_epoch()}); }
    void flag(const char* key, bool value) { packet_ += fmt::format(R"(,"{}":{})", key, value); }
    void text(const char* key, const std::string& value, std::size_t maxBytes) {
        const json quoted = printable(value, maxBytes);
        packet_ += fmt::format(R"(,"{}":{})", key, quoted.dump(-1, ' ', false, json::error_handler_t::replace));
    }
    void code(const char* key, Errc code) {
        std::string_view name = kCodes.front().second;  // the agent needs no finer distinction; the message has it
        for (const auto& [known, knownName] : kCodes) {
            if (known == code) name = knownName;
        }
        packet_ += fmt::format(R"(,"{}":"{}")", key, name);
    }

    std::string finish() && { return std::move(packet_ += '}'); }

  private:
    std::string packet_;
};

/// Reads the members of one message, and remembers the first error.
class Reader {
  public:
    explicit Reader(std::string_view packet) : object_(json::parse(packet, nullptr, false)) {
        if (packet.size() > kMaxPacketBytes) {
            error_ = "it is too long";
        } else if (!object_.is_object()) {
            error_ = "it is not a JSON object";
        }
    }

    template <typename Number>
    void number(const char* key, Number& value, std::int64_t min, std::int64_t max) {
        const json* found = find(key);
        if (found == nullptr) return;
        const bool isHuge =
            found->is_number_unsigned() && found->get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxInt64);
        if (!found->is_number_integer() || isHuge) return wrong(key);
        const auto number = found->get<std::int64_t>();
        if (number < min || number > max) return wrong(key);
        value = static_cast<Number>(number);
    }
    void time(const char* key, BootTime& time) {
        BootTime::rep nanoseconds = 0;
        number(key, nanoseconds, 0, kMaxInt64);
        time = BootTime{nanoseconds};
    }
    void time(const char* key, WallTime& time) {
        BootTime sinceEpoch{};
        this->time(key, sinceEpoch);
        time = WallTime{std::chrono::duration_cast<WallTime::duration>(sinceEpoch)};
    }
    void flag(const char* key, bool& value) {
        const json* found = find(key);
        if (found == nullptr) return;
        if (!found->is_boolean()) return wrong(key);
        value = found->get<bool>();
    }
    void text(const char* key, std::string& value, std::size_t maxBytes) {
        const json* found = find(key);
        if (found == nullptr) return;
        if (!found->is_string()) return wrong(key);
        value = found->get<std::string>();
        // printable() may lengthen what it escapes, and marks a cut.
        if (value.size() > maxBytes + 3) wrong(key);
    }
    void code(const char* key, Errc& code) {
        std::string name;
        text(key, name, kMaxNameBytes);
        for (const auto& [known, knownName] : kCodes) {
            if (knownName != name) continue;
            code = known;
            return;
        }
        wrong(key);
    }

    void wrong(std::string_view key) {
        if (error_.empty()) error_ = fmt::format("its \"{}\" is missing or wrong", key);
    }
    [[nodiscard]] const std::string& error() const { return error_; }

  private:
    const json* find(const char* key) {
        if (!error_.empty()) return nullptr;
        const auto it = object_.find(key);
        if (it == object_.end()) return wrong(key), nullptr;
        return &*it;
    }

    json object_;
    std::string error_;
};

// The members of each message, for either direction: Transfer is a Writer or a Reader.

template <typename Transfer>
void members(Transfer& transfer, Hello& message) {
    transfer.number("version", message.version, 0, kMaxVersion);
    if (message.version == kProtocolVersion) transfer.flag("verify", message.verify);
}

template <typename Transfer>
void members(Transfer& transfer, Capture& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.number("width", message.width, 64, kMaxWidth);
    transfer.number("height", message.height, 64, kMaxHeight);
    transfer.number("quality", message.quality, 1, 100);
    transfer.number("max_bytes", message.maxBytes, 1, kMaxBytes);
    transfer.time("not_before", message.notBefore);
    transfer.time("deadline", message.deadline);
}

template <typename Transfer>
void members(Transfer& transfer, Cancel& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
}

template <typename Transfer>
void members(Transfer& transfer, Description& message) {
    transfer.number("version", message.version, 0, kMaxVersion);
    if (message.version != kProtocolVersion) return;
    transfer.flag("online", message.online);
    transfer.text("backend", message.backend, kMaxNameBytes);
    transfer.text("library", message.library, kMaxNameBytes);
    transfer.text("model", message.model, kMaxNameBytes);
    transfer.text("reason", message.reason, kMaxTextBytes);
}

template <typename Transfer>
void members(Transfer& transfer, PictureTaken& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.number("bytes", message.bytes, 1, kMaxBytes);
    transfer.number("width", message.width, 1, kMaxWidth);
    transfer.number("height", message.height, 1, kMaxWidth);
    transfer.number("quality", message.quality, 1, 100);
    transfer.time("exposure_start", message.exposureStart);
    transfer.text("reduced", message.reduced, kMaxTextBytes);
    transfer.text("camera", message.camera, kMaxNameBytes);
}

template <typename Transfer>
void members(Transfer& transfer, CaptureFailed& message) {
    transfer.number("id", message.id, 0, kMaxInt64);
    transfer.code("code", message.code);
    transfer.text("message", message.message, kMaxTextBytes);
}

template <typename Transfer>
void members(Transfer& transfer, Motion& message) {
    transfer.flag("moving", message.isMoving);
}

template <typename Transfer>
void members(Transfer& transfer, Goodbye& message) {
    transfer.flag("reconnect", message.mayReconnect);
    transfer.text("reason", message.reason, kMaxTextBytes);
}

template <typename... Messages>
std::string encodeAny(const std::variant<Messages...>& any) {
    return std::visit(
        [](auto message) {
            Writer writer(message.kType);
            members(writer, message);
            return std::move(writer).finish();
        },
        any);
}

template <typename Message, typename Any>
bool readIf(const std::string& type, Reader& reader, Any& any) {
    if (type != Message::kType) return false;
    members(reader, any.template emplace<Message>());
    return true;
}

template <typename... Messages>
Result<std::variant<Messages...>> decodeAny(std::string_view packet) {
    Reader reader(packet);
    std::string type;
    reader.text("type", type, kMaxNameBytes);
    std::variant<Messages...> any;
    const bool isKnown = (readIf<Messages>(type, reader, any) || ...);
    if (!isKnown) reader.wrong("type");
    if (!reader.error().empty()) return fail(Errc::kInvalid, "received an invalid packet: " + reader.error());
    return any;
}

}  // namespace

std::string encode(const CameraRequest& request) {
    return encodeAny(request);
}

std::string encode(const CameraReply& reply) {
    return encodeAny(reply);
}

Result<CameraRequest> decodeRequest(std::string_view packet) {
    auto request = decodeAny<Hello, Capture, Cancel>(packet);
    const auto* capture = request ? std::get_if<Capture>(&*request) : nullptr;
    if (capture != nullptr && (capture->width % 2 != 0 || capture->height % 2 != 0)) {
        return fail(Errc::kInvalid, "received an invalid packet: its \"width\" or \"height\" is odd");
    }
    return request;
}

Result<CameraReply> decodeReply(std::string_view packet) {
    return decodeAny<Description, PictureTaken, CaptureFailed, Motion, Goodbye>(packet);
}

std::string versionMismatch(std::string_view self, std::string_view other, int theirs) {
    const std::string_view older = theirs < kProtocolVersion ? other : self;
    return fmt::format("{} and {} are of different versions (protocol {} and {}): upgrade {}", self, other,
                       kProtocolVersion, theirs, older);
}

}  // namespace edge
