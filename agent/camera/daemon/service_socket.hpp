// SPDX-License-Identifier: MIT
#pragma once

#include "core/result.hpp"
#include "core/system/files.hpp"

namespace edge {

/// The listening SEQPACKET socket that systemd has made for this service (socket activation). Errors: kNotFound
/// (systemd gave none), kInvalid (it is of another kind, or there are several).
Result<UniqueFd> takeServiceSocket();

/// Descriptor `fd`, inherited from the agent that started this program: a connected SEQPACKET socket. Errors: kInvalid.
Result<UniqueFd> takeInheritedSocket(int fd);

}  // namespace edge
