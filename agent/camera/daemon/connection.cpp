// SPDX-License-Identifier: MIT
#include "camera/daemon/connection.hpp"

#include <utility>

#include <fmt/core.h>

namespace edge {

Connection::Connection(Loop& loop, CapturePipeline& pipeline, UniqueFd socket, Events events)
    : loop_(loop), pipeline_(pipeline), socket_(std::move(socket)), events_(std::move(events)) {
    watch_ = loop_.watch(socket_.fd(), FdEvent::kReadable, [this] { readable(); });
}

Connection::~Connection() {
    watch_.reset();
    for (const auto& [id, ticket] : tickets_) pipeline_.cancel(ticket);
}

/// One packet: handling it may destroy this object, and the loop calls again while there are more.
void Connection::readable() {
    const auto packet = socket_.receive();
    if (!packet && packet.error().code != Errc::kInvalid) return close(packet.error().message);
    if (!packet) return refuse(packet.error().message);
    if (!*packet || isClosed_) return;
    const auto request = decodeRequest((*packet)->bytes);
    if (!request) return refuse(request.error().message);
    std::visit([this](const auto& message) { handle(message); }, *request);
}

void Connection::handle(const Hello& hello) {
    if (hello.version != kProtocolVersion) {
        send(Description{});  // from the version in it the agent knows what to report
        return refuse(versionMismatch("pi-edge-camera", "pi-edge-agent", hello.version));
    }
    isGreeted_ = true;
    events_.active();
    events_.hello(*this, hello);
}

void Connection::handle(const Capture& capture) {
    if (!isGreeted_) return refuse("a capture came before hello");
    if (tickets_.contains(capture.id)) return refuse("an id was used twice");
    if (tickets_.size() >= kMaxCaptures) return refuse(fmt::format("more than {} captures at once", kMaxCaptures));
    events_.active();
    tickets_[capture.id] = pipeline_.capture(
        capture, [this, id = capture.id](const Result<FinishedPicture>& result) { answer(id, result); });
}

void Connection::handle(const Cancel& cancel) {
    const auto it = tickets_.find(cancel.id);
    if (it == tickets_.end()) return;  // answered while the cancel was on its way
    pipeline_.cancel(it->second);
    tickets_.erase(it);
}

void Connection::answer(std::uint64_t id, const Result<FinishedPicture>& result) {
    tickets_.erase(id);
    events_.active();
    if (!result) return send(CaptureFailed{id, result.error().code, result.error().message});
    const RenderedJpeg& rendered = result->rendered;
    const auto memory = pictures_.write(id, rendered.jpeg);
    if (!memory) return send(CaptureFailed{id, memory.error().code, memory.error().message});
    send(PictureTaken{id, rendered.jpeg.size(), rendered.width, rendered.height, rendered.quality,
                      result->exposureStart, rendered.reduced, result->camera},
         memory->get());
}

void Connection::send(const CameraReply& reply, int fd) {
    if (isClosed_) return;
    const auto sent = socket_.send(encode(reply), fd);
    if (sent) return;
    isClosed_ = true;
    // Later: the caller may be iterating over all connections.
    loop_.post(scope_.wrap([this, closed = events_.closed, reason = sent.error().message] { closed(*this, reason); }));
}

void Connection::refuse(const std::string& reason) {
    send(Goodbye{false, reason});
    close(reason);
}

void Connection::close(const std::string& reason) {
    if (std::exchange(isClosed_, true)) return;
    const auto closed = events_.closed;  // a copy: the callee destroys this object
    closed(*this, reason);
}

}  // namespace edge
