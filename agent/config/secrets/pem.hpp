// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/time/time.hpp"

namespace edge {

// What is wrong with the content of a PEM file (RFC 7468), "" if nothing is. Thread: any.

/// At least one certificate, and all of them complete: read as OpenSSL's store reads the file for a connection.
std::string validateCertificates(const std::string& content);
/// When each certificate in `content` ends.
std::vector<WallTime> endsOfCertificates(const std::string& content);
/// A private key that can be used without a passphrase. The text never quotes the content.
std::string validatePrivateKey(const std::string& content);
/// Whether the key is that of the first certificate; both are valid.
bool isKeyOf(const std::string& key, const std::string& certificates);

}  // namespace edge
