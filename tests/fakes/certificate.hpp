// SPDX-License-Identifier: MIT
#pragma once

namespace edge {

/// Made for these tests: of nobody, for nothing.
inline constexpr const char* kCertificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdTCCARugAwIBAgIUIoF5Fo1WQwv9/YSOCno7aFtIVTYwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjExNjA5MjZaGA8yMTI2MTAyODE2MDky\n"
    "NlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGat\n"
    "L3GQ8l+Oj8BMYG34dJsrm8z80tkD3qdDad5XtAoROrpPlwGZOrky1YgRNuZAEXWh\n"
    "7OhUTAOE/XT/7d2GUDGjUzBRMB0GA1UdDgQWBBSG+mSSqSy04q+9TAHFI/e2FUFS\n"
    "tTAfBgNVHSMEGDAWgBSG+mSSqSy04q+9TAHFI/e2FUFStTAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0gAMEUCIB4Frl5niZW2t/ARGizdJl1p8jpCGn9BJX+4\n"
    "xNCqCRjqAiEAqboGQw6jnvIDZODvcsb0Rjgicp6GmLePznxKNn1f3YQ=\n"
    "-----END CERTIFICATE-----\n";
/// Ends in a year that WallTime cannot say.
inline constexpr const char* kEndsNever =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCAR2gAwIBAgIUI5Q1E3SGIYtJWsoPbeFv0nc4Cf0wCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFbmV2ZXIwIBcNMjYxMTI3MjExMjA2WhgPNzUwMjA5MjEyMTEy\n"
    "MDZaMBAxDjAMBgNVBAMMBW5ldmVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n"
    "6VDPKEWgtNa6KJ3yNzFw9JjmtBFsQq3DgeiEjE0Q34CKxcbDWWxzc70k0zRunDpE\n"
    "vOS8ZNTZ4sLUGZKjY+zScqNTMFEwHQYDVR0OBBYEFAwlnirrH4AZPh5AqP3k8Qvk\n"
    "SX6WMB8GA1UdIwQYMBaAFAwlnirrH4AZPh5AqP3k8QvkSX6WMA8GA1UdEwEB/wQF\n"
    "MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgTxS+7MAQc/cTBPw9BJ+l0cIo3z7Hcf1F\n"
    "NqQkCzDE2XgCIEfca0Y51su9UW9l/eHEJeBS8ZvxcN05xaw5xhXjjO9N\n"
    "-----END CERTIFICATE-----\n";

}  // namespace edge
