// SPDX-License-Identifier: MIT
#include "mqtt/session/sender.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "mqtt/session/reason_codes.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

/// A 3.1.1 broker that does not accept a publication closes the connection at once.
constexpr seconds kSuspectTime{5};
/// A smaller picture is not what a broker finds too large.
constexpr std::size_t kSuspectPicture = std::size_t{4} * 1024;

/// What a broker may find too large.
bool isSuspect(const Outgoing& outgoing) {
    const bool isPicture = outgoing.priority == Priority::kImage || outgoing.priority == Priority::kBacklog;
    return outgoing.isLarge() || (isPicture && outgoing.bytes() >= kSuspectPicture);
}

}  // namespace

Sender::Sender(Loop& loop, ServerList& servers, milliseconds stallLimit, Handlers handlers)
    : loop_(loop), servers_(servers), stallLimit_(stallLimit), handlers_(std::move(handlers)) {}

void Sender::publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) {
    Outgoing outgoing{std::move(publication), priority, std::move(done), {}};
    const bool isSent = state_ == State::kOpen && client_ != nullptr;
    if (state_ == State::kClosed || (!isSent && !outgoing.isKept())) {
        return end(std::move(outgoing), Delivery::kLost);
    }
    enqueue(std::move(outgoing));
    pump();
}

void Sender::enqueue(Outgoing outgoing) {
    if (outgoing.priority == Priority::kReply && queue_.waitingReplies() >= Publisher::kMaxWaitingReplies) {
        if (auto oldest = queue_.dropOldestReply()) end(std::move(*oldest), Delivery::kLost);
        if (++droppedReplies_ == 1) {
            log::warning("more than {} replies wait for the broker: the oldest are dropped, and counted in health",
                         Publisher::kMaxWaitingReplies);
        }
        handlers_.changed();
    }
    DeliveryHandler done = outgoing.done;  // add() keeps nothing of what it refuses
    if (queue_.add(std::move(outgoing)) == SendQueue::Added::kFull) end({{}, {}, std::move(done), {}}, Delivery::kLost);
}

std::size_t Sender::maxPayload(const std::string& topic) const {
    const std::size_t packet = client_ != nullptr ? info_.limits.packetSize : servers_.limits().packetSize;
    if (packet == BrokerLimits::kAnyPacketSize) return packet;
    const std::size_t overhead = packetOverhead(topic);
    return packet > overhead ? packet - overhead : 0;
}

std::size_t Sender::outstandingBytes() const {
    return client_ == nullptr ? 0 : queue_.bytes() + client_->unacknowledgedBytes();
}

void Sender::attach(MqttClient& client, const ConnectionInfo& info) {
    client_ = &client;
    info_ = info;
    queue_.setReceiveMaximum(info.receiveMaximum);
    progressAt_ = loop_.clock().now();
    seen_ = {};
    pump();
}

Unproven Sender::detach(const ConnectionFailure& why) {
    std::vector<Outgoing> inFlight = queue_.takeInFlight();
    const Unproven unproven = client_ != nullptr ? unprovenOf(why, inFlight) : Unproven{};
    client_ = nullptr;
    stallTimer_.cancel();
    deniedTopics_.clear();
    const auto firstLost = std::stable_partition(inFlight.begin(), inFlight.end(),
                                                 [](const Outgoing& outgoing) { return outgoing.isKept(); });
    for (auto it = firstLost; it != inFlight.end(); ++it) end(std::move(*it), Delivery::kLost);
    inFlight.erase(firstLost, inFlight.end());
    queue_.putBack(std::move(inFlight));
    endAll(queue_.takeWaiting(SendQueue::Which::kNotKept), Delivery::kLost);
    return unproven;
}

