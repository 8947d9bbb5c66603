// SPDX-License-Identifier: MIT
#include "config/pem.hpp"

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

BioPtr open(const std::string& content) {
    return BioPtr(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
}

/// Nobody is there to be asked for a passphrase.
int noPassphrase(char*, int, int, void*) {
    return 0;
}

CertificatePtr nextCertificate(BIO* file) {
    return CertificatePtr(PEM_read_bio_X509(file, nullptr, noPassphrase, nullptr));
}

KeyPtr readKey(const std::string& content) {
    const BioPtr file = open(content);
    KeyPtr key(PEM_read_bio_PrivateKey(file.get(), nullptr, noPassphrase, nullptr));
    ERR_clear_error();
    return key;
}

bool contains(const std::string& content, const char* words) {
    return content.find(words) != std::string::npos;
}

}  // namespace

std::string complaintOfCertificates(const std::string& content) {
    if (content.empty()) return "is empty";
    if (!contains(content, "-----BEGIN CERTIFICATE-----") && !contains(content, "-----BEGIN TRUSTED CERTIFICATE-----"))
        return "holds no certificate";
    const BioPtr file = open(content);
    while (nextCertificate(file.get())) {
    }
    // The end of the file, or something that is no certificate though it says so.
    const bool isEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return isEnd ? "" : "holds a certificate that is damaged";
}

std::string complaintOfPrivateKey(const std::string& content) {
    if (content.empty()) return "is empty";
    if (!contains(content, "-----BEGIN ") || !contains(content, "PRIVATE KEY-----")) return "holds no private key";
    if (contains(content, "ENCRYPTED")) return "is locked with a passphrase";
    return readKey(content) ? "" : "holds a private key that is damaged";
}

bool isKeyOf(const std::string& key, const std::string& certificates) {
    const BioPtr file = open(certificates);
    const CertificatePtr certificate = nextCertificate(file.get());
    const KeyPtr privateKey = readKey(key);
    const bool fits = certificate && privateKey && X509_check_private_key(certificate.get(), privateKey.get()) == 1;
    ERR_clear_error();
    return fits;
}

}  // namespace edge
