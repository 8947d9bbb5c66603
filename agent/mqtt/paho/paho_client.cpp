// SPDX-License-Identifier: MIT
#include "mqtt/paho/paho_client.hpp"

#include <signal.h>

#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "mqtt/net/tls_probe.hpp"
#include "mqtt/paho/paho_connection.hpp"
#include "mqtt/paho/paho_waits.hpp"
#include "mqtt/session/refusal.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;
using PublishId = PahoConnection::PublishId;

constexpr milliseconds kProbeLimit{3000};
/// Messages on their way from Paho's thread to the loop. Only a loop that does not get around to them lets that many
/// collect.
constexpr std::size_t kMaxInboundBytes = 4 << 20;
constexpr std::size_t kMessageCost = 256;

class PahoClient;

/// The way from Paho's threads and the strand to the client on the loop. Closed by the client's destructor: nothing
/// comes through afterwards, and the loop may go.
class Gate : public std::enable_shared_from_this<Gate> {
  public:
    Gate(Loop& loop, PahoClient& client) : loop_(&loop), client_(&client) {}

    void post(std::function<void(PahoClient&)> call) {
        const std::lock_guard lock(mutex_);
        if (loop_ == nullptr) return;
        loop_->post([self = shared_from_this(), call = std::move(call)] {
            if (self->client_ != nullptr) call(*self->client_);
        });
    }
    void close() {
        const std::lock_guard lock(mutex_);
        loop_ = nullptr;
        client_ = nullptr;  // read on the loop only
    }

    /// False when too much is on its way already: the message has to be dropped.
    bool reserve(std::size_t bytes) {
        if (inboundBytes_.fetch_add(bytes) + bytes <= kMaxInboundBytes) return true;
        inboundBytes_ -= bytes;
        return false;
    }
    void release(std::size_t bytes) { inboundBytes_ -= bytes; }

  private:
    std::mutex mutex_;
    Loop* loop_;
    PahoClient* client_;
    std::atomic<std::size_t> inboundBytes_{0};
};

class PahoClient : public MqttClient {
  public:
    PahoClient(Loop& loop, std::shared_ptr<Executor> strand, ConnectOptions options, Handlers handlers)
        : loop_(loop), strand_(std::move(strand)), options_(std::move(options)), handlers_(std::move(handlers)) {
        connection_ = std::make_shared<PahoConnection>(options_, makeEvents());
    }

    ~PahoClient() override {
        gate_->close();
        strand_->post([connection = std::move(connection_)] { connection->close(); });
    }

    void connect() override {
        state_ = State::kConnecting;
        timer_ = loop_.after(options_.connectTimeout, [this] {
            fail({Kind::kNetwork, -1,
                  fmt::format("{} port {} does not answer within {} s", options_.server.host, options_.server.port,
                              std::chrono::ceil<seconds>(options_.connectTimeout).count())});
        });
        strand_->post([connection = connection_] { connection->open(); });
    }

    void subscribe(std::vector<std::string> topics, Qos qos, SubscribeHandler done) override {
        subscribed_ = std::move(done);
        strand_->post(
            [connection = connection_, topics = std::move(topics), qos] { connection->subscribe(topics, qos); });
    }

    void publish(std::shared_ptr<const Publication> publication, PublishHandler done) override {
        const PublishId id = done ? ++lastId_ : PahoConnection::kUnwatched;
        if (done) published_.emplace(id, std::move(done));
        connection_->publish(publication, id);
    }

    [[nodiscard]] SteadyTime lastProgress() const override { return lastLineProgress(); }

    void disconnect(milliseconds limit, std::function<void()> done) override {
        disconnected_ = std::move(done);
        timer_ = loop_.after(limit, [this] { onDisconnected(); });
        strand_->post([connection = connection_, limit] { connection->disconnect(limit); });
    }

  private:
    enum class State { kNew, kConnecting, kConnected, kEnded };

    PahoConnection::Events makeEvents() {
        PahoConnection::Events events;
        events.connected = [gate = gate_](ConnectionInfo info) {
            gate->post([info = std::move(info)](PahoClient& client) { client.onConnected(info); });
        };
        events.failed = [gate = gate_](int code, std::string text, std::optional<ConnectionFailure> found) {
            gate->post([code, text = std::move(text), found = std::move(found)](PahoClient& client) {
                client.onFailed(code, text, found);
            });
        };
        events.lost = [gate = gate_](int code, std::string reason) {
            gate->post([code, reason = std::move(reason)](PahoClient& client) { client.onLost(code, reason); });
        };
        events.message = [gate = gate_](InboundMessage message) { handOver(*gate, std::move(message)); };
        events.subscribed = [gate = gate_](std::vector<int> codes) {
            gate->post([codes = std::move(codes)](PahoClient& client) { client.onSubscribed(codes); });
        };
        events.published = [gate = gate_](PublishId id, int code) {
            gate->post([id, code](PahoClient& client) { client.onPublished(id, code); });
        };
        events.disconnected = [gate = gate_] { gate->post([](PahoClient& client) { client.onDisconnected(); }); };
        return events;
    }

