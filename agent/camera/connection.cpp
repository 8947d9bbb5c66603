// SPDX-License-Identifier: MIT
#include "camera/connection.hpp"

#include <utility>

#include <fmt/core.h>

#include "camera/picture_memory.hpp"

namespace edge {

Connection::Connection(Loop& loop, CapturePipeline& pipeline, UniqueFd socket, Events events)
    : loop_(loop), pipeline_(pipeline), socket_(std::move(socket)), events_(std::move(events)) {
    watch_ = loop_.watch(socket_.fd(), FdEvent::kReadable, [this] { readable(); });
}

Connection::~Connection() {
    watch_.reset();
    for (const auto& [id, ticket] : underWay_) pipeline_.cancel(ticket);
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
    if (underWay_.contains(capture.id)) return refuse("an id was used twice");
    if (underWay_.size() >= kMaxUnderWay) return refuse(fmt::format("more than {} captures at once", kMaxUnderWay));
    events_.active();
    underWay_[capture.id] = pipeline_.capture(
        capture, [this, id = capture.id](const Result<FinishedPicture>& result) { answer(id, result); });
}

void Connection::handle(const Cancel& cancel) {
    const auto it = underWay_.find(cancel.id);
    if (it == underWay_.end()) return;  // answered while the cancel was on its way
    pipeline_.cancel(it->second);
    underWay_.erase(it);
}

void Connection::answer(std::uint64_t id, const Result<FinishedPicture>& result) {
    underWay_.erase(id);
    events_.active();
    if (result) {
        answerPicture(id, *result);
    } else {
        answerFailure(id, result.error());
    }
}

void Connection::answerPicture(std::uint64_t id, const FinishedPicture& picture) {
    const auto memory = sealPicture(picture.rendered.jpeg);
    if (!memory) return answerFailure(id, memory.error());
    const RenderedJpeg& rendered = picture.rendered;
    send(PictureTaken{id, rendered.jpeg.size(), rendered.width, rendered.height, rendered.quality,
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
