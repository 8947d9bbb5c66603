// SPDX-License-Identifier: MIT
#include "camera/daemon/server.hpp"

#include <sys/socket.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "camera/controls.hpp"
#include "camera/ipc/packet_socket.hpp"
#include "camera/ipc/shared_jpeg.hpp"
#include "fakes/held_executor.hpp"
#include "fakes/manual_loop.hpp"
#include "image/jpeg/jpeg.hpp"
#include "unit/camera/fake_camera.hpp"

namespace edge {
namespace {

/// An agent, as the server sees one.
struct Peer {
    explicit Peer(UniqueFd end) : socket(std::move(end)) {}

    void say(const CameraRequest& request) const { EXPECT_TRUE(socket.send(encode(request))); }
    void hello(bool verify = false) const { say(Hello{kProtocolVersion, verify}); }
    void capture(std::uint64_t id, milliseconds timeout = seconds{5}) const {
        say(Capture{id, 64, 64, 90, 1 << 20, bootTimeNow(), bootTimeNow() + timeout});
    }

    template <typename Message>
    std::optional<Message> hear() {
        auto packet = socket.receive();
        if (!packet || !*packet) return std::nullopt;
        fd = std::move((*packet)->fd);
        auto reply = decodeReply((*packet)->bytes);
        if (!reply) return std::nullopt;
        const auto* message = std::get_if<Message>(&*reply);
        return message == nullptr ? std::nullopt : std::optional<Message>(*message);
    }
    [[nodiscard]] bool isClosed() const {
        const auto packet = socket.receive();
        return !packet && packet.error().code == Errc::kUnavailable;
    }

    PacketSocket socket;
    UniqueFd fd;  ///< that came with the last packet
};

class ServerTest : public testing::Test {
  protected:
    ServerTest() {
        config.camera.backend = CameraBackend::kPattern;
        config.camera.width = 64;
        config.camera.height = 64;
    }

    CameraServer& server(Lifetime lifetime = Lifetime::kUntilIdle) {
        if (!server_) {
            CameraServer::Hooks hooks;
            hooks.end = [this](int code) { exitCode = code; };
            hooks.isStale = [this](const Hello&) { return isStale; };
            auto strand = std::shared_ptr<Executor>(&loop, [](Executor*) {});
            server_ = std::make_unique<CameraServer>(loop, config, camera, std::vector{strand, strand},
                                                     converter ? converter : strand, lifetime, std::move(hooks));
        }
        return *server_;
    }

    Peer connect() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
        serverEnds.push_back(ends[1]);
        server().addConnection(UniqueFd(ends[1]));
        return Peer(UniqueFd(ends[0]));
    }

    void read() {
        for (std::size_t i = 0; i < 2 * CameraServer::kMaxCaptures; ++i) {  // a packet each time
            for (const int fd : serverEnds) loop.makeReady(fd);
        }
    }

    ManualLoop loop;
    FakeCamera camera;
    Config config;
    std::optional<int> exitCode;
    bool isStale = false;
    std::vector<int> serverEnds;
    std::shared_ptr<Executor> converter;

  private:
    std::unique_ptr<CameraServer> server_;
};

TEST_F(ServerTest, TellsWhatCameraThereIs) {
    Peer peer = connect();
    peer.hello();
    read();

    const auto told = peer.hear<Description>();
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->online);
    EXPECT_EQ(told->model, "fake");
    EXPECT_EQ(told->backend, "pattern");
    EXPECT_FALSE(camera.isStreaming) << "looking does not switch the camera on";
}

TEST_F(ServerTest, TellsWhyThereIsNoCamera) {
    camera.probeError = Error{Errc::kPermission, "add the user to the group video"};
    Peer peer = connect();
    peer.hello(true);
    read();

    const auto told = peer.hear<Description>();
    ASSERT_TRUE(told);
    EXPECT_FALSE(told->online);
    EXPECT_EQ(told->reason, "add the user to the group video");
}

TEST_F(ServerTest, AnswersACaptureWithAPicture) {
    Peer peer = connect();
    peer.hello();
    peer.capture(42);
    read();
    ASSERT_TRUE(peer.hear<Description>());
    camera.deliver();
    loop.runPending();

    const auto taken = peer.hear<PictureTaken>();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->id, 42U);
    EXPECT_EQ(taken->camera, "fake");
    EXPECT_TRUE(SharedJpegReader().read(taken->id, taken->bytes, std::move(peer.fd)));
}

