// SPDX-License-Identifier: MIT
// What anybody may publish on the command topic.
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz/require.hpp"
#include "services/commands/command.hpp"
#include "services/commands/command_table.hpp"

namespace {

using namespace edge;

void checkReply(const Outcome& outcome, const std::string& word, const std::string& transaction) {
    const auto reply = nlohmann::json::parse(formatReply(outcome, word, transaction), nullptr, false);
    require(reply.is_object() && reply.contains("status") && reply.contains("command"), "the reply is the contract's");
    require(reply.contains("transaction") == !transaction.empty(), "the transaction comes back where there was one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto command = parseCommand({reinterpret_cast<const char*>(data), size});
    if (!command) {
        require(!command.error().message.empty(), "a refusal says why");
        require(command.error().transaction.size() <= kMaxTransactionBytes, "transactions are bounded");
        checkReply(Outcome::failure(command.error().code, command.error().message), command.error().word,
                   command.error().transaction);
        return 0;
    }
    require(findCommand(command->word) != nullptr, "the word is in the table");
    require(command->transaction.size() <= kMaxTransactionBytes, "transactions are bounded");
    const CommandOptions& options = command->options;
    require(options.width.value_or(64) >= 64 && options.width.value_or(64) <= 9152, "width is in its range");
    require(options.height.value_or(64) >= 64 && options.height.value_or(64) <= 6944, "height is in its range");
    require(options.count.value_or(1) >= 1 && options.count.value_or(1) <= 1000, "count is in its range");
    require(options.timeout.value_or(seconds{1}) <= std::chrono::minutes{10}, "timeout is in its range");
    checkReply(Outcome::success(), command->word, command->transaction);
    return 0;
}
