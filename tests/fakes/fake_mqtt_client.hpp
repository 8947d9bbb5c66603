// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mqtt/mqtt_client.hpp"

namespace edge {

/// The broker's side of FakeMqttClient: one Attempt for every client that the factory made. The test plays the broker
/// by calling the handlers; it must call them from outside of the client's own calls, as the real one does.
class FakeBroker {
  public:
    struct Published {
        Publication publication;
        MqttClient::PublishHandler done;
    };
    struct Subscribed {
        std::vector<std::string> topics;
        Qos qos = Qos::kAtMostOnce;
        MqttClient::SubscribeHandler done;
    };
    struct Attempt {
        ConnectOptions options;
        MqttClient::Handlers handlers;
        bool isConnecting = false;  ///< connect() was called
        bool isDestroyed = false;
        std::vector<Subscribed> subscriptions;
        std::vector<Published> published;
        std::optional<milliseconds> disconnectLimit;  ///< disconnect() was called
        std::function<void()> disconnected;
        SteadyTime progress = SteadyTime::min();  ///< lastProgress()
        std::size_t unacknowledged = 0;           ///< unacknowledgedBytes()

        void accept(ConnectionInfo info = {}) {
            info.limits.protocolVersion = options.protocolVersion;
            info.server = toString(options.server);
            handlers.connected(info);
        }
        void refuse(ConnectionFailure::Kind kind, std::string message = "refused", int reasonCode = -1) {
            const auto failed = handlers.failed;  // a copy: the session throws the client away in here
            failed({kind, reasonCode, std::move(message)});
        }
        void lose(ConnectionFailure::Kind kind = ConnectionFailure::Kind::kNetwork, std::string message = "lost") {
            const auto lost = handlers.lost;
            lost({kind, -1, std::move(message)});
        }
        void grantAll() { answerSubscription(std::vector<int>(subscriptions.back().topics.size(), 2)); }
        void answerSubscription(const std::vector<int>& codes) {
            const auto granted = std::exchange(subscriptions.back().done, nullptr);
            granted(codes);
        }
        /// The acknowledgement of the `index`-th publication.
        void acknowledge(std::size_t index, int reasonCode = 0) {
            const auto done = std::exchange(published.at(index).done, nullptr);
            if (done) done(reasonCode);
        }
        void acknowledgeAll() {
            for (std::size_t i = 0; i < published.size(); ++i) acknowledge(i);
        }
        [[nodiscard]] std::vector<std::string> topics() const {
            std::vector<std::string> result;
            for (const Published& entry : published) result.push_back(entry.publication.topic);
            return result;
        }
    };

    [[nodiscard]] MqttClientFactory factory() {
        return [this](const ConnectOptions& options, MqttClient::Handlers handlers) -> std::unique_ptr<MqttClient> {
            attempts.push_back(std::make_shared<Attempt>());
            attempts.back()->options = options;
            attempts.back()->handlers = std::move(handlers);
            return std::make_unique<Client>(attempts.back());
        };
    }
    [[nodiscard]] Attempt& last() { return *attempts.at(attempts.size() - 1); }

    std::vector<std::shared_ptr<Attempt>> attempts;  ///< oldest first

  private:
    class Client : public MqttClient {
      public:
        explicit Client(std::shared_ptr<Attempt> attempt) : attempt_(std::move(attempt)) {}
        ~Client() override {
            attempt_->isDestroyed = true;
            attempt_->handlers = {};
        }
        void connect() override { attempt_->isConnecting = true; }
        void subscribe(std::vector<std::string> topics, Qos qos, SubscribeHandler done) override {
            attempt_->subscriptions.push_back({std::move(topics), qos, std::move(done)});
        }
        void publish(std::shared_ptr<const Publication> publication, PublishHandler done) override {
            attempt_->published.push_back({*publication, std::move(done)});
        }
        [[nodiscard]] SteadyTime lastProgress() const override { return attempt_->progress; }
        [[nodiscard]] std::size_t unacknowledgedBytes() const override { return attempt_->unacknowledged; }
        void disconnect(milliseconds limit, std::function<void()> done) override {
            attempt_->disconnectLimit = limit;
            attempt_->disconnected = std::move(done);
        }

      private:
        std::shared_ptr<Attempt> attempt_;
    };
};

}  // namespace edge