TEST_F(ServerTest, ConvertsAPictureWhileCapturesGoOn) {
    const auto held = std::make_shared<HeldExecutor>();
    converter = held;
    const std::vector<std::uint8_t> pixels(std::size_t{320} * 240, 100);
    FrameView frame{PixelFormat::kGrey8, ColorRange::kFull, 320, 240, {{{pixels.data(), pixels.size(), 320}}}};
    RenderOptions asIs;
    asIs.width = frame.width;
    asIs.height = frame.height;
    const auto source = JpegRenderer().render(frame, asIs);
    ASSERT_TRUE(source);
    Peer peer = connect();
    peer.hello();
    const UniqueFd memory = *SharedJpegWriter().write(0, source->jpeg);
    const Convert convert{1, source->jpeg.size(), 160, 120, 50, 1 << 20, WallTime{seconds{5}}};
    ASSERT_TRUE(peer.socket.send(encode(CameraRequest{convert}), memory.get()));
    peer.capture(2);
    read();
    ASSERT_TRUE(peer.hear<Description>());
    camera.deliver();
    loop.runPending();
    const auto captured = peer.hear<PictureTaken>();
    ASSERT_TRUE(captured);
    EXPECT_EQ(captured->id, 2U);

    held->runAll();
    loop.runPending();

    const auto converted = peer.hear<PictureTaken>();
    ASSERT_TRUE(converted);
    EXPECT_EQ(converted->id, 1U);
    EXPECT_EQ(converted->width, 160);
    EXPECT_EQ(converted->height, 120);
    EXPECT_EQ(converted->exposureStart, WallTime{seconds{5}});
    EXPECT_LT(converted->bytes, source->jpeg.size());
    EXPECT_TRUE(SharedJpegReader().read(1, converted->bytes, std::move(peer.fd)));
}

TEST_F(ServerTest, APictureThatCannotBeConvertedIsAnError) {
    const std::vector<std::uint8_t> broken{0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3};
    Peer peer = connect();
    peer.hello();
    const UniqueFd memory = *SharedJpegWriter().write(0, broken);
    ASSERT_TRUE(
        peer.socket.send(encode(CameraRequest{Convert{1, broken.size(), 64, 64, 50, 1 << 20, {}}}), memory.get()));
    read();
    ASSERT_TRUE(peer.hear<Description>());
    loop.runPending();
    EXPECT_TRUE(peer.hear<CaptureFailed>());

    peer.say(Convert{2, broken.size(), 64, 64, 50, 1 << 20, {}});  // nothing came along
    read();
    EXPECT_TRUE(peer.hear<Goodbye>());
    EXPECT_TRUE(peer.isClosed());
}

TEST_F(ServerTest, ShowsAFrameBeforeItCallsACameraBack) {
    Peer peer = connect();
    peer.hello(true);
    read();
    EXPECT_FALSE(peer.hear<Description>());
    camera.deliver();
    loop.runPending();

    const auto told = peer.hear<Description>();
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->online);
}

TEST_F(ServerTest, DoesNotCallASilentCameraBackBecauseItIsListed) {
    Peer peer = connect();
    peer.hello(true);
    read();
    loop.advance(CameraServer::kVerifyLimit + silenceLimit(milliseconds{0}));
    const auto told = peer.hear<Description>();
    ASSERT_TRUE(told);
    EXPECT_FALSE(told->online);
    while (peer.hear<Description>()) continue;

    peer.hello();
    read();

    const auto again = peer.hear<Description>();
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->online);
}

TEST_F(ServerTest, TellsEverybodyWhenTheCameraGoesAndComes) {
    Peer one = connect();
    Peer two = connect();
    one.hello();
    two.hello();
    read();
    ASSERT_TRUE(one.hear<Description>());
    ASSERT_TRUE(two.hear<Description>());
    while (one.hear<Description>()) continue;

    camera.changed(fail(Errc::kUnavailable, "unplugged"));
    EXPECT_FALSE(one.hear<Description>()->online);
    EXPECT_FALSE(two.hear<Description>()->online);
    camera.changed(CameraInfo{"fake", "pattern", ""});

    EXPECT_TRUE(one.hear<Description>()->online);
    EXPECT_TRUE(two.hear<Description>()->online);
}

