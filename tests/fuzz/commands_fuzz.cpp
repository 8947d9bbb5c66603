// SPDX-License-Identifier: MIT
// What anybody may publish on the command topic.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz/require.hpp"
#include "services/commands/command.hpp"

namespace {

using namespace edge;

void checkReply(const Outcome& outcome, const std::string& word, const std::string& transaction) {
    const auto reply = nlohmann::json::parse(formatReply(outcome, word, transaction), nullptr, false);
    require(reply.is_object() && reply.contains("status") && reply.contains("command"), "the reply is the contract's");
    require(reply.contains("transaction") == !transaction.empty(), "the transaction comes back where there was one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto [command, function, error] = parseCommand({reinterpret_cast<const char*>(data), size});
    require(command.transaction.size() <= kMaxTransactionBytes, "transactions are bounded");
    if (error) {
        require(!error->error.empty(), "an error has a message");
        checkReply(*error, command.name, command.transaction);
        return 0;
    }
    require(function != nullptr, "a command is carried out");
    const auto words = commandNames();
    require(std::find(words.begin(), words.end(), command.name) != words.end(), "the word is in the table");
    const CommandOptions& options = command.options;
    require(options.width.value_or(64) >= 64 && options.width.value_or(64) <= 9152, "width is in its range");
    require(options.height.value_or(64) >= 64 && options.height.value_or(64) <= 6944, "height is in its range");
    require(options.count.value_or(1) >= 1 && options.count.value_or(1) <= 1000, "count is in its range");
    require(options.timeout.value_or(seconds{1}) <= std::chrono::minutes{10}, "timeout is in its range");
    checkReply(Outcome::success(), command.name, command.transaction);
    return 0;
}