Unproven Sender::unprovenOf(const ConnectionFailure& why, const std::vector<Outgoing>& inFlight) {
    const SteadyTime now = loop_.clock().now();
    const auto isRecent = [now](SteadyTime at) { return now - at <= kSuspectTime; };
    const SteadyTime since = inFlight.empty() ? now : std::max(progressAt_, inFlight.front().sentAt);
    const bool isSilent = info_.limits.protocolVersion < 5 && why.kind == Kind::kNetwork;
    std::size_t largest = 0;
    for (const auto& [size, sentAt] : seen_.suspectsAtQos0) {
        if (isRecent(sentAt)) largest = std::max(largest, size);
    }
    Unproven unproven;
    unproven.hasAcknowledged = seen_.hasAcknowledged;
    unproven.retained = seen_.retainedAtQos0 && isRecent(*seen_.retainedAtQos0);
    for (const Outgoing& outgoing : inFlight) {
        const Publication& publication = *outgoing.publication;
        if (isSuspect(outgoing)) largest = std::max(largest, packetSizeOf(publication));
        if (isSilent && !isRecent(since) && !seen_.isStalled) continue;
        if (isRetained(publication) && !seen_.hasAcknowledgedRetained) unproven.retained = true;
        if (qosOf(publication) > seen_.acknowledgedQos) unproven.qos = std::max(unproven.qos, qosOf(publication));
    }
    const bool isDueToSize = why.kind == Kind::kPacketTooLarge || (isSilent && isRecent(since) && !seen_.isStalled);
    unproven.isPacketTooLarge = isDueToSize && largest != 0 && learnTooLarge(largest);
    return unproven;
}

bool Sender::learnTooLarge(std::size_t packet) {
    if (!servers_.packetRefused(packet)) return false;
    info_.limits.restrictTo(servers_.limits());
    log::warning("the broker refuses a packet of {} bytes: pictures are reduced to {} bytes from now on", packet,
                 info_.limits.packetSize);
    return true;
}

Qos Sender::qosOf(const Publication& publication) const {
    return std::min(publication.qos, info_.limits.publishQos);
}

bool Sender::isRetained(const Publication& publication) const {
    return publication.retain == Retain::kYes && info_.limits.retain;
}

std::size_t Sender::packetSizeOf(const Publication& publication) const {
    return publishPacketSize(publication, info_.limits.protocolVersion);
}

void Sender::finishWith(std::vector<Publication> last) {
    endAll(queue_.takeWaiting(SendQueue::Which::kNotKept), Delivery::kLost);
    for (Publication& publication : last) {
        enqueue({std::make_shared<const Publication>(std::move(publication)), Priority::kReply, {}, {}});
    }
    state_ = State::kFinishing;
    pump();
}

void Sender::reopen(milliseconds stallLimit) {
    client_ = nullptr;  // its end proves nothing about the broker
    detach({});
    stallLimit_ = stallLimit;
    state_ = State::kOpen;
}

void Sender::close() {
    state_ = State::kClosed;
    client_ = nullptr;
    stallTimer_.cancel();
    endAll(queue_.takeInFlight(), Delivery::kLost);
    endAll(queue_.takeWaiting(SendQueue::Which::kEverything), Delivery::kLost);
}

void Sender::deny(const std::string& topic) {
    if (!deniedTopics_.insert(topic).second) return;
    handlers_.changed();
}

void Sender::pump() {
    while (client_ != nullptr) {
        auto next = queue_.next(loop_.clock().now());
        if (!next) break;
        send(std::move(*next));
    }
    if (state_ == State::kFinishing && queue_.inFlight() == 0 && queue_.waiting() == 0) handlers_.idle();
}

void Sender::send(SendQueue::Next next) {
    const Publication& original = *next.outgoing.publication;
    const bool isDenied = deniedTopics_.contains(original.topic);
    auto publication = lowered(next.outgoing.publication);
    if (isDenied || packetSizeOf(*publication) > info_.limits.packetSize) {
        queue_.finished(next.id);
        return end(std::move(next.outgoing), isDenied ? Delivery::kDenied : Delivery::kTooLarge);
    }
    if (publication->qos == Qos::kAtMostOnce) {
        if (isSuspect(next.outgoing)) addSuspectAtQos0(packetSizeOf(*publication), next.outgoing.sentAt);
        if (publication->retain == Retain::kYes && !seen_.retainedAtQos0) seen_.retainedAtQos0 = next.outgoing.sentAt;
    }
    if (queue_.inFlight() == 1) {
        progressAt_ = next.outgoing.sentAt;
        watchForStall(progressAt_);
    }
    const bool isFireAndForget = publication->qos == Qos::kAtMostOnce && !next.outgoing.done &&
                                 !next.outgoing.isLarge() && !next.outgoing.isKept();
    if (isFireAndForget) {  // saves a post to the loop
        queue_.finished(next.id);
        return client_->publish(std::move(publication), {});
    }
    client_->publish(std::move(publication), [this, id = next.id](int reasonCode) { acknowledged(id, reasonCode); });
}

