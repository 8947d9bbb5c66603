// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace edge {

/// What is wrong with the content of a PEM file (RFC 7468), "" where nothing is. Thread: any.

/// At least one certificate, and each of them whole: read as OpenSSL's store reads the file for a connection.
std::string complaintOfCertificates(const std::string& content);
/// A private key that can be used without a passphrase. The text never quotes the content.
std::string complaintOfPrivateKey(const std::string& content);
/// Both are flawless by themselves: whether the key is that of the first certificate.
bool isKeyOf(const std::string& key, const std::string& certificates);

}  // namespace edge
