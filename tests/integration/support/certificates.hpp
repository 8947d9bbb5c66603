// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "integration/support/temp_dir.hpp"

namespace edge {

/// A certificate authority made for one test, by the openssl program.
class CertificateAuthority {
  public:
    explicit CertificateAuthority(const std::string& commonName = "Test CA");
    /// One in between, whose certificate comes from `root`.
    CertificateAuthority(const std::string& commonName, const CertificateAuthority& root);

    struct Pair {
        std::string certFile;
        std::string keyFile;
    };
    enum class Validity { kNow, kExpired, kNotYet };

    [[nodiscard]] std::string caFile() const { return dir_.file("ca.pem"); }
    /// `subjectAltName` as openssl writes it: "DNS:localhost,IP:127.0.0.1".
    [[nodiscard]] Pair issue(const std::string& name, const std::string& subjectAltName,
                             Validity validity = Validity::kNow) const;

  private:
    TempDir dir_;
};

}  // namespace edge