TEST_F(ServerTest, ClosesAConnectionThatBreaksTheRules) {
    const std::vector<std::vector<std::string>> crimes{
        {"garbage"},
        {encode(CameraRequest{Capture{1, 64, 64, 90, 1, BootTime{1}, BootTime{1}}})},
        {encode(CameraRequest{Hello{}}), std::string(kMaxPacketBytes + 1, 'x')},
        {encode(CameraRequest{Hello{}}),
         encode(CameraRequest{Capture{1, 64, 64, 90, 1, BootTime{1}, bootTimeNow() + seconds{9}}}),
         encode(CameraRequest{Capture{1, 64, 64, 90, 1, BootTime{1}, bootTimeNow() + seconds{9}}})},
    };
    Peer innocent = connect();
    for (const auto& packets : crimes) {
        Peer peer = connect();
        for (const std::string& packet : packets)
            ASSERT_GE(::send(peer.socket.fd(), packet.data(), packet.size(), 0), 0);
        read();

        while (peer.hear<Description>()) continue;
        EXPECT_TRUE(peer.isClosed()) << packets.back().substr(0, 60);
    }
    innocent.hello();
    read();
    EXPECT_TRUE(innocent.hear<Description>());
}

TEST_F(ServerTest, LimitsTheCapturesOfOneConnection) {
    Peer peer = connect();
    peer.hello();
    for (std::uint64_t id = 0; id <= CameraServer::kMaxCaptures; ++id) peer.capture(id);
    read();
    ASSERT_TRUE(peer.hear<Description>());

    const auto goodbye = peer.hear<Goodbye>();
    ASSERT_TRUE(goodbye);
    EXPECT_FALSE(goodbye->mayReconnect);
}

TEST_F(ServerTest, SaysWhichPackageToUpgrade) {
    Peer peer = connect();
    peer.say(Hello{kProtocolVersion + 1, false});
    read();

    EXPECT_EQ(peer.hear<Description>()->version, kProtocolVersion);
    EXPECT_NE(peer.hear<Goodbye>()->reason.find("upgrade pi-edge-camera"), std::string::npos);
}

TEST_F(ServerTest, EndsWhenIdle) {
    Peer peer = connect();
    peer.hello();
    read();
    loop.advance(seconds{9});
    EXPECT_FALSE(exitCode);
    loop.advance(seconds{2});

    EXPECT_EQ(exitCode, 0);
    ASSERT_TRUE(peer.hear<Description>());
    EXPECT_TRUE(peer.hear<Goodbye>()->mayReconnect);
}

TEST_F(ServerTest, DoesNotEndWhileItIsWarm) {
    config.camera.keepWarm = seconds{30};
    Peer peer = connect();
    peer.hello();
    peer.capture(1);
    read();
    camera.deliver();
    loop.runPending();

    loop.advance(seconds{29});
    EXPECT_TRUE(camera.isStreaming);
    EXPECT_FALSE(exitCode);
    loop.advance(seconds{12});
    EXPECT_EQ(exitCode, 0);
}

TEST_F(ServerTest, StreamsFromTheStartWhenAlwaysWarm) {
    config.camera.keepWarm = milliseconds::max();
    server();
    EXPECT_TRUE(camera.isStreaming);
    loop.advance(std::chrono::hours{1});
    EXPECT_FALSE(exitCode);
}

TEST_F(ServerTest, EndsWithItsAgentWhenItIsItsChild) {
    server(Lifetime::kWithConnection);
    { const Peer peer = connect(); }
    read();

    EXPECT_EQ(exitCode, 0);
}

TEST_F(ServerTest, OutlivesItsAgentsOtherwise) {
    {
        const Peer peer = connect();
        peer.hello();
        peer.capture(1);
        read();
    }
    read();

    EXPECT_FALSE(exitCode);
    camera.deliver();
    loop.runPending();
    Peer next = connect();
    next.hello();
    read();
    EXPECT_TRUE(next.hear<Description>());
}

TEST_F(ServerTest, EndsWhenItsConfigurationHasChanged) {
    Peer peer = connect();
    isStale = true;
    peer.hello();
    read();

    EXPECT_EQ(exitCode, 0);
    EXPECT_TRUE(peer.hear<Goodbye>()->mayReconnect);
}

TEST_F(ServerTest, EndsWithAFailureWhenTheCameraStaysSilent) {
    Peer peer = connect();
    peer.hello();
    peer.capture(1);
    read();
    loop.advance(seconds{6});
    peer.capture(2);
    read();
    loop.advance(seconds{6});

    EXPECT_EQ(exitCode, 1);
}

