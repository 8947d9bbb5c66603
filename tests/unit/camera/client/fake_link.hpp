// SPDX-License-Identifier: MIT
#pragma once

#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "camera/client/client.hpp"
#include "camera/ipc/shared_jpeg.hpp"

namespace edge {

/// What a FakeLink did and shall do; outlives the link, which belongs to the client.
struct FakeLinkState {
    template <typename Message>
    [[nodiscard]] std::vector<Message> sent() const {
        std::vector<Message> found;
        for (const CameraRequest& request : requests) {
            if (const auto* message = std::get_if<Message>(&request)) found.push_back(*message);
        }
        return found;
    }
    void receive(const CameraReply& reply, UniqueFd fd = {}) {
        const auto call = events.received;
        call(reply, std::move(fd));
    }
    void receivePicture(std::uint64_t id, const std::vector<std::uint8_t>& jpeg = {0xFF, 0xD8, 0xFF, 0xD9}) {
        receive(PictureTaken{id, jpeg.size(), 640, 480, 90, WallTime{seconds{1'700'000'000}}, "", "fake"},
                std::move(*writer.write(id, jpeg)));
    }
    void greet(bool isOnline = true) {
        receive(Description{kProtocolVersion, isOnline, "pattern", "", isOnline ? "fake" : "",
                            isOnline ? "" : "no camera"});
    }
    void end(const std::string& reason) {
        isOpen = false;
        const auto call = events.ended;
        call(reason);
    }

    std::optional<Error> openError;
    std::optional<Error> sendError;
    bool isOpen = false;
    int opened = 0;
    int aborted = 0;
    std::vector<CameraRequest> requests;
    std::vector<std::string> sources;  ///< of its conversions
    SharedJpegWriter writer;           ///< of the program that was opened last
    CameraLink::Events events;
};

class FakeLink : public CameraLink {
  public:
    explicit FakeLink(std::shared_ptr<FakeLinkState> state) : state_(std::move(state)) {}

    Result<void> open(const Hello& hello, Events events) override {
        ++state_->opened;
        if (state_->openError) return tl::unexpected(*state_->openError);
        state_->events = std::move(events);
        state_->isOpen = true;
        state_->writer = {};
        return send(hello, -1);
    }
    Result<void> send(const CameraRequest& request, int memory) override {
        if (!state_->isOpen) return fail(Errc::kUnavailable, "closed");
        if (state_->sendError) return tl::unexpected(*state_->sendError);
        state_->requests.push_back(request);
        if (const auto* convert = std::get_if<Convert>(&request))
            state_->sources.push_back(*SharedJpegReader().read(0, convert->bytes, UniqueFd(::dup(memory))));
        return {};
    }
    void close() override { state_->isOpen = false; }
    void abort() override {
        if (state_->isOpen) ++state_->aborted;
        state_->isOpen = false;
    }

  private:
    std::shared_ptr<FakeLinkState> state_;
};

}  // namespace edge
