// SPDX-License-Identifier: MIT
#include "camera/daemon/connection.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace edge {

Connection::Connection(Loop& loop, CapturePipeline& pipeline, UniqueFd socket, Events events)
    : loop_(loop), pipeline_(pipeline), socket_(std::move(socket)), events_(std::move(events)) {
    watch_ = loop_.watch(socket_.fd(), FdEvent::kReadable, [this] { readable(); });
}

Connection::~Connection() {
    watch_.reset();
    for (const auto& [id, capture] : underWay_) pipeline_.cancel(capture.ticket);
}

void Connection::tell(const CameraReply& reply) {
    send(reply);
}

void Connection::bid(const Farewell& farewell) {
    (void)socket_.send(encode(farewell));  // whoever does not read it sees the connection end
}

void Connection::readable() {
    const std::weak_ptr<int> alive = alive_;
    while (!alive.expired() && !isClosed_) {
        const auto packet = socket_.receive();
        if (!packet) {
            return packet.error().code == Errc::kInvalid ? refuse(packet.error().message)
                                                         : close(packet.error().message);
        }
        if (!*packet) return;
        const auto request = decodeRequest((*packet)->bytes);
        if (!request) return refuse(request.error().message);
        std::visit([this](const auto& message) { handle(message); }, *request);
    }
}

void Connection::handle(const Hello& hello) {
    if (hello.version != kProtocolVersion) {
        send(Description{});  // it knows from the version in there what to say to its people
        return refuse(versionMismatch("pi-edge-camera", "pi-edge-agent", hello.version));
    }
    isGreeted_ = true;
    events_.active();
    events_.hello(hello);
}

void Connection::handle(const Capture& capture) {
    if (!isGreeted_) return refuse("a capture came before hello");
    const auto isInItsSlot = [&](const auto& other) { return other.second.slot == capture.slot; };
    if (underWay_.contains(capture.id)) return refuse("an id was used twice");
    if (underWay_.size() >= kMaxUnderWay) return refuse(fmt::format("more than {} captures at once", kMaxUnderWay));
    if (std::any_of(underWay_.begin(), underWay_.end(), isInItsSlot)) return refuse("a slot was used twice");
    events_.active();
    const auto ticket = pipeline_.capture(
        capture, [this, id = capture.id](const Result<FinishedPicture>& result) { answer(id, result); });
    underWay_[capture.id] = {ticket, capture.slot};
}

void Connection::handle(const Cancel& cancel) {
    const auto it = underWay_.find(cancel.id);
    if (it == underWay_.end()) return;  // answered while the cancel was on its way
    pipeline_.cancel(it->second.ticket);
    underWay_.erase(it);
}

void Connection::answer(std::uint64_t id, const Result<FinishedPicture>& result) {
    const std::uint64_t slot = underWay_.extract(id).mapped().slot;
    events_.active();
    if (result) {
        answerPicture(id, slot, *result);
    } else {
        answerFailure(id, result.error());
    }
}

void Connection::answerPicture(std::uint64_t id, std::uint64_t slot, const FinishedPicture& picture) {
    const RenderedJpeg& rendered = picture.rendered;
    const auto memory = outbox_.put(slot, rendered.jpeg);
    if (!memory) return answerFailure(id, memory.error());
    send(PictureTaken{id, slot, rendered.jpeg.size(), rendered.width, rendered.height, rendered.quality,
                      picture.exposureStart, rendered.reduced, picture.camera},
         memory->get());
}

void Connection::answerFailure(std::uint64_t id, const Error& error) {
    send(CaptureFailed{id, error.code, error.message});
}

void Connection::send(const CameraReply& reply, int fd) {
    if (isClosed_) return;
    const auto sent = socket_.send(encode(reply), fd);
    if (sent) return;
    // Later, because the caller may be in the middle of a walk over all connections.
    isClosed_ = true;
    loop_.post([this, alive = std::weak_ptr(alive_), reason = sent.error().message] {
        if (!alive.expired()) events_.closed(reason);
    });
}

void Connection::refuse(const std::string& reason) {
    bid({FarewellKind::kRefused, reason});
    close(reason);
}

void Connection::close(const std::string& reason) {
    if (std::exchange(isClosed_, true)) return;
    const auto closed = events_.closed;  // outlives this object
    closed(reason);
}

}  // namespace edge
