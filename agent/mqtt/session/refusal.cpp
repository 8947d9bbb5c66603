// SPDX-License-Identifier: MIT
#include "mqtt/session/refusal.hpp"

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

/// Return codes of MQTT 3.1.1 (3.2.2.3).
constexpr std::array kReturnCodes{
    Row{1, Kind::kProtocolUnsupported, "the broker does not speak this version of MQTT; set mqtt.protocol to \"auto\""},
    Row{2, Kind::kServer,
        "the broker refuses the client id or the keep-alive; change device.id, or shorten mqtt.keep_alive (mosquitto: "
        "max_keepalive)"},
    Row{3, Kind::kServer, "the broker is not available"},
    Row{4, Kind::kRefusedLogin, kLoginHint},
    Row{5, Kind::kRefusedLogin, kLoginHint},
};

/// Reason codes of MQTT 5 (2.4) in CONNACK and DISCONNECT.
constexpr std::array kReasonCodes{
    Row{0x00, Kind::kNetwork, "the broker ended the connection"},
    Row{0x81, Kind::kServer, "the broker calls our packet malformed"},
    Row{0x82, Kind::kServer, "the broker calls it a protocol error"},
    Row{0x84, Kind::kProtocolUnsupported,
        "the broker does not speak this version of MQTT; set mqtt.protocol to \"auto\""},
    Row{0x85, Kind::kServer, "the broker refuses the client id; change device.id"},
    Row{0x86, Kind::kRefusedLogin, kLoginHint},
    Row{0x87, Kind::kRefusedLogin, "not authorised; check mqtt.username and mqtt.password_file, and the broker's ACL"},
    Row{0x88, Kind::kServer, "the broker is not available"},
    Row{0x89, Kind::kServer, "the broker is busy"},
    Row{0x8A, Kind::kRefusedLogin, "the broker has banned this client"},
    Row{0x8B, Kind::kNetwork, "the broker is shutting down"},
    Row{0x8C, Kind::kRefusedLogin, "the broker wants another way to log in than a password"},
    Row{0x8D, Kind::kNetwork, "the broker has heard nothing of us for too long"},
    Row{0x8E, Kind::kTakenOver,
        "another client has connected with our client id; give every device a device.id of its own"},
    Row{0x90, Kind::kServer, "the broker refuses the topic of the last will"},
    Row{0x93, Kind::kServer, "more messages in flight than the broker allows"},
    Row{0x95, Kind::kPacketTooLarge, "a packet was larger than the broker takes"},
    Row{0x96, Kind::kServer, "too many messages a second for the broker"},
    Row{0x97, Kind::kServer, "a quota of the broker is used up"},
    Row{0x98, Kind::kServer, "the broker's administrator ended the connection"},
    Row{0x9A, Kind::kServer, "the broker does not keep retained messages"},
    Row{0x9B, Kind::kServer, "the broker does not support this QoS"},
    Row{0x9C, Kind::kServer, "the broker asks to use another server"},
    Row{0x9D, Kind::kServer, "the broker has moved to another address"},
    Row{0x9F, Kind::kServer, "too many connections a second for the broker"},
};

template <std::size_t N>
const Row* find(const std::array<Row, N>& rows, int code) {
    const auto it = std::find_if(rows.begin(), rows.end(), [code](const Row& row) { return row.code == code; });
    return it == rows.end() ? nullptr : &*it;
}

}  // namespace

ConnectionFailure describeRefusal(int protocolVersion, int code, const std::string& reason) {
    const bool isReturnCode = protocolVersion < 5 || (code > 0 && code <= 5);
    const Row* row = isReturnCode ? find(kReturnCodes, code) : find(kReasonCodes, code);
    ConnectionFailure failure;
    failure.kind = row ? row->kind : Kind::kServer;
    failure.reasonCode = code;
    const bool isLogin = failure.kind == Kind::kRefusedLogin;
    failure.message = fmt::format("{}{} (code {})", isLogin ? "the broker refuses the login: " : "",
                                  row ? row->meaning : "the broker gave no reason that is known here", code);
    if (!reason.empty()) failure.message += fmt::format(": \"{}\"", printable(reason));
    return failure;
}

}  // namespace edge
