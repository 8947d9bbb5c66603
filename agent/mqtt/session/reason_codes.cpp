// SPDX-License-Identifier: MIT
#include "mqtt/session/reason_codes.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/text.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

struct Row {
    int code;
    Kind kind;
    const char* meaning;
};

constexpr const char* kLoginHint = "check mqtt.username and mqtt.password_file";

/// Return codes of MQTT 3.1.1 (3.2.2.3), 1 to 5, and reason codes of MQTT 5 (2.4) in CONNACK and DISCONNECT.
constexpr std::array kRows{
    Row{0x00, Kind::kNetwork, "the broker ended the connection"},
    Row{1, Kind::kProtocolUnsupported,
        "the broker does not support this version of MQTT; set mqtt.protocol to \"auto\""},
    Row{kIdentifierRejected, Kind::kServer,
        "the broker refuses the client id or the keep-alive; change device.id, or shorten mqtt.keep_alive (mosquitto: "
        "max_keepalive)"},
    Row{3, Kind::kServer, "the broker is not available"},
    Row{4, Kind::kRefusedLogin, kLoginHint},
    Row{5, Kind::kRefusedLogin, kLoginHint},
    Row{0x81, Kind::kServer, "malformed packet"},
    Row{0x82, Kind::kServer, "protocol error"},
    Row{0x84, Kind::kProtocolUnsupported,
        "the broker does not support this version of MQTT; set mqtt.protocol to \"auto\""},
    Row{0x85, Kind::kServer, "the broker refuses the client id; change device.id"},
    Row{0x86, Kind::kRefusedLogin, kLoginHint},
    Row{0x87, Kind::kRefusedLogin, "not authorised; check mqtt.username and mqtt.password_file, and the broker's ACL"},
    Row{0x88, Kind::kServer, "the broker is not available"},
    Row{0x89, Kind::kServer, "the broker is busy"},
    Row{0x8A, Kind::kRefusedLogin, "the broker has banned this client"},
    Row{0x8B, Kind::kNetwork, "the broker is shutting down"},
    Row{0x8C, Kind::kRefusedLogin, "bad authentication method: the broker does not accept a password"},
    Row{0x8D, Kind::kNetwork, "keep-alive timeout: the broker received nothing for too long"},
    Row{0x8E, Kind::kTakenOver,
        "another client has connected with our client id; give every device a device.id of its own"},
    Row{0x90, Kind::kServer, "the broker refuses the topic of the last will"},
    Row{0x93, Kind::kServer, "more messages in flight than the broker allows"},
    Row{kPacketTooLarge, Kind::kPacketTooLarge, "packet too large for the broker"},
    Row{0x96, Kind::kServer, "message rate too high for the broker"},
    Row{kQuotaExceeded, Kind::kServer, "quota of the broker exceeded"},
    Row{0x98, Kind::kServer, "the broker's administrator ended the connection"},
    Row{kRetainNotSupported, Kind::kServer, "the broker does not support retained messages"},
    Row{kQosNotSupported, Kind::kServer, "the broker does not support this QoS"},
    Row{0x9C, Kind::kServer, "the broker asks to use another server"},
    Row{0x9D, Kind::kServer, "the broker has moved to another address"},
    Row{0x9F, Kind::kServer, "connection rate too high for the broker"},
};

}  // namespace

ConnectionFailure describeRefusal(int code, const std::string& reason) {
    const auto* const row = std::ranges::find(kRows, code, &Row::code);
    const bool isKnown = row != kRows.end();
    ConnectionFailure failure;
    failure.kind = isKnown ? row->kind : Kind::kServer;
    failure.reasonCode = code;
    const bool isLogin = failure.kind == Kind::kRefusedLogin;
    failure.message = fmt::format("{}{} (code {})", isLogin ? "the broker refuses the login: " : "",
                                  isKnown ? row->meaning : "unknown reason", code);
    if (!reason.empty()) failure.message += fmt::format(": \"{}\"", printable(reason));
    return failure;
}

}  // namespace edge
