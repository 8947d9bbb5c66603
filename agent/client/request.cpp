// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "client/broker_connection.hpp"
#include "client/client.hpp"
#include "client/request_messages.hpp"
#include "config/load.hpp"
#include "core/exit_codes.hpp"
#include "core/system/files.hpp"
#include "core/system/identity.hpp"
#include "core/system/log.hpp"
#include "core/system/standard_streams.hpp"
#include "core/text.hpp"

namespace edge {
namespace {

/// For the retained status, after the subscription was granted.
constexpr milliseconds kStatusLimit{500};
/// For the way to the agent and back, beyond what the command takes.
constexpr seconds kReplyLimit{10};
/// For a picture, after the reply.
constexpr seconds kPictureLimit{10};

/// One command, from the connection to the last picture.
class Request {
  public:
    Request(const Config& config, DeviceTopics topics, std::string password, const RequestOptions& options,
            RequestMessage message, std::ostream& out, std::ostream& err)
        : config_(config),
          topics_(std::move(topics)),
          options_(options),
          message_(std::move(message)),
          pictureTopic_(message_.fetchedId.empty() ? topics_.image : topics_.base + "/picture/" + message_.fetchedId),
          isToOutput_(isStandardOutput(options.output)),
          limit_(options.timeout.value_or(kReplyLimit + message_.extraTime)),
          out_(out),
          err_(err),
          finder_(message_.transaction),
          connection_(config, std::move(password), "request", subscriptions(),
                      {[this] { connected(); }, [this](InboundMessage m) { heard(std::move(m)); }}),
          loop_(connection_.loop()) {}

    int run() {
        if (const auto done = connection_.run(); !done) return failed(done.error().message);
        return exitCode_;
    }

  private:
    [[nodiscard]] std::vector<std::string> subscriptions() const {
        std::vector<std::string> topics;
        if (topics_.base.empty()) return topics;
        topics = {topics_.base + "/response", topics_.base + "/status"};
        if (options_.output.empty()) return topics;
        topics.push_back(pictureTopic_);
        if (message_.fetchedId.empty()) topics.push_back(topics_.base + "/image");
        return topics;
    }

    int failed(const std::string& reason) {
        err_ << reason << '\n';
        return kExitFailed;
    }
    void end(int exitCode) {
        timer_.cancel();
        if (std::exchange(isEnding_, true)) return;
        exitCode_ = exitCode;
        connection_.close();
    }
    void fail(const std::string& reason) {
        if (!isEnding_) end(failed(reason));
    }

    /// Also after a reconnect: the transaction keeps the command from being carried out twice.
    void connected() {
        const auto denied = connection_.session().health().deniedTopics;
        for (const std::string& topic : {topics_.base + "/response", pictureTopic_}) {
            if (denied.contains(topic)) return fail(describeDenied("read", topic));
        }
        if (topics_.base.empty() || hasStatus_) return send();
        timer_ = loop_.after(kStatusLimit, [this] { send(); });
    }

    void send() {
        if (isEnding_) return;
        isSent_ = true;
        timer_ = loop_.after(limit_, [this] { timedOut(); });
        const std::string topic = topics_.base.empty() ? config_.topics.command : topics_.base + "/command";
        Publication command{.topic = topic, .payload = message_.payload};
        command.expiry = std::chrono::ceil<seconds>(limit_);
        if (!topics_.base.empty()) {
            command.responseTopic = topics_.base + "/response";
            command.correlationData = message_.transaction;
        }
        connection_.session().publish(std::move(command), Priority::kLive,
                                      [this, topic](Delivery delivery) { sent(topic, delivery); });
    }

    void sent(const std::string& topic, Delivery delivery) {
        if (delivery == Delivery::kDenied) return fail(describeDenied("write", topic));
        if (delivery == Delivery::kTooLarge) return fail("the command is larger than what the broker takes");
        if (delivery != Delivery::kDelivered || !topics_.base.empty()) return;
        (options_.json ? err_ : out_) << fmt::format(
            "sent to every agent on \"{}\"; topics.base is \"\", so agents do not reply\n", printable(topic));
        end(0);
    }

    void heard(InboundMessage message) {
        if (isEnding_) return;
        if (message.topic == topics_.base + "/status") {
            hearStatus(message);
        } else if (message.topic == topics_.base + "/response") {
            hearReply(message);
        } else {
            if (!message_.fetchedId.empty()) {
                finder_.addFetched(std::move(message));
            } else if (message.topic == topics_.image) {
                finder_.addPicture(std::move(message));
            } else {
                finder_.addDescription(message.payload);
            }
            savePictures();
        }
    }

    /// An agent that is away would carry the command out when it is back, long after anybody waited for it.
    void hearStatus(const InboundMessage& message) {
        const bool isFirst = !std::exchange(hasStatus_, true);
        isOnline_ = message.payload == "online";
        if (!isFirst || isSent_) return;
        if (!isOnline_)
            return fail(fmt::format("{} is offline; nothing was sent. \"pi-edge-agent status\" says more", topics_.id));
        if (connection_.session().connection() != nullptr) send();
    }

