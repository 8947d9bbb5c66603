// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/time/time.hpp"
#include "mqtt/message.hpp"

namespace edge {

/// A command as it is sent.
struct RequestMessage {
    std::string payload;        ///< JSON
    std::string transaction;    ///< that of the options, or else the one that was offered
    int count = 1;              ///< of pictures
    std::string fetchedId{};    ///< of fetch: the picture's; "" where it can be no id
    milliseconds extraTime{0};  ///< what the options allow the command to take
};

/// `options` are "OPTION=VALUE"; a value that is JSON (a number, true, a list) is sent as that, any other as a string.
/// `timeout` is the limit of a picture where the options have none. Errors are for the person.
Result<RequestMessage> makeRequest(const std::string& command, const std::vector<std::string>& options,
                                   const std::string& transaction, milliseconds timeout);

/// A reply, as far as it matters.
struct RequestReply {
    bool ok = false;
    std::string error;  ///< "the sentence (busy)"; "" where `ok`
    std::string data;   ///< for a person, lines without the last line feed; "" where there is none
    int taken = 1;      ///< pictures of a series
};

/// Of a reply to `transaction`, or with `isOurs` to whatever it says; nullopt for any other message.
std::optional<RequestReply> readReply(const std::string& payload, const std::string& transaction, bool isOurs);

/// Finds the pictures of one command among all that are published: by the user property `transaction` of the JPEG (MQTT
/// 5), or by the description on `<base>/image`, which comes just before or after a JPEG of that many bytes.
class PictureFinder {
  public:
    explicit PictureFinder(std::string transaction) : transaction_(std::move(transaction)) {}

    void addPicture(InboundMessage message);
    void addDescription(const std::string& json);
    /// A picture on the topic of the one that is fetched; another client may fetch it, too.
    void addFetched(InboundMessage message);
    /// Those that were found since the last call, in their order.
    std::vector<std::string> take() { return std::exchange(found_, {}); }

  private:
    void match();

    const std::string transaction_;
    std::set<std::string> foundIds_;
    std::map<std::string, std::size_t> described_;  ///< ids of pictures to find, and their bytes
    std::deque<std::string> unknown_;               ///< the last pictures that do not say whose they are
    std::vector<std::string> found_;
};

/// The file of the picture with number `index` (from 1) of `count`: "garden-2.jpg" from "garden.jpg".
std::string pictureFile(const std::string& output, int index, int count);

}  // namespace edge
