// SPDX-License-Identifier: MIT
#include "config/secrets/pem.hpp"

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
struct FreeInfos {
    void operator()(STACK_OF(X509_INFO) * infos) const { sk_X509_INFO_pop_free(infos, X509_INFO_free); }
};
using InfosPtr = std::unique_ptr<STACK_OF(X509_INFO), FreeInfos>;
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

bool beginsALine(const std::string& content, const std::string& words) {
    return content.starts_with(words) || contains(content, ("\n" + words).c_str());
}

bool isDer(const std::string& content) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(content.data());
    const CertificatePtr certificate(d2i_X509(nullptr, &bytes, static_cast<long>(content.size())));
    ERR_clear_error();
    return certificate != nullptr;
}

std::string complaintOfText(const std::string& content) {
    if (content.empty()) return "is empty";
    const bool isUtf16 = content.starts_with("\xFF\xFE") || content.starts_with("\xFE\xFF");
    return isUtf16 ? "is UTF-16; save it as UTF-8" : "";
}

}  // namespace

std::string complaintOfCertificates(const std::string& content) {
    if (auto complaint = complaintOfText(content); !complaint.empty()) return complaint;
    const BioPtr file = open(content);
    const InfosPtr found(PEM_X509_INFO_read_bio(file.get(), nullptr, noPassphrase, nullptr));
    ERR_clear_error();
    const int count = found ? sk_X509_INFO_num(found.get()) : 0;
    for (int i = 0; i < count; ++i) {
        if (sk_X509_INFO_value(found.get(), i)->x509 != nullptr) return "";
    }
    if (isDer(content))
        return "is in DER and not in PEM; convert it with: openssl x509 -inform der -in FILE -out NEWFILE";
    if (!contains(content, "-----BEGIN CERTIFICATE-----") && !contains(content, "-----BEGIN TRUSTED CERTIFICATE-----"))
        return "holds no certificate";
    if (!beginsALine(content, "-----BEGIN ")) return "has something in front of -----BEGIN on the same line";
    return "holds a certificate that is damaged";
}

std::string complaintOfPrivateKey(const std::string& content) {
    if (auto complaint = complaintOfText(content); !complaint.empty()) return complaint;
    if (!contains(content, "-----BEGIN ") || !contains(content, "PRIVATE KEY-----")) return "holds no private key";
    if (!beginsALine(content, "-----BEGIN ")) return "has something in front of -----BEGIN on the same line";
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