    void hearReply(const InboundMessage& message) {
        const auto reply =
            readReply(message.payload, message_.transaction, message.correlationData == message_.transaction);
        if (!reply || hasReply_) return;
        hasReply_ = true;
        if (options_.json) (isToOutput_ ? err_ : out_) << printableJson(message.payload) << '\n';
        if (!reply->ok) return fail(reply->error);
        taken_ = reply->taken;
        if (!options_.json && options_.output.empty()) out_ << (reply->data.empty() ? "done" : reply->data) << '\n';
        if (options_.output.empty() || saved_ >= taken_) return end(0);
        timer_ = loop_.after(kPictureLimit, [this] {
            fail(
                fmt::format("the picture did not arrive, although {} published it; does the access list let this user "
                            "read \"{}\"{}?",
                            topics_.id, pictureTopic_,
                            message_.fetchedId.empty() ? fmt::format(" and \"{}/image\"", topics_.base) : ""));
        });
    }

    void savePictures() {
        for (const std::string& jpeg : finder_.take()) {
            const std::string file = pictureFile(options_.output, ++saved_, message_.count);
            if (isToOutput_) {
                out_ << jpeg;
            } else if (const auto written = replaceFile(file, jpeg); !written) {
                return fail(written.error().message);
            }
            if (!options_.json)
                (isToOutput_ ? err_ : out_) << fmt::format("{}: {} bytes\n", printable(file), jpeg.size());
        }
        if (hasReply_ && saved_ >= taken_) end(0);
    }

    void timedOut() {
        const std::string limit = formatDuration(limit_);
        if (topics_.base.empty())
            return fail(fmt::format("the broker did not acknowledge the command within {}", limit));
        if (isOnline_)
            return fail(fmt::format(
                "{} is online, but no reply came within {}; does the access list let this user write \"{}/command\" "
                "and read \"{}/response\"?",
                topics_.id, limit, topics_.base, topics_.base));
        fail(
            fmt::format("no reply from {} within {}; {} does not say whether it is online: is the id right, does the "
                        "agent run with this broker, and may this user use {}/command and {}/response?",
                        topics_.id, limit, connection_.server(), topics_.base, topics_.base));
    }

    const Config& config_;
    const DeviceTopics topics_;
    const RequestOptions& options_;
    const RequestMessage message_;
    const std::string pictureTopic_;
    const bool isToOutput_;
    const milliseconds limit_;
    std::ostream& out_;
    std::ostream& err_;
    PictureFinder finder_;
    BrokerConnection connection_;
    AsioLoop& loop_;
    Timer timer_;  ///< for the status, then for the reply, then for the picture
    bool hasStatus_ = false;
    bool isOnline_ = false;
    bool isSent_ = false;
    bool hasReply_ = false;
    bool isEnding_ = false;
    int saved_ = 0;
    int taken_ = 1;
    int exitCode_ = kExitFailed;
};

/// Why the arguments make no sense; "" where they do.
std::string validate(const RequestOptions& request, const RequestMessage& message) {
    if (request.output.empty()) return "";
    const std::string command = toLower(request.command);
    if (command == "fetch" && message.fetchedId.empty())
        return "fetch needs the picture's id: id=ID, as pictures lists it";
    if (command != "capture" && command != "fetch") return "-o saves pictures: of capture or fetch";
    if (!isStandardOutput(request.output)) return "";
    if (message.count > 1) return "standard output takes one picture; use -o FILE.jpg with count";
    if (::isatty(STDOUT_FILENO) == 1)
        return "standard output is a terminal, which cannot show a picture; use -o FILE.jpg or redirect it";
    return "";
}

/// Why it cannot be sent without topics.base; "" where it can.
std::string validateBroadcast(const Config& config, const RequestOptions& request) {
    if (!config.topics.base.empty()) return "";
    if (config.topics.command.empty()) return "topics.base and topics.command are \"\": no agent receives commands";
    if (!request.output.empty())
        return "topics.base is \"\", so no picture can be told from those of others; set topics.base, or use "
               "\"pi-edge-agent capture\" on the device itself";
    return "";
}

}  // namespace

int sendRequest(const std::string& configPath, const RequestOptions& request, std::ostream& out, std::ostream& err) {
    log::setLevel(log::Level::kError);  // the reason for a failure is printed once, below
    const Config config = loadConfig(configPath, readIdentity());
    const auto fail = [&err](const std::string& reason, int exitCode) {
        err << reason << '\n';
        return exitCode;
    };
    const std::string transaction = fmt::format("request-{:08x}{:08x}", std::random_device()(), std::random_device()());
    const auto message = makeRequest(toLower(request.command), request.options, transaction, config.camera.timeout);
    if (!message) return fail(message.error().message, kExitUsage);
    if (const std::string wrong = validate(request, *message); !wrong.empty()) return fail(wrong, kExitUsage);
    const auto topics = topicsOf(config, request.device);
    if (!topics) return fail(topics.error().message, kExitFailed);
    if (const std::string reason = validateBroadcast(config, request); !reason.empty())
        return fail(reason, kExitFailed);
    auto password = loginOf(config);
    if (!password) return fail(password.error().message, kExitFailed);
    return Request(config, *topics, std::move(*password), request, *message, out, err).run();
}

}  // namespace edge
