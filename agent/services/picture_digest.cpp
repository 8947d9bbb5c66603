// SPDX-License-Identifier: MIT
#include "services/picture_digest.hpp"

#include <array>
#include <memory>
#include <new>

#include <openssl/evp.h>

#include "core/text.hpp"

namespace edge {
namespace {

struct Free {
    void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

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
    return toHex({reinterpret_cast<const char*>(digest.data()), length});
}

}  // namespace edge