/// A broker that has not closed the connection by kSuspectTime later took it.
void Sender::addSuspectAtQos0(std::size_t size, SteadyTime now) {
    auto& suspects = seen_.suspectsAtQos0;
    for (; !suspects.empty() && now - suspects.front().second > kSuspectTime; suspects.pop_front())
        servers_.packetTaken(suspects.front().first);
    suspects.emplace_back(size, now);
}

/// As MQTT 5 requires (3.2.2.3.4, 3.2.2.3.5).
std::shared_ptr<const Publication> Sender::lowered(std::shared_ptr<const Publication> publication) const {
    const Qos qos = qosOf(*publication);
    const Retain retain = isRetained(*publication) ? Retain::kYes : Retain::kNo;
    if (qos == publication->qos && retain == publication->retain) return publication;
    auto copy = std::make_shared<Publication>(*publication);
    copy->qos = qos;
    copy->retain = retain;
    return copy;
}

void Sender::acknowledged(std::uint64_t id, int reasonCode) {
    if (reasonCode == kConnectionEnded) return;  // until detach() it counts as in flight, and so as a possible reason
    auto outgoing = queue_.finished(id);
    if (!outgoing) return;
    progressAt_ = loop_.clock().now();
    const Publication& publication = *outgoing->publication;
    const Qos qos = qosOf(publication);
    if (qos != Qos::kAtMostOnce) {
        seen_.hasAcknowledged = true;
        seen_.acknowledgedQos = std::max(seen_.acknowledgedQos, qos);
        if (isRetained(publication)) seen_.hasAcknowledgedRetained = true;
        if (!isRefusal(reasonCode) && isSuspect(*outgoing)) servers_.packetTaken(packetSizeOf(publication));
    }
    const Delivery delivery = deliveryOf(publication, reasonCode);
    end(std::move(*outgoing), delivery);
    pump();
}

Delivery Sender::deliveryOf(const Publication& publication, int reasonCode) {
    if (reasonCode == kQuotaExceeded) return Delivery::kLost;
    if (reasonCode == kPacketTooLarge) {
        if (learnTooLarge(packetSizeOf(publication))) handlers_.changed();
        return Delivery::kTooLarge;
    }
    if (!isRefusal(reasonCode)) return Delivery::kDelivered;
    // Who empties a topic that is no longer used reports it; nothing that is used is missing.
    const bool isEmptying = publication.retain == Retain::kYes && publication.payload.empty();
    if (isEmptying) return Delivery::kDenied;
    if (!deniedTopics_.contains(publication.topic)) {
        log::warning(
            "the broker refuses publications on {} (code {}): none are sent until the next connection; check "
            "its ACL",
            printable(publication.topic), reasonCode);
    }
    deny(publication.topic);
    return Delivery::kDenied;
}

void Sender::end(Outgoing outgoing, Delivery delivery) {
    if (!outgoing.done) return;
    loop_.post(scope_.wrap([done = std::move(outgoing.done), delivery] { done(delivery); }));
}

void Sender::endAll(std::vector<Outgoing> outgoing, Delivery delivery) {
    for (Outgoing& entry : outgoing) end(std::move(entry), delivery);
}

void Sender::watchForStall(SteadyTime since) {
    stallTimer_ = loop_.at(since + stallLimit_, [this] {
        if (queue_.inFlight() == 0) return;
        const SteadyTime progress = std::max(progressAt_, client_->lastProgress());
        if (loop_.clock().now() - progress < stallLimit_) return watchForStall(progress);
        seen_.isStalled = true;
        handlers_.stalled(fmt::format("no acknowledgement from the broker for {} s",
                                      std::chrono::duration_cast<seconds>(stallLimit_).count()));
    });
}

}  // namespace edge