    static void handOver(Gate& gate, InboundMessage message) {
        const std::size_t bytes = message.payload.size() + message.topic.size() + kMessageCost;
        if (!gate.reserve(bytes)) {
            gate.post([](PahoClient& client) { client.onDropped(); });
            return;
        }
        auto shared = std::make_shared<InboundMessage>(std::move(message));
        gate.post([shared = std::move(shared), bytes](PahoClient& client) {
            client.gate_->release(bytes);
            client.onMessage(std::move(*shared));
        });
    }

    void onConnected(const ConnectionInfo& info) {
        if (state_ != State::kConnecting) return;
        state_ = State::kConnected;
        timer_.cancel();
        if (handlers_.connected) handlers_.connected(info);
    }

    void onFailed(int code, const std::string& text, const std::optional<ConnectionFailure>& found) {
        if (state_ != State::kConnecting) return;
        if (code > 0) return fail(describeRefusal(options_.protocolVersion, code, ""));
        if (found) return fail(*found);
        const bool isTls = options_.server.scheme == Scheme::kMqtts || options_.server.scheme == Scheme::kWss;
        if (text == PahoConnection::kClosedOnConnect) {
            return fail(
                {Kind::kClosedOnConnect, -1,
                 fmt::format("{} port {} closed the connection instead of answering; is it a broker{}?",
                             options_.server.host, options_.server.port, isTls ? "" : ", and a port without TLS")});
        }
        if (isTls) return findTlsReason();
        fail(networkFailure(text));
    }

    [[nodiscard]] ConnectionFailure networkFailure(const std::string& text) const {
        const bool isWebsocket = options_.server.scheme == Scheme::kWs || options_.server.scheme == Scheme::kWss;
        return {Kind::kNetwork, -1,
                fmt::format("cannot connect to {} port {}{}; is the broker running there{}?", options_.server.host,
                            options_.server.port, text.empty() ? "" : " (" + text + ")",
                            isWebsocket ? ", and is it a port for websockets (ws:// without TLS, wss:// with)" : "")};
    }

    /// Paho does not say what was wrong; the strand finds out.
    void findTlsReason() {
        strand_->post([gate = gate_, options = options_] {
            const auto failure = probeTls(options, kProbeLimit);
            gate->post([failure](PahoClient& client) {
                client.fail(failure.value_or(client.networkFailure("TLS works, what is inside of it does not")));
            });
        });
    }

    void fail(const ConnectionFailure& failure) {
        if (state_ != State::kConnecting) return;
        state_ = State::kEnded;
        timer_.cancel();
        const auto failed = handlers_.failed;  // it may destroy this client, and its handlers
        if (failed) failed(failure);
    }

    void onLost(int code, const std::string& reason) {
        if (state_ != State::kConnected) return;
        state_ = State::kEnded;
        const ConnectionFailure failure =
            code < 0 ? ConnectionFailure{Kind::kNetwork, -1, "the connection to the broker was lost"}
                     : describeRefusal(options_.protocolVersion, code, reason);
        const auto lost = handlers_.lost;
        if (lost) lost(failure);
    }

    void onMessage(InboundMessage message) {
        isDropping_ = false;
        const auto arrived = handlers_.message;
        if (state_ == State::kConnected && arrived) arrived(std::move(message));
    }

    void onDropped() {
        if (std::exchange(isDropping_, true)) return;
        log::warning("messages arrive faster than they can be taken: some are dropped");
    }

    void onSubscribed(const std::vector<int>& codes) {
        const auto done = std::exchange(subscribed_, nullptr);
        if (state_ == State::kConnected && done) done(codes);
    }

    void onPublished(PublishId id, int code) {
        auto entry = published_.extract(id);
        if (state_ == State::kConnected && !entry.empty()) entry.mapped()(code);
    }

    void onDisconnected() {
        timer_.cancel();
        state_ = State::kEnded;
        const auto done = std::exchange(disconnected_, nullptr);
        if (done) done();
    }

    Loop& loop_;
    const std::shared_ptr<Executor> strand_;
    const ConnectOptions options_;
    const Handlers handlers_;
    const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>(loop_, *this);
    std::shared_ptr<PahoConnection> connection_;  ///< publishes here, does all else on the strand
    State state_ = State::kNew;
    Timer timer_;  ///< of connect() or disconnect()
    SubscribeHandler subscribed_;
    std::function<void()> disconnected_;
    PublishId lastId_ = 0;
    std::map<PublishId, PublishHandler> published_;
    bool isDropping_ = false;
};

}  // namespace

MqttClientFactory makePahoClientFactory(Loop& loop, std::shared_ptr<Executor> strand) {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    return [&loop, strand = std::move(strand)](const ConnectOptions& options, MqttClient::Handlers handlers) {
        return std::make_unique<PahoClient>(loop, strand, options, std::move(handlers));
    };
}

}  // namespace edge
