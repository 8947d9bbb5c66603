// SPDX-License-Identifier: MIT
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "camera_fixture.hpp"
#include "core/loop/child_process.hpp"

namespace edge {
namespace {

/// Does what systemd does for pi-edge-camera.socket: listens, and starts the program when somebody comes.
class SocketManager {
  public:
    SocketManager(Loop& loop, const std::string& path, std::string configFile)
        : loop_(loop), configFile_(std::move(configFile)) {
        listener_ = UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::copy(path.begin(), path.end(), address.sun_path);
        EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(listener_.get(), 16), 0);
        wait();
    }

    [[nodiscard]] int starts() const { return starts_; }
    [[nodiscard]] const std::vector<ExitStatus>& ends() const { return ends_; }
    [[nodiscard]] bool isRunning() const { return program_ != nullptr; }
    void signal(int number) const { ::kill(program_->pid(), number); }

  private:
    void wait() {
        watch_ = loop_.watch(listener_.get(), [this] { start(); });
    }
    void start() {
        watch_.reset();
        ++starts_;
        const std::string script = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --config \"$1\"";
        auto program = ChildProcess::start(loop_, "/bin/sh", {"-c", script, EDGE_CAMERA_BINARY, configFile_},
                                           {listener_.get(), 3}, [this](const ExitStatus& status) {
                                               ends_.push_back(status);
                                               program_.reset();
                                               // FlushPending=yes
                                               while (UniqueFd(::accept(listener_.get(), nullptr, nullptr))) continue;
                                               wait();
                                           });
        ASSERT_TRUE(program) << program.error().message;
        program_ = std::move(*program);
    }

    Loop& loop_;
    std::string configFile_;
    UniqueFd listener_;
    std::unique_ptr<FdWatch> watch_;
    std::unique_ptr<ChildProcess> program_;
    int starts_ = 0;
    std::vector<ExitStatus> ends_;
};

class CameraServiceTest : public CameraFixture {
  protected:
    ~CameraServiceTest() override {
        endClient();
        loop.run([&] {
            if (manager && manager->isRunning()) manager->signal(SIGTERM);
        });
        EXPECT_TRUE(loop.waitFor([&] { return !manager || !manager->isRunning(); }, seconds{5}));
        loop.run([&] { manager.reset(); });
    }

    void startService(const std::string& camera) {
        configure(camera);
        config.camera.socket = directory.file("camera.sock");
        loop.run([&] { manager = std::make_unique<SocketManager>(loop.loop(), config.camera.socket, config.file); });
    }
    void connect() {
        loop.run([&] { client = std::make_unique<CameraClient>(loop.loop(), config); });
    }

    std::unique_ptr<SocketManager> manager;
};

TEST_F(CameraServiceTest, IsStartedByTheFirstWhoConnects) {
    startService("backend = \"pattern\"");
    connect();

    const auto picture = take();

    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_TRUE(decode(*picture));
    EXPECT_EQ(manager->starts(), 1);
}

TEST_F(CameraServiceTest, ServesSeveralAgentsAtOnce) {
    startService("backend = \"pattern\"");
    connect();
    std::unique_ptr<CameraClient> other;
    std::promise<Result<Picture>> promise;
    loop.run([&] {
        other = std::make_unique<CameraClient>(loop.loop(), config);
        other->capture({}, [&](Result<Picture> picture) { promise.set_value(std::move(picture)); });
    });

    EXPECT_TRUE(take());
    EXPECT_TRUE(promise.get_future().get());
    EXPECT_EQ(manager->starts(), 1);
    loop.run([&] { other.reset(); });
}

TEST_F(CameraServiceTest, EndsInOrderAndIsStartedAgain) {
    startService("backend = \"pattern\"");
    connect();
    ASSERT_TRUE(take());
    loop.run([&] { manager->signal(SIGTERM); });
    ASSERT_TRUE(loop.waitFor([&] { return !manager->ends().empty(); }));
    EXPECT_EQ(manager->ends()[0].code, 0);
    EXPECT_EQ(manager->ends()[0].signal, 0);

    const auto picture = take();

    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(manager->starts(), 2);
    EXPECT_TRUE(state().online);
}

TEST_F(CameraServiceTest, ServesEveryCaptureAcrossOrderlyEnds) {
    startService("backend = \"pattern\"");
    connect();
    std::vector<std::future<Result<Picture>>> answers;
    PictureRequest request;
    request.timeout = seconds{20};
    for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < 5; ++j) answers.push_back(ask(request));
        answers[static_cast<std::size_t>(i) * 5].wait();
        loop.run([&] {
            if (manager->isRunning()) manager->signal(SIGHUP);
        });
    }

    for (auto& answer : answers) {
        const auto picture = wait(std::move(answer));
        EXPECT_TRUE(picture) << picture.error().message;
    }
}

TEST_F(CameraServiceTest, TakesUpAChangedConfiguration) {
    startService("backend = \"pattern\"\nwidth = 640");
    connect();
    ASSERT_TRUE(take());
    endClient();
    configure("backend = \"none\"");
    connect();

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_NE(picture.error().message.find("camera.backend"), std::string::npos) << picture.error().message;
}

TEST_F(CameraServiceTest, AReloadThatSetsTheSocketWaitsForTheChildToExit) {
    startService("backend = \"pattern\"");
    const std::string socket = std::exchange(config.camera.socket, "");
    startClient();
    ASSERT_TRUE(take());
    const pid_t child = programs().at(0);
    ::kill(child, SIGSTOP);  // long in exiting
    loop.run([&] {
        const Config before = config;
        config.camera.socket = socket;
        client->onReload(before);
    });

    ASSERT_TRUE(loop.waitFor([&] { return manager->starts() > 0; }));
    EXPECT_NE(::kill(child, 0), 0) << "two programs cannot have one camera";
    const auto picture = take();

    EXPECT_TRUE(picture) << picture.error().message;
}

TEST_F(CameraServiceTest, SaysThatTheSocketIsMissing) {
    configure("backend = \"pattern\"");
    config.camera.socket = directory.file("missing.sock");
    connect();

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_NE(picture.error().message.find("pi-edge-camera.socket"), std::string::npos) << picture.error().message;
    EXPECT_TRUE(programs().empty()) << "never the other mode";
}

}  // namespace
}  // namespace edge
