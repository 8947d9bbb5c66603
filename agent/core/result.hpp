// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <type_traits>
#include <utility>

#include <tl/expected.hpp>

namespace edge {

/// What kind of thing went wrong, for the caller that has to decide. The sentence for the person is in Error::message.
enum class Errc {
    kInvalid,      ///< the input is wrong; trying again with the same input cannot help
    kNotFound,     ///< the file, device or chip is not there (now)
    kPermission,   ///< it is there, and this user may not use it
    kBusy,         ///< somebody else uses it, or the queue is full
    kTimeout,      ///< no answer within the time allowed
    kUnavailable,  ///< the other side (broker, camera program, camera) is away
    kFault,        ///< the device answered, and the answer cannot be true (CRC, out of range, power-on value)
    kIo,           ///< the operating system reported an error
    kTooLarge,     ///< over a limit of ours or of the other side
    kCancelled,    ///< given up on request
    kInternal,     ///< a third-party library failed in a way that has no better name
};

/// An expected failure at run time: a code for the program, and one sentence for the person (what, where, what to do).
struct Error {
    Errc code = Errc::kInternal;
    std::string message;

    bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// `return fail(Errc::kIo, "…")` from any function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// For TRY: the value, or nothing where there is none.
template <typename Value, typename Why>
Value takeValue(tl::expected<Value, Why>&& result) {
    if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

}  // namespace edge

/// The value of a Result (nothing of a Result<void>), or an early return of its error from the function around it:
/// `const auto text = TRY(readFile(path));`
#define TRY(expression)                                                          \
    __extension__({                                                              \
        auto triedResult = (expression);                                         \
        if (!triedResult) return tl::unexpected(std::move(triedResult).error()); \
        ::edge::takeValue(std::move(triedResult));                               \
    })
