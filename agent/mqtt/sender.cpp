// SPDX-License-Identifier: MIT
#include "mqtt/sender.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/core.h>

#include "core/log.hpp"
#include "core/text.hpp"
#include "mqtt/packet_size.hpp"

namespace edge {

namespace {

using Kind = ConnectionFailure::Kind;

constexpr int kRefused = 0x80;
constexpr int kPacketTooLarge = 0x95;
constexpr int kQuotaExceeded = 0x97;

/// A broker that objects to a picture says so by hanging up, at once.
constexpr seconds kBlamePicture{5};

}  // namespace

Sender::Sender(Loop& loop, milliseconds stallLimit, Handlers handlers)
    : loop_(loop), stallLimit_(stallLimit), handlers_(std::move(handlers)) {}

void Sender::publish(std::shared_ptr<const Publication> publication, Priority priority, DeliveryHandler done) {
    Outgoing outgoing{std::move(publication), priority, std::move(done), {}};
    if (state_ != State::kOpen || (client_ == nullptr && !outgoing.isKept())) {
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
    std::size_t most = limit_.value();
    if (client_ != nullptr && info_.maximumPacketSize != 0) {
        const std::size_t overhead = packetOverhead(topic);
        const std::size_t packet = info_.maximumPacketSize;
        most = std::min(most, packet > overhead ? packet - overhead : 0);
    }
    return most;
}

void Sender::attach(MqttClient& client, const ConnectionInfo& info) {
    client_ = &client;
    info_ = info;
    queue_.setReceiveMaximum(info.receiveMaximum);
    progressAt_ = loop_.clock().now();
    pump();
}

void Sender::detach(const ConnectionFailure& why) {
    if (client_ != nullptr) learnFromLoss(why);
    client_ = nullptr;
    stallTimer_.cancel();
    deniedTopics_.clear();
    largeAtQos0_ = {};
    std::vector<Outgoing> kept;
    for (Outgoing& outgoing : queue_.takeInFlight()) {
        if (outgoing.isKept()) {
            kept.push_back(std::move(outgoing));
        } else {
            end(std::move(outgoing), Delivery::kLost);
        }
    }
    queue_.putBack(std::move(kept));
    endAll(queue_.takeWaiting(SendQueue::Which::kNotKept), Delivery::kLost);
}

void Sender::learnFromLoss(const ConnectionFailure& why) {
    const SteadyTime now = loop_.clock().now();
    std::size_t bytes = queue_.largestInFlight();
    SteadyTime since = std::max(progressAt_, queue_.oldestSentAt().value_or(progressAt_));
    if (bytes == 0) std::tie(bytes, since) = largeAtQos0_;
    const bool isSilentBroker = info_.protocolVersion < 5 && why.kind == Kind::kNetwork && now - since <= kBlamePicture;
    if (bytes == 0 || (why.kind != Kind::kPacketTooLarge && !isSilentBroker)) return;
    if (!limit_.lostWith(bytes)) return;
    log::warning(
        "the broker ended the connection after a picture of {} bytes: pictures are made to fit {} bytes from now on",
        bytes, limit_.value());
}

void Sender::finishWith(std::vector<Publication> last) {
    endAll(queue_.takeWaiting(SendQueue::Which::kNotKept), Delivery::kLost);
    for (Publication& publication : last) {
        wait({std::make_shared<const Publication>(std::move(publication)), Priority::kReply, {}, {}});
    }
    state_ = State::kFinishing;
    pump();
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
    if (next.outgoing.isLarge() && publication->qos == Qos::kAtMostOnce) {
        largeAtQos0_ = {next.outgoing.bytes(), next.outgoing.sentAt};
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
    const bool needsQos = publication->qos > info_.maximumQos;
    const bool needsRetain = publication->retain == Retain::kYes && !info_.retainAvailable;
    if (!needsQos && !needsRetain) return publication;
    auto copy = std::make_shared<Publication>(*publication);
    copy->qos = std::min(copy->qos, info_.maximumQos);
    if (needsRetain) copy->retain = Retain::kNo;
    return copy;
}

bool Sender::isTooLarge(const Publication& publication) const {
    if (publication.payload.size() >= Outgoing::kLarge && publication.payload.size() > limit_.value()) return true;
    return info_.maximumPacketSize != 0 &&
           publishPacketSize(publication, info_.protocolVersion) > info_.maximumPacketSize;
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
    const Delivery delivery = judge(*outgoing, reasonCode);
    end(std::move(*outgoing), delivery);
    pump();
}

Delivery Sender::judge(const Outgoing& outgoing, int reasonCode) {
    if (reasonCode < 0 || reasonCode == kQuotaExceeded) return Delivery::kLost;
    if (reasonCode == kPacketTooLarge) return Delivery::kTooLarge;
    if (reasonCode < kRefused) {
        if (outgoing.isLarge() && outgoing.publication->qos != Qos::kAtMostOnce) limit_.acknowledged(outgoing.bytes());
        return Delivery::kDelivered;
    }
    const std::string& topic = outgoing.publication->topic;
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
        handlers_.stalled(fmt::format("the broker has acknowledged nothing for {} s",
                                      std::chrono::duration_cast<seconds>(stallLimit_).count()));
    });
}

}  // namespace edge
