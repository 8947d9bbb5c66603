// SPDX-License-Identifier: MIT
#include "mqtt/paho/paho_client.hpp"

#include <signal.h>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <type_traits>
#include <utility>

#include <fmt/core.h>

#include "core/loop/scope.hpp"
#include "core/system/log.hpp"
#include "mqtt/paho/paho_connection.hpp"
#include "mqtt/paho/poll_shim.hpp"

namespace edge {

namespace {

using PublishId = PahoConnection::PublishId;

/// The part of the Paho adapter that lives on the loop.
class PahoClient : public MqttClient {
  public:
    PahoClient(Loop& loop, std::shared_ptr<Executor> strand, const ConnectOptions& options, Handlers handlers)
        : loop_(loop), strand_(std::move(strand)), options_(options), handlers_(std::move(handlers)) {
        connection_ = makePahoConnection(
            options, PahoConnection::Events{onLoop(&PahoClient::onConnected), onLoop(&PahoClient::onFailed),
                                            onLoop(&PahoClient::onLost), onLoop(&PahoClient::onMessage),
                                            onLoop(&PahoClient::onDropped), onLoop(&PahoClient::onSubscribed),
                                            onLoop(&PahoClient::onPublished), onLoop(&PahoClient::onDisconnected)});
    }

    ~PahoClient() override {
        strand_->post([connection = std::move(connection_)] { connection->close(); });
    }

    void connect() override {
        state_ = State::kConnecting;
        timer_ = loop_.after(options_.connectTimeout, [this] {
            onFailed(connection_->problem().value_or(ConnectionFailure{
                ConnectionFailure::Kind::kNetwork, -1,
                fmt::format("{} port {} does not answer within {} s", options_.server.host, options_.server.port,
                            std::chrono::ceil<seconds>(options_.connectTimeout).count())}));
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
    [[nodiscard]] std::size_t unacknowledgedBytes() const override { return connection_->unacknowledgedBytes(); }

    void disconnect(milliseconds limit, std::function<void()> done) override {
        disconnected_ = std::move(done);
        timer_ = loop_.after(limit, [this] { onDisconnected(); });
        strand_->post([connection = connection_, limit] { connection->disconnect(limit); });
    }

  private:
    enum class State { kNew, kConnecting, kConnected, kEnded };

    /// From any thread: posts a call of `method` to the loop, which does nothing once this client is gone.
    template <typename... Values>
    std::function<void(std::remove_cvref_t<Values>...)> onLoop(void (PahoClient::*method)(Values...)) {
        auto call = scope_.wrap([this, method](Values... values) { (this->*method)(std::forward<Values>(values)...); });
        return [&loop = loop_, call](Values... values) {
            loop.post([call, ... values = std::move(values)]() mutable { call(std::move(values)...); });
        };
    }

    void onConnected(const ConnectionInfo& info) {
        if (state_ != State::kConnecting) return;
        state_ = State::kConnected;
        timer_.cancel();
        handlers_.connected(info);
    }

    // A handler may destroy this client, and so the handlers: it is copied, or moved out, before it is called.

    void onFailed(const ConnectionFailure& failure) {
        if (state_ != State::kConnecting) return;
        state_ = State::kEnded;
        timer_.cancel();
        const auto failed = handlers_.failed;
        failed(failure);
    }

    void onLost(const ConnectionFailure& failure) {
        if (state_ != State::kConnected) return;
        state_ = State::kEnded;
        const auto lost = handlers_.lost;
        lost(failure);
    }

    void onMessage(InboundMessage message) {
        connection_->release(message);
        isDropping_ = false;
        const auto arrived = handlers_.message;
        if (state_ == State::kConnected) arrived(std::move(message));
    }

    void onDropped() {
        if (!std::exchange(isDropping_, true)) log::warning("messages arrive too fast: some are dropped");
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
    std::shared_ptr<PahoConnection> connection_;  ///< publishes here, does all else on the strand
    State state_ = State::kNew;
    Timer timer_;  ///< of connect() or disconnect()
    SubscribeHandler subscribed_;
    std::function<void()> disconnected_;
    PublishId lastId_ = 0;
    std::map<PublishId, PublishHandler> published_;
    bool isDropping_ = false;
    Scope scope_;
};

}  // namespace

MqttClientFactory makePahoClientFactory(Loop& loop, std::shared_ptr<Executor> strand) {
    ::signal(SIGPIPE, SIG_IGN);
    return [&loop, strand = std::move(strand)](const ConnectOptions& options, MqttClient::Handlers handlers) {
        return std::make_unique<PahoClient>(loop, strand, options, std::move(handlers));
    };
}

void ignoreProxyEnvironment() {
    for (const char* name : {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) unsetenv(name);
}

}  // namespace edge
