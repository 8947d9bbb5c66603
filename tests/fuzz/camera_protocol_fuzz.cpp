// SPDX-License-Identifier: MIT
// What either of the two programs may get from the other, taken for hostile.
#include <cstdint>
#include <string_view>

#include "camera/ipc/protocol.hpp"
#include "fuzz/require.hpp"

namespace {

using namespace edge;

template <typename Decode>
void decodeTwice(std::string_view packet, Decode decode) {
    const auto message = decode(packet);
    if (!message) return require(!message.error().message.empty(), "a refusal says why");
    const std::string again = encode(*message);
    require(again.size() <= kMaxPacketBytes, "what was understood fits into a packet");
    const auto second = decode(again);
    require(second && encode(*second) == again, "what was understood can be said again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    decodeTwice(packet, decodeRequest);
    decodeTwice(packet, decodeReply);
    return 0;
}