class MotionServerTest : public ServerTest {
  protected:
    MotionServerTest() {
        config.camera.width = 640;
        config.camera.height = 480;
        config.camera.motion.enabled = true;
        config.camera.motion.interval = milliseconds{500};
        config.camera.motion.coolDown = seconds{3};
    }
    /// An agent that has been told that nothing moves.
    Peer watch() {
        Peer peer = connect();
        peer.hello();
        read();
        EXPECT_TRUE(peer.hear<Description>());
        EXPECT_EQ(peer.hear<Motion>(), Motion{false});
        return peer;
    }
    void look(int times, std::uint8_t top, std::uint8_t brightness = 128) {
        for (int i = 0; i < times; ++i) {
            loop.advance(milliseconds{500});
            if (camera.demand) camera.deliver(640, 480, std::nullopt, brightness, top);
            loop.runPending();
        }
    }
    static constexpr int kSettled = 6;  ///< looks
};

TEST_F(MotionServerTest, IsToldToWhoeverIsConnectedUntilItIsOver) {
    Peer peer = watch();
    look(kSettled, 128);
    EXPECT_FALSE(peer.hear<Motion>()) << "nothing moves";
    look(2, 20);
    EXPECT_EQ(peer.hear<Motion>(), Motion{true});
    look(120, 20);
    EXPECT_EQ(peer.hear<Motion>(), Motion{false}) << "what stays is background";
    EXPECT_EQ(exitCode, std::nullopt) << "it does not end for lack of captures";
}

TEST_F(MotionServerTest, IsNotTheLightThatChanges) {
    Peer peer = watch();
    look(kSettled, 128);
    look(10, 60, 60);
    look(10, 200, 200);
    EXPECT_FALSE(peer.hear<Motion>());
}

TEST_F(MotionServerTest, ComesWithSmallPicturesFromBefore) {
    config.camera.motion.before = 2;
    Peer peer = watch();
    look(kSettled, 128);
    look(1, 20);

    for (int i = 0; i < 2; ++i) {
        const auto picture = peer.hear<PictureBefore>();
        ASSERT_TRUE(picture) << i;
        EXPECT_EQ(picture->width, 320);
        EXPECT_EQ(picture->height, 240);
        const auto jpeg = SharedJpegReader().read(0, picture->bytes, std::move(peer.fd));
        ASSERT_TRUE(jpeg) << i;
        const auto image = decodeJpeg(std::span(reinterpret_cast<const std::uint8_t*>(jpeg->data()), jpeg->size()));
        ASSERT_TRUE(image) << i;
        EXPECT_NEAR(image->view.planes[0].data[0], 128, 3) << "it shows what was there before";
    }
    EXPECT_EQ(peer.hear<Motion>(), Motion{true});
    look(120, 20);
    EXPECT_EQ(peer.hear<Motion>(), Motion{false}) << "and none at its end";
}

TEST_F(MotionServerTest, ShowsNothingBehindAMaskFromBefore) {
    config.camera.motion.before = 1;
    config.camera.masks = {{0, 0, 50, 100}};
    Peer peer = watch();
    look(kSettled, 200);
    look(1, 20);

    const auto picture = peer.hear<PictureBefore>();
    ASSERT_TRUE(picture);
    const auto jpeg = SharedJpegReader().read(0, picture->bytes, std::move(peer.fd));
    ASSERT_TRUE(jpeg);
    const auto image = decodeJpeg(std::span(reinterpret_cast<const std::uint8_t*>(jpeg->data()), jpeg->size()));
    ASSERT_TRUE(image);
    EXPECT_LT(image->view.planes[0].data[0], 10);
    EXPECT_GT(image->view.planes[0].data[300], 150);
}

TEST_F(MotionServerTest, KeepsNothingFromBeforeWhereThatIsNotAskedFor) {
    Peer peer = watch();
    look(kSettled, 128);
    look(1, 20);
    EXPECT_EQ(peer.hear<Motion>(), Motion{true});
}

TEST_F(ServerTest, WithoutMotionNobodyLooks) {
    Peer peer = connect();
    peer.hello();
    read();
    loop.advance(seconds{5});
    EXPECT_FALSE(camera.demand);
}

}  // namespace
}  // namespace edge
