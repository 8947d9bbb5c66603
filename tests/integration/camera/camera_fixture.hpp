// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/client/client.hpp"
#include "camera/client/program_link.hpp"
#include "image/jpeg/jpeg.hpp"
#include "integration/support/loop_thread.hpp"
#include "integration/support/temp_dir.hpp"

namespace edge {

/// The agent's side of the camera on a real loop, with the real program behind it.
class CameraFixture : public testing::Test {
  protected:
    ~CameraFixture() override { endClient(); }

    /// The program's configuration file; also what the client goes by.
    void configure(const std::string& camera) {
        config.file = directory.write("agent.toml", "[camera]\n" + camera + "\n");
    }

    void startClient(const std::string& program = EDGE_CAMERA_BINARY) {
        loop.run([&] {
            client = std::make_unique<CameraClient>(loop.loop(), config,
                                                    std::make_unique<ProgramLink>(loop.loop(), config, program));
        });
    }
    void endClient() {
        loop.run([&] { client.reset(); });
    }

    std::future<Result<Picture>> ask(const PictureRequest& request = {}) {
        auto promise = std::make_shared<std::promise<Result<Picture>>>();
        auto answer = promise->get_future();
        loop.run([&] {
            client->capture(request, [promise](Result<Picture> result) { promise->set_value(std::move(result)); });
        });
        return answer;
    }
    static Result<Picture> wait(std::future<Result<Picture>> answer) {
        if (answer.wait_for(seconds{30}) != std::future_status::ready) return fail(Errc::kInternal, "no answer at all");
        return answer.get();
    }
    Result<Picture> take(const PictureRequest& request = {}) { return wait(ask(request)); }

    CameraState state() {
        CameraState now;
        loop.run([&] { now = client->state(); });
        return now;
    }
    bool waitForState(bool online, milliseconds limit = seconds{15}) {
        return loop.waitFor([&] { return client->state().online == online; }, limit);
    }
    bool waitForReason(milliseconds limit = seconds{15}) {
        return loop.waitFor([&] { return client->state().reason.find("not been looked for") == std::string::npos; },
                            limit);
    }

    /// The camera programs that this process has started and that still run.
    static std::vector<pid_t> programs() {
        std::vector<pid_t> found;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            std::ifstream file(entry.path() / "stat");
            std::string line;
            if (!std::getline(file, line)) continue;
            const auto nameEnd = line.rfind(')');
            std::istringstream rest(line.substr(nameEnd + 1));
            char state = 0;
            pid_t parent = 0;
            rest >> state >> parent;
            if (parent == ::getpid() && state != 'Z' && line.find("(pi-edge-camera)") != std::string::npos) {
                found.push_back(std::stoi(entry.path().filename().string()));
            }
        }
        return found;
    }
    static std::size_t openFds() {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
        return count;
    }
    static Result<DecodedImage> decode(const Picture& picture) {
        return decodeJpeg(std::span(reinterpret_cast<const std::uint8_t*>(picture.jpeg.data()), picture.jpeg.size()));
    }

    TempDir directory;
    Config config;
    LoopThread loop;
    std::unique_ptr<CameraClient> client;
};

}  // namespace edge
