// SPDX-License-Identifier: MIT
#include "camera/ipc/protocol.hpp"

#include <array>
#include <limits>
#include <optional>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "core/text.hpp"

namespace edge {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMaxWidth = 9152;
constexpr std::int64_t kMaxHeight = 6944;
constexpr std::size_t kMaxTextBytes = 1000;
constexpr std::size_t kMaxNameBytes = 200;

struct CodeName {
    Errc code;
    std::string_view name;
};
constexpr std::array<CodeName, 4> kCodes{{{Errc::kUnavailable, "unavailable"},
                                          {Errc::kTimeout, "timeout"},
                                          {Errc::kTooLarge, "too_large"},
                                          {Errc::kInvalid, "invalid"}}};

std::string_view toName(Errc code) {
    for (const CodeName& known : kCodes) {
        if (known.code == code) return known.name;
    }
    return kCodes.front().name;  // the agent distinguishes no more; the sentence does
}

/// With its quotes.
std::string quoted(std::string_view text, std::size_t maxBytes) {
    return json(printable(text, maxBytes)).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Takes an object apart, and remembers the first thing that was wrong.
class Reader {
  public:
    explicit Reader(std::string_view packet) : object_(json::parse(packet, nullptr, false)) {
        if (packet.size() > kMaxPacketBytes) {
            error_ = "it is too long";
        } else if (!object_.is_object()) {
            error_ = "it is no JSON object";
        }
    }

    std::int64_t integer(const char* key, std::int64_t min, std::int64_t max) {
        const json* value = find(key);
        if (value == nullptr) return min;
        const bool isHuge =
            value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxInt64);
        if (!value->is_number_integer() || isHuge) return wrong(key), min;
        const auto number = value->get<std::int64_t>();
        if (number < min || number > max) return wrong(key), min;
        return number;
    }

    int size(const char* key, std::int64_t min, std::int64_t max) { return static_cast<int>(integer(key, min, max)); }

    std::uint64_t id() { return static_cast<std::uint64_t>(integer("id", 0, kMaxInt64)); }
    std::uint64_t slot() { return static_cast<std::uint64_t>(integer("slot", 0, kMaxUnderWay - 1)); }

    bool flag(const char* key) {
        const json* value = find(key);
        if (value == nullptr) return false;
        if (!value->is_boolean()) return wrong(key), false;
        return value->get<bool>();
    }

    std::string text(const char* key, std::size_t maxBytes) {
        const json* value = find(key);
        if (value == nullptr) return {};
        if (!value->is_string()) return wrong(key), std::string();
        auto text = value->get<std::string>();
        // printable() may lengthen what it escapes, and marks a cut.
        if (text.size() > maxBytes + 3) return wrong(key), std::string();
        return text;
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

template <typename Message>
Result<Message> finished(const Reader& reader, Message message) {
    if (!reader.error().empty()) return fail(Errc::kInvalid, "a packet was not understood: " + reader.error());
    return message;
}

std::string toJson(const Hello& hello) {
    return fmt::format(R"({{"type":"hello","version":{},"verify":{}}})", hello.version, hello.verify);
}

std::string toJson(const Capture& capture) {
    return fmt::format(
        R"({{"type":"capture","id":{},"width":{},"height":{},"quality":{},"max_bytes":{},"not_before":{},"deadline":{},"slot":{}}})",
        capture.id, capture.width, capture.height, capture.quality, capture.maxBytes, capture.notBefore.count(),
        capture.deadline.count(), capture.slot);
}

std::string toJson(const Cancel& cancel) {
    return fmt::format(R"({{"type":"cancel","id":{}}})", cancel.id);
}

std::string toJson(const Description& description) {
    return fmt::format(
        R"({{"type":"description","version":{},"online":{},"program":{},"backend":{},"library":{},"model":{},"reason":{},)"
        R"("width":{},"height":{}}})",
        description.version, description.online, quoted(description.program, kMaxNameBytes),
        quoted(description.backend, kMaxNameBytes), quoted(description.library, kMaxNameBytes),
        quoted(description.model, kMaxNameBytes), quoted(description.reason, kMaxTextBytes), description.width,
        description.height);
}

std::string toJson(const PictureTaken& picture) {
    const auto sinceEpoch = std::chrono::duration_cast<nanoseconds>(picture.exposureStart.time_since_epoch());
    return fmt::format(
        R"({{"type":"picture","id":{},"slot":{},"bytes":{},"width":{},"height":{},"quality":{},"exposure_start":{},"reduced":{},)"
        R"("camera":{}}})",
        picture.id, picture.slot, picture.bytes, picture.width, picture.height, picture.quality, sinceEpoch.count(),
        quoted(picture.reduced, kMaxTextBytes), quoted(picture.camera, kMaxNameBytes));
}

std::string toJson(const CaptureFailed& failed) {
    return fmt::format(R"({{"type":"failed","id":{},"code":"{}","message":{}}})", failed.id, toName(failed.code),
                       quoted(failed.message, kMaxTextBytes));
}

std::string toJson(const Motion& motion) {
    return fmt::format(R"({{"type":"motion","moving":{}}})", motion.isMoving);
}

std::string toJson(const Farewell& farewell) {
    return fmt::format(R"({{"type":"farewell","restart":{},"reason":{}}})", farewell.kind == FarewellKind::kRestart,
                       quoted(farewell.reason, kMaxTextBytes));
}

Capture readCapture(Reader& reader) {
    Capture capture;
    capture.id = reader.id();
    capture.width = reader.size("width", 64, kMaxWidth);
    capture.height = reader.size("height", 64, kMaxHeight);
    capture.quality = reader.size("quality", 1, 100);
    capture.maxBytes =
        static_cast<std::uint64_t>(reader.integer("max_bytes", 1, static_cast<std::int64_t>(kMaxPictureBytes)));
    capture.notBefore = BootTime{reader.integer("not_before", 0, kMaxInt64)};
    capture.deadline = BootTime{reader.integer("deadline", 0, kMaxInt64)};
    capture.slot = reader.slot();
    if (capture.width % 2 != 0) reader.wrong("width");
    if (capture.height % 2 != 0) reader.wrong("height");
    return capture;
}

Description readDescription(Reader& reader) {
    Description description;
    description.version = reader.size("version", 0, std::numeric_limits<int>::max());
    if (description.version != kProtocolVersion) return description;
    description.online = reader.flag("online");
    description.program = reader.text("program", kMaxNameBytes);
    description.backend = reader.text("backend", kMaxNameBytes);
    description.library = reader.text("library", kMaxNameBytes);
    description.model = reader.text("model", kMaxNameBytes);
    description.reason = reader.text("reason", kMaxTextBytes);
    description.width = reader.size("width", 0, kMaxWidth);
    description.height = reader.size("height", 0, kMaxHeight);
    return description;
}

PictureTaken readPicture(Reader& reader) {
    PictureTaken picture;
    picture.id = reader.id();
    picture.slot = reader.slot();
    picture.bytes = static_cast<std::uint64_t>(reader.integer("bytes", 1, static_cast<std::int64_t>(kMaxPictureBytes)));
    picture.width = reader.size("width", 1, kMaxWidth);
    picture.height = reader.size("height", 1, kMaxWidth);
    picture.quality = reader.size("quality", 1, 100);
    const nanoseconds start{reader.integer("exposure_start", 0, kMaxInt64)};
    picture.exposureStart = WallTime{std::chrono::duration_cast<WallTime::duration>(start)};
    picture.reduced = reader.text("reduced", kMaxTextBytes);
    picture.camera = reader.text("camera", kMaxNameBytes);
    return picture;
}

CaptureFailed readFailed(Reader& reader) {
    CaptureFailed failed{reader.id(), Errc::kInternal, {}};
    const std::string code = reader.text("code", kMaxNameBytes);
    for (const CodeName& known : kCodes) {
        if (known.name == code) failed.code = known.code;
    }
    if (failed.code == Errc::kInternal) reader.wrong("code");
    failed.message = reader.text("message", kMaxTextBytes);
    return failed;
}

Farewell readFarewell(Reader& reader) {
    const bool restart = reader.flag("restart");
    return {restart ? FarewellKind::kRestart : FarewellKind::kRefused, reader.text("reason", kMaxTextBytes)};
}

}  // namespace

std::string encode(const CameraRequest& request) {
    return std::visit([](const auto& message) { return toJson(message); }, request);
}

std::string encode(const CameraReply& reply) {
    return std::visit([](const auto& message) { return toJson(message); }, reply);
}

Result<CameraRequest> decodeRequest(std::string_view packet) {
    Reader reader(packet);
    const std::string type = reader.text("type", kMaxNameBytes);
    if (type == "capture") return finished<CameraRequest>(reader, readCapture(reader));
    if (type == "cancel") return finished<CameraRequest>(reader, Cancel{reader.id()});
    if (type == "hello") {
        Hello hello;
        hello.version = reader.size("version", 0, std::numeric_limits<int>::max());
        if (hello.version == kProtocolVersion) hello.verify = reader.flag("verify");
        return finished<CameraRequest>(reader, hello);
    }
    reader.wrong("type");
    return finished<CameraRequest>(reader, Hello{});
}

Result<CameraReply> decodeReply(std::string_view packet) {
    Reader reader(packet);
    const std::string type = reader.text("type", kMaxNameBytes);
    if (type == "picture") return finished<CameraReply>(reader, readPicture(reader));
    if (type == "failed") return finished<CameraReply>(reader, readFailed(reader));
    if (type == "motion") return finished<CameraReply>(reader, Motion{reader.flag("moving")});
    if (type == "description") return finished<CameraReply>(reader, readDescription(reader));
    if (type == "farewell") return finished<CameraReply>(reader, readFarewell(reader));
    reader.wrong("type");
    return finished<CameraReply>(reader, Farewell{});
}

std::string versionMismatch(std::string_view self, std::string_view other, int theirs) {
    const std::string_view older = theirs < kProtocolVersion ? other : self;
    return fmt::format("{} and {} are of different versions (protocol {} and {}): upgrade {}", self, other,
                       kProtocolVersion, theirs, older);
}

}  // namespace edge
