// SPDX-License-Identifier: MIT
#include "mqtt/session/sender.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "core/system/log.hpp"
#include "core/text.hpp"
#include "mqtt/session/packet_size.hpp"
#include "mqtt/session/reason_codes.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

/// A broker that objects to a publication without a word closes the connection at once.
constexpr seconds kBlame{5};
/// Of a picture. What is smaller is beyond suspicion.
constexpr std::size_t kSuspectPicture = std::size_t{4} * 1024;

/// What a broker may find too large. Only pictures can be made smaller: what else is of their size is left out.
bool isSuspect(const Outgoing& outgoing) {
    return outgoing.isLarge() || (outgoing.priority == Priority::kImage && outgoing.bytes() >= kSuspectPicture);
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
    wait(std::move(outgoing));
    pump();
}

void Sender::wait(Outgoing outgoing) {
    if (outgoing.priority == Priority::kReply && queue_.waitingReplies() >= Publisher::kMaxWaitingReplies) {
        if (auto oldest = queue_.dropOldestReply()) end(std::move(*oldest), Delivery::kLost);
        if (++droppedReplies_ == 1) {
            log::warning("more than {} replies wait for the broker: the oldest ones are dropped, and counted in health",
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

void Sender::attach(MqttClient& client, const ConnectionInfo& info) {
    client_ = &client;
    info_ = info;
    queue_.setReceiveMaximum(info.receiveMaximum);
    progressAt_ = loop_.clock().now();
    isStalled_ = hasAcknowledged_ = hasAcknowledgedRetained_ = false;
    acknowledgedQos_ = Qos::kAtMostOnce;
    suspectAtQos0_ = {};
    retainedAtQos0_.reset();
    pump();
}

Unproven Sender::detach(const ConnectionFailure& why) {
    std::vector<Outgoing> inFlight = queue_.takeInFlight();
    const Unproven unproven = client_ != nullptr ? suspicions(why, inFlight) : Unproven{};
    client_ = nullptr;
    stallTimer_.cancel();
    deniedTopics_.clear();
    std::vector<Outgoing> kept;
    for (Outgoing& outgoing : inFlight) {
        if (outgoing.isKept()) {
            kept.push_back(std::move(outgoing));
        } else {
            end(std::move(outgoing), Delivery::kLost);
        }
    }
    queue_.putBack(std::move(kept));
    endAll(queue_.takeWaiting(SendQueue::Which::kNotKept), Delivery::kLost);
    return unproven;
}

/// A kind of publication that this connection has acknowledged before does not end it.
Unproven Sender::suspicions(const ConnectionFailure& why, const std::vector<Outgoing>& inFlight) {
    const SteadyTime now = loop_.clock().now();
    const auto isRecent = [now](SteadyTime at) { return now - at <= kBlame; };
    const SteadyTime since = inFlight.empty() ? now : std::max(progressAt_, inFlight.front().sentAt);
    const bool isSilent = info_.limits.protocolVersion < 5 && why.kind == Kind::kNetwork;
    std::size_t largest = isRecent(suspectAtQos0_.second) ? suspectAtQos0_.first : 0;
    Unproven unproven;
    unproven.hasAcknowledged = hasAcknowledged_;
    unproven.retained = retainedAtQos0_ && isRecent(*retainedAtQos0_);
    for (const Outgoing& outgoing : inFlight) {
        const Publication& publication = *outgoing.publication;
        if (isSuspect(outgoing)) largest = std::max(largest, packetSizeOf(publication));
        if (isSilent && !isRecent(since) && !isStalled_) continue;
        if (isRetained(publication) && !hasAcknowledgedRetained_) unproven.retained = true;
        if (qosOf(publication) > acknowledgedQos_) unproven.qos = std::max(unproven.qos, qosOf(publication));
    }
    const bool isBlamed = why.kind == Kind::kPacketTooLarge || (isSilent && isRecent(since) && !isStalled_);
    unproven.isPacketTooLarge = isBlamed && largest != 0 && refused(largest);
    return unproven;
}

bool Sender::refused(std::size_t packet) {
    if (!servers_.packetRefused(packet)) return false;
    info_.limits.restrictTo(servers_.limits());
    log::warning("the broker does not take a packet of {} bytes: pictures are made to fit {} bytes from now on", packet,
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
        wait({std::make_shared<const Publication>(std::move(publication)), Priority::kReply, {}, {}});
    }
    state_ = State::kFinishing;
    pump();
}

void Sender::reopen(milliseconds stallLimit) {
    client_ = nullptr;  // that it went is no hint at what the broker objects to
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
    if (isDenied || isTooLarge(*publication)) {
        queue_.finished(next.id);
        return end(std::move(next.outgoing), isDenied ? Delivery::kDenied : Delivery::kTooLarge);
    }
    if (publication->qos == Qos::kAtMostOnce) {
        if (isSuspect(next.outgoing)) suspectAtQos0_ = {packetSizeOf(*publication), next.outgoing.sentAt};
        if (publication->retain == Retain::kYes && !retainedAtQos0_) retainedAtQos0_ = next.outgoing.sentAt;
    }
    if (queue_.inFlight() == 1) {
        progressAt_ = next.outgoing.sentAt;
        watchForStall(progressAt_);
    }
    const bool isForgotten = publication->qos == Qos::kAtMostOnce && !next.outgoing.done && !next.outgoing.isLarge() &&
                             !next.outgoing.isKept();
    if (isForgotten) {  // nobody wants to know, and nothing would come of it but a turn of the loop
        queue_.finished(next.id);
        return client_->publish(std::move(publication), {});
    }
    client_->publish(std::move(publication), [this, id = next.id](int reasonCode) { acknowledged(id, reasonCode); });
}

/// What the broker does not offer is left out, as MQTT 5 demands (3.2.2.3.4, 3.2.2.3.5).
std::shared_ptr<const Publication> Sender::lowered(std::shared_ptr<const Publication> publication) const {
    const Qos qos = qosOf(*publication);
    const Retain retain = isRetained(*publication) ? Retain::kYes : Retain::kNo;
    if (qos == publication->qos && retain == publication->retain) return publication;
    auto copy = std::make_shared<Publication>(*publication);
    copy->qos = qos;
    copy->retain = retain;
    return copy;
}

bool Sender::isTooLarge(const Publication& publication) const {
    return info_.limits.packetSize != BrokerLimits::kAnyPacketSize &&
           packetSizeOf(publication) > info_.limits.packetSize;
}

void Sender::acknowledged(std::uint64_t id, int reasonCode) {
    auto outgoing = queue_.finished(id);
    if (!outgoing) return;
    if (reasonCode < 0 && outgoing->isKept()) {
        std::vector<Outgoing> again;
        again.push_back(std::move(*outgoing));
        queue_.putBack(std::move(again));
        return;  // the end of the connection is on its way here
    }
    progressAt_ = loop_.clock().now();
    if (reasonCode >= 0) note(*outgoing->publication);
    const Delivery delivery = judge(*outgoing, reasonCode);
    end(std::move(*outgoing), delivery);
    pump();
}

/// The broker takes what is like this.
void Sender::note(const Publication& publication) {
    const Qos qos = qosOf(publication);
    if (qos == Qos::kAtMostOnce) return;
    hasAcknowledged_ = true;
    acknowledgedQos_ = std::max(acknowledgedQos_, qos);
    if (isRetained(publication)) hasAcknowledgedRetained_ = true;
}

Delivery Sender::judge(const Outgoing& outgoing, int reasonCode) {
    if (reasonCode < 0 || reasonCode == kQuotaExceeded) return Delivery::kLost;
    const Publication& publication = *outgoing.publication;
    if (reasonCode == kPacketTooLarge) {
        if (refused(packetSizeOf(publication))) handlers_.changed();
        return Delivery::kTooLarge;
    }
    if (!isRefusal(reasonCode)) {
        if (isSuspect(outgoing) && qosOf(publication) != Qos::kAtMostOnce)
            servers_.packetTaken(packetSizeOf(publication));
        return Delivery::kDelivered;
    }
    const std::string& topic = publication.topic;
    if (!deniedTopics_.contains(topic)) {
        log::warning(
            "the broker does not let us publish on {} (code {}): left alone until the next connection; check its ACL",
            printable(topic), reasonCode);
    }
    deny(topic);
    return Delivery::kDenied;
}

void Sender::end(Outgoing outgoing, Delivery delivery) {
    if (!outgoing.done) return;
    loop_.post([alive = std::weak_ptr(alive_), done = std::move(outgoing.done), delivery] {
        if (!alive.expired()) done(delivery);
    });
}

void Sender::endAll(std::vector<Outgoing> outgoing, Delivery delivery) {
    for (Outgoing& entry : outgoing) end(std::move(entry), delivery);
}

void Sender::watchForStall(SteadyTime since) {
    stallTimer_ = loop_.at(since + stallLimit_, [this] {
        if (queue_.inFlight() == 0) return;
        const SteadyTime progress = std::max(progressAt_, client_->lastProgress());
        if (loop_.clock().now() - progress < stallLimit_) return watchForStall(progress);
        isStalled_ = true;
        handlers_.stalled(fmt::format("the broker has acknowledged nothing for {} s",
                                      std::chrono::duration_cast<seconds>(stallLimit_).count()));
    });
}

}  // namespace edge
