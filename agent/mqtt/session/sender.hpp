// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/loop/loop.hpp"
#include "core/loop/scope.hpp"
#include "mqtt/mqtt_client.hpp"
#include "mqtt/session/send_queue.hpp"
#include "mqtt/session/server_list.hpp"

namespace edge {

/// The sending half of a session: queue, window, what the broker takes, and what became of each publication. Outlives
/// the connections it is attached to. Thread: the loop's.
class Sender {
  public:
    struct Handlers {
        std::function<void()> changed;             ///< of health: a topic denied, a reply dropped, a limit learnt
        std::function<void(std::string)> stalled;  ///< no acknowledgement for too long: end the connection
        std::function<void()> idle;                ///< after finishWith(): everything has gone and been acknowledged
    };

    /// `stallLimit`: an acknowledgement must come at least this often while something is in flight, or the line take
    /// more of it. Paho notices a dead link late (2.6 times the keep-alive), and takes publications all the while.
    /// `servers` learns which packets are too large.
    Sender(Loop& loop, ServerList& servers, milliseconds stallLimit, Handlers handlers);

    /// As Publisher::publish().
    void publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done);
    [[nodiscard]] std::size_t maxPayload(const std::string& topic) const;
    [[nodiscard]] std::size_t outstandingBytes() const;

    /// Sends through `client` from now on, until detach(), within `info.limits`. What waits, goes.
    void attach(MqttClient& client, const ConnectionInfo& info);
    /// The connection ended: replies wait for the next one, everything else ends as kLost. Returns what may be the
    /// reason.
    Unproven detach(const ConnectionFailure& why);
    /// Of the attached connection, with the limits in force.
    [[nodiscard]] const ConnectionInfo& connection() const { return info_; }
    /// From now on only replies, and `last` after those that wait already, are sent, and then `idle` called.
    void finishWith(std::vector<Publication> last);
    /// After finishWith(), or without a connection: replies that are still here go over the next connection, everything
    /// else ends as kLost. What was learnt about the broker is forgotten.
    void reopen(milliseconds stallLimit);
    /// Everything still here ends as kLost, and so does all that comes.
    void close();

    /// The broker's ACL refused this topic: nothing more is sent on it over this connection.
    void deny(const std::string& topic);

    [[nodiscard]] const std::set<std::string>& deniedTopics() const { return deniedTopics_; }
    [[nodiscard]] std::size_t waiting() const { return queue_.waiting(); }
    [[nodiscard]] std::uint64_t droppedReplies() const { return droppedReplies_; }

  private:
    enum class State { kOpen, kFinishing, kClosed };

    void pump();
    void send(SendQueue::Next next);
    [[nodiscard]] std::shared_ptr<const Publication> lowered(std::shared_ptr<const Publication> publication) const;
    void acknowledged(std::uint64_t id, int reasonCode);
    [[nodiscard]] Delivery deliveryOf(const Publication& publication, int reasonCode);
    void end(Outgoing outgoing, Delivery delivery);
    void endAll(std::vector<Outgoing> outgoing, Delivery delivery);
    void enqueue(Outgoing outgoing);
    [[nodiscard]] Unproven unprovenOf(const ConnectionFailure& why, const std::vector<Outgoing>& inFlight);
    bool learnTooLarge(std::size_t packet);
    // As sent, within the broker's limits.
    [[nodiscard]] Qos qosOf(const Publication& publication) const;
    [[nodiscard]] bool isRetained(const Publication& publication) const;
    [[nodiscard]] std::size_t packetSizeOf(const Publication& publication) const;
    void addSuspectAtQos0(std::size_t size, SteadyTime now);
    void watchForStall(SteadyTime since);

    Loop& loop_;
    ServerList& servers_;
    milliseconds stallLimit_;
    Handlers handlers_;
    State state_ = State::kOpen;
    MqttClient* client_ = nullptr;
    ConnectionInfo info_;
    SendQueue queue_;
    std::set<std::string> deniedTopics_;
    std::uint64_t droppedReplies_ = 0;
    SteadyTime progressAt_{};
    /// Of this connection.
    struct Seen {
        bool isStalled = false;
        bool hasAcknowledged = false;
        bool hasAcknowledgedRetained = false;
        Qos acknowledgedQos = Qos::kAtMostOnce;  ///< the highest
        /// Size and time of the last ones: they are never acknowledged.
        std::deque<std::pair<std::size_t, SteadyTime>> suspectsAtQos0{};
        std::optional<SteadyTime> retainedAtQos0{};  ///< the first one
    } seen_;
    Timer stallTimer_;
    Scope scope_;
};

}  // namespace edge
