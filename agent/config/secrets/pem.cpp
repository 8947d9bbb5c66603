// SPDX-License-Identifier: MIT
#include "config/secrets/pem.hpp"

#include <algorithm>
#include <ctime>
#include <memory>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace edge {
namespace {

template <auto function>
struct Deleter {
    template <typename T>
    void operator()(T* pointer) const {
        function(pointer);
    }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
struct FreeInfos {
    void operator()(STACK_OF(X509_INFO) * infos) const { sk_X509_INFO_pop_free(infos, X509_INFO_free); }
};
using InfosPtr = std::unique_ptr<STACK_OF(X509_INFO), FreeInfos>;

BioPtr open(const std::string& content) {
    return BioPtr(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

/// OpenSSL would ask for it on the terminal.
int noPassphrase(char*, int, int, void*) {
    return 0;
}

KeyPtr readKey(const std::string& content) {
    const BioPtr file = open(content);
    KeyPtr key(PEM_read_bio_PrivateKey(file.get(), nullptr, noPassphrase, nullptr));
    ERR_clear_error();
    return key;
}

bool isDer(const std::string& content) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(content.data());
    const CertificatePtr certificate(d2i_X509(nullptr, &bytes, static_cast<long>(content.size())));
    ERR_clear_error();
    return certificate != nullptr;
}

bool contains(const std::string& content, const char* words) {
    return content.find(words) != std::string::npos;
}

/// What is wrong apart from the certificate or key itself: `isPresent` tells whether its markers were found.
std::string validateText(const std::string& content, bool isPresent, const char* what) {
    if (content.empty()) return "is empty";
    if (content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF")) return "is UTF-16; save it as UTF-8";
    if (!isPresent) return std::string("contains no ") + what;
    const bool isAtLineStart = content.starts_with("-----BEGIN ") || contains(content, "\n-----BEGIN ");
    return isAtLineStart ? "" : "has something in front of -----BEGIN on the same line";
}

}  // namespace

std::vector<WallTime> endsOfCertificates(const std::string& content) {
    const BioPtr file = open(content);
    const InfosPtr found(PEM_X509_INFO_read_bio(file.get(), nullptr, noPassphrase, nullptr));
    std::vector<WallTime> ends;
    const int count = found ? sk_X509_INFO_num(found.get()) : 0;
    for (int i = 0; i < count; ++i) {
        const X509* certificate = sk_X509_INFO_value(found.get(), i)->x509;
        std::tm end{};
        if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) continue;
        // RFC 5280 writes "never" as the year 9999, which WallTime cannot say.
        constexpr auto kLatest = std::chrono::duration_cast<seconds>(WallTime::max().time_since_epoch());
        ends.emplace_back(std::min(seconds{::timegm(&end)}, kLatest));
    }
    ERR_clear_error();
    return ends;
}

std::string validateCertificates(const std::string& content) {
    if (!endsOfCertificates(content).empty()) return "";
    if (isDer(content))
        return "is in DER and not in PEM; convert it with: openssl x509 -inform der -in FILE -out NEWFILE";
    const bool isPresent =
        contains(content, "-----BEGIN CERTIFICATE-----") || contains(content, "-----BEGIN TRUSTED CERTIFICATE-----");
    const std::string error = validateText(content, isPresent, "certificate");
    return error.empty() ? "contains a damaged certificate" : error;
}

std::string validatePrivateKey(const std::string& content) {
    const bool isPresent = contains(content, "-----BEGIN ") && contains(content, "PRIVATE KEY-----");
    std::string error = validateText(content, isPresent, "private key");
    if (!error.empty()) return error;
    if (contains(content, "ENCRYPTED")) return "is encrypted with a passphrase";
    return readKey(content) ? "" : "contains a damaged private key";
}

bool isKeyOf(const std::string& key, const std::string& certificates) {
    const BioPtr file = open(certificates);
    const CertificatePtr certificate(PEM_read_bio_X509(file.get(), nullptr, noPassphrase, nullptr));
    const KeyPtr privateKey = readKey(key);
    const bool isMatch = certificate && privateKey && X509_check_private_key(certificate.get(), privateKey.get()) == 1;
    ERR_clear_error();
    return isMatch;
}

}  // namespace edge
