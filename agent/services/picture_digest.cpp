// SPDX-License-Identifier: MIT
#include "services/picture_digest.hpp"

#include <array>
#include <memory>
#include <new>
#include <span>

#include <openssl/evp.h>

namespace edge {
namespace {

struct Free {
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string toHex(std::span<const unsigned char> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const unsigned char byte : bytes) {
        hex += kDigits[byte >> 4U];
        hex += kDigits[byte & 0xFU];
    }
    return hex;
}

}  // namespace

std::string pictureDigest(std::string_view jpeg) {
    static const std::unique_ptr<EVP_MD, Free> algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
    const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    const bool isDone = algorithm && context && EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1 &&
                        EVP_DigestUpdate(context.get(), jpeg.data(), jpeg.size()) == 1 &&
                        EVP_DigestFinal_ex(context.get(), digest.data(), &length) == 1;
    if (!isDone) throw std::bad_alloc();  // nothing else can be in its way
    return toHex(std::span(digest).first(length));
}

}  // namespace edge
