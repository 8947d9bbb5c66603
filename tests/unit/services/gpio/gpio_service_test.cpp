// SPDX-License-Identifier: MIT
#include "services/gpio/gpio_service.hpp"

#include <gtest/gtest.h>

#include "fakes/fake_gpio.hpp"
#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"

namespace edge {
namespace {

using Words = std::vector<std::pair<std::string, std::string>>;

class GpioServiceTest : public testing::Test {
  protected:
    GpioServiceTest() {
        config_.topics.base = "edge/pi";
        GpioInputConfig button;
        button.name = "button";
        button.line.offset = 5;
        button.action = "capture";
        config_.gpio.inputs = {button};
        GpioOutputConfig relay;
        relay.name = "relay";
        relay.line.offset = 17;
        GpioOutputConfig led;
        led.name = "led";
        led.line.offset = 27;
        led.role = OutputRole::kStatus;
        config_.gpio.outputs = {relay, led};
    }

    GpioService& start() {
        service_ = std::make_unique<GpioService>(GpioContext{
            {loop_, publisher_, journal_, config_, [this] { ++healthChanges_; }},
            gpio_,
            [this](const std::string& word, const std::string& source) { commands_.emplace_back(word, source); }});
        service_->start();
        loop_.runPending();
        return *service_;
    }

    /// The configuration is read again as it is after `change`.
    void reload(const std::function<void()>& change) {
        const Config before = config_;
        change();
        service_->onReload(before);
        loop_.runPending();
    }

    /// The wire changes now, and the kernel reports it.
    void moveTo(bool active) {
        queueEdge(active, milliseconds{0});
        loop_.makeReady(gpio_.wire("button").fd);
    }
    /// The wire changed `ago`; the service has not read it yet.
    void queueEdge(bool active, milliseconds ago) {
        gpio_.wire("button").level = active;
        gpio_.wire("button").edges.push_back({active, loop_.clock().now().time_since_epoch() - ago});
    }

    std::vector<std::string> payloads(const std::string& name) const {
        std::vector<std::string> found;
        for (const Publication& publication : publisher_.on("edge/pi/gpio/" + name))
            found.push_back(publication.payload);
        return found;
    }

    const GpioLineHealth& healthOf(const std::string& name) {
        health_ = service_->health();
        for (const GpioLineHealth& line : health_) {
            if (line.name == name) return line;
        }
        throw std::out_of_range(name);
    }

    Config config_;
    ManualLoop loop_;
    FakeGpio gpio_;
    FakePublisher publisher_{loop_};
    Journal journal_{loop_, std::make_shared<ManualLoop>(), {}, std::string(32, 'b')};
    Words commands_;
    int healthChanges_ = 0;
    std::vector<GpioLineHealth> health_;
    std::unique_ptr<GpioService> service_;
};

const Words kOneCapture{{"capture", "gpio:button"}};

TEST_F(GpioServiceTest, PressRunsTheActionOnceAndIsPublishedRetained) {
    start();

    moveTo(true);
    loop_.advance(milliseconds{19});
    EXPECT_TRUE(commands_.empty());
    loop_.advance(milliseconds{1});

    EXPECT_EQ(commands_, kOneCapture);
    const auto published = publisher_.on("edge/pi/gpio/button");
    ASSERT_EQ(published.size(), 2U);
    EXPECT_EQ(published.back().payload, "ON");
    EXPECT_EQ(published.back().retain, Retain::kYes);
    EXPECT_EQ(published.back().qos, Qos::kAtLeastOnce);
}

TEST_F(GpioServiceTest, ReleaseIsPublishedAndRunsNothing) {
    start();
    moveTo(true);
    loop_.advance(milliseconds{20});

    moveTo(false);
    loop_.advance(milliseconds{20});

    EXPECT_EQ(commands_, kOneCapture);
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF", "ON", "OFF"}));
}

TEST_F(GpioServiceTest, BounceBurstIsOnePress) {
    start();

    for (int i = 0; i < 31; ++i) {
        moveTo(i % 2 == 0);
        loop_.advance(milliseconds{1});
    }
    loop_.advance(milliseconds{100});

    EXPECT_EQ(commands_, kOneCapture);
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF", "ON"}));
}

TEST_F(GpioServiceTest, GlitchIsNoPress) {
    start();

    moveTo(true);
    loop_.advance(milliseconds{10});
    moveTo(false);
    loop_.advance(seconds{1});

    EXPECT_TRUE(commands_.empty());
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF"}));
}

TEST_F(GpioServiceTest, EveryEdgeCountsWithoutDebounce) {
    config_.gpio.inputs[0].debounce = milliseconds{0};
    start();

    queueEdge(true, milliseconds{3});
    queueEdge(false, milliseconds{2});
    queueEdge(true, milliseconds{1});
    loop_.makeReady(gpio_.wire("button").fd);

    EXPECT_EQ(commands_.size(), 2U);
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF", "ON", "OFF", "ON"}));
}

TEST_F(GpioServiceTest, PressesThatWereReadLateAllCount) {
    start();
    loop_.advance(seconds{2});

    queueEdge(true, milliseconds{900});
    queueEdge(false, milliseconds{600});
    queueEdge(true, milliseconds{300});
    queueEdge(false, milliseconds{100});
    loop_.makeReady(gpio_.wire("button").fd);

    EXPECT_EQ(commands_.size(), 2U);
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF", "ON", "OFF", "ON", "OFF"}));
}

TEST_F(GpioServiceTest, EdgeThatTheKernelDroppedIsFoundByTheLevel) {
    start();

    moveTo(true);
    gpio_.wire("button").level = false;  // its edge never comes
    loop_.advance(seconds{1});

    EXPECT_TRUE(commands_.empty());
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF"}));
}

TEST_F(GpioServiceTest, GlitchWhoseEndWaitsBehindTheTimerIsNoPress) {
    start();

    moveTo(true);
    queueEdge(false, milliseconds{-19});  // in 19 ms; the loop runs the timer before it looks at the wire
    loop_.advance(seconds{1});

    EXPECT_TRUE(commands_.empty());
}

TEST_F(GpioServiceTest, EdgeStampedByTheWallClockStillCounts) {
    start();

    gpio_.wire("button").level = true;
    gpio_.wire("button").edges.push_back({true, loop_.clock().wallNow().time_since_epoch()});
    loop_.makeReady(gpio_.wire("button").fd);
    loop_.advance(milliseconds{20});

    EXPECT_EQ(commands_, kOneCapture);
}

TEST_F(GpioServiceTest, ButtonHeldAtStartIsNoPress) {
    gpio_.wire("button").level = true;

    start();
    loop_.advance(seconds{1});

    EXPECT_TRUE(commands_.empty());
    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"ON"}));
}

TEST_F(GpioServiceTest, InputWithoutActionIsOnlyPublished) {
    config_.gpio.inputs[0].action.clear();
    start();

    moveTo(true);
    loop_.advance(milliseconds{20});

    EXPECT_TRUE(commands_.empty());
    EXPECT_EQ(payloads("button").back(), "ON");
}

TEST_F(GpioServiceTest, OutputsTakeTheirInitialStateAtStart) {
    config_.gpio.outputs[0].initial = true;
    config_.gpio.outputs[1].initial = true;

    start();

    EXPECT_EQ(gpio_.wire("relay").driven, std::vector<bool>{true});
    EXPECT_EQ(gpio_.wire("led").driven, std::vector<bool>{false}) << "a status lamp is dark until the agent is online";
}

TEST_F(GpioServiceTest, SetsAFreeOutputAndPublishesWhatItReadsBack) {
    GpioService& gpioService = start();

    EXPECT_EQ(gpioService.setOutput("relay", OutputCommand::kOn), true);
    EXPECT_EQ(gpioService.setOutput("relay", OutputCommand::kToggle), false);
    EXPECT_EQ(gpioService.setOutput("relay", OutputCommand::kToggle), true);
    EXPECT_EQ(gpioService.setOutput("relay", OutputCommand::kOff), false);

    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true, false, true, false}));
    EXPECT_EQ(payloads("relay"), (std::vector<std::string>{"OFF", "ON", "OFF", "ON", "OFF"}));
}

TEST_F(GpioServiceTest, ReportsALineThatDoesNotFollow) {
    gpio_.wire("relay").shorted = true;
    GpioService& gpioService = start();

    const auto set = gpioService.setOutput("relay", OutputCommand::kOn);

    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().code, Errc::kFault);
    EXPECT_EQ(payloads("relay").back(), "OFF");
}

TEST_F(GpioServiceTest, RefusesToSetWhatIsNotAFreeOutput) {
    GpioService& gpioService = start();

    for (const char* name : {"led", "button", "nothing", ""}) {
        const auto set = gpioService.setOutput(name, OutputCommand::kOn);
        ASSERT_FALSE(set) << name;
        EXPECT_EQ(set.error().code, Errc::kInvalid) << name;
    }
    EXPECT_EQ(gpio_.wire("led").driven, std::vector<bool>{false});
}

TEST_F(GpioServiceTest, StatusLampFollowsTheConnection) {
    GpioService& gpioService = start();

    gpioService.onConnected();
    EXPECT_TRUE(gpio_.wire("led").level);
    gpioService.onDisconnected();
    EXPECT_FALSE(gpio_.wire("led").level);
}

TEST_F(GpioServiceTest, StatusLampBlinksWithoutBeingPublished) {
    GpioService& gpioService = start();
    gpioService.onConnected();
    const std::size_t before = payloads("led").size();

    gpioService.blink();
    EXPECT_FALSE(gpio_.wire("led").level);
    loop_.advance(milliseconds{99});
    EXPECT_FALSE(gpio_.wire("led").level);
    loop_.advance(milliseconds{1});
    EXPECT_TRUE(gpio_.wire("led").level);

    EXPECT_EQ(payloads("led").size(), before);
}

TEST_F(GpioServiceTest, StatusLampBlinksDuringFastReadings) {
    GpioService& gpioService = start();
    gpioService.onConnected();

    int lit = 0;
    for (int i = 0; i < 1000; ++i) {
        gpioService.blink();
        loop_.advance(milliseconds{1});
        if (gpio_.wire("led").level) ++lit;
    }

    EXPECT_NEAR(lit, 500, 60);
}

TEST_F(GpioServiceTest, StatusLampStaysOffWhenTheConnectionEndsDuringABlink) {
    GpioService& gpioService = start();
    gpioService.onConnected();
    gpioService.blink();

    gpioService.onDisconnected();
    loop_.advance(seconds{1});
    gpioService.blink();
    loop_.advance(seconds{1});

    EXPECT_FALSE(gpio_.wire("led").level);
}

TEST_F(GpioServiceTest, ConnectionPublishesAllStatesAgain) {
    publisher_.disconnect();
    GpioService& gpioService = start();
    EXPECT_TRUE(publisher_.sent.empty()) << "nothing is queued while there is no broker";

    publisher_.connect();
    gpioService.onConnected();

    EXPECT_EQ(payloads("button"), (std::vector<std::string>{"OFF"}));
    EXPECT_EQ(payloads("relay"), (std::vector<std::string>{"OFF"}));
    EXPECT_EQ(payloads("led"), (std::vector<std::string>{"ON"}));
}

TEST_F(GpioServiceTest, NothingIsPublishedWithoutABaseTopic) {
    config_.topics.base.clear();
    GpioService& gpioService = start();

    gpioService.onConnected();
    moveTo(true);
    loop_.advance(milliseconds{20});

    EXPECT_TRUE(publisher_.sent.empty());
    EXPECT_EQ(commands_, kOneCapture);
}

TEST_F(GpioServiceTest, ChatteringInputDoesNotFillTheQueue) {
    config_.gpio.inputs[0].debounce = milliseconds{0};
    publisher_.outcome.reset();
    start();

    for (int i = 0; i < 1000; ++i) moveTo(i % 2 == 0);
    EXPECT_LE(publisher_.on("edge/pi/gpio/button").size(), GpioService::kMaxInFlight);
    for (int i = 0; i < 50; ++i) {
        publisher_.finishAll(Delivery::kDelivered);
        loop_.runPending();
    }

    EXPECT_EQ(payloads("button").back(), "OFF");
    EXPECT_EQ(payloads("button").size(), GpioService::kMaxInFlight + 1);
}

TEST_F(GpioServiceTest, BusyLineIsRetriedWhileTheOthersWork) {
    gpio_.wire("button").openError = Error{Errc::kBusy, "line 27 is in use by \"other\""};
    GpioService& gpioService = start();

    EXPECT_EQ(healthOf("button").problem, "line 27 is in use by \"other\"");
    EXPECT_EQ(healthOf("button").active, std::nullopt);
    EXPECT_EQ(healthOf("relay").problem, "");
    EXPECT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));
    loop_.advance(seconds{61});
    EXPECT_EQ(gpio_.wire("button").opens, 3);
    EXPECT_EQ(healthChanges_, 1);

    gpio_.wire("button").openError.reset();
    loop_.advance(seconds{30});
    EXPECT_EQ(healthOf("button").problem, "");
    EXPECT_EQ(healthChanges_, 2);
    moveTo(true);
    loop_.advance(milliseconds{20});
    EXPECT_EQ(commands_, kOneCapture);
}

TEST_F(GpioServiceTest, ChipThatGoesAndComesBackIsPickedUpWithItsStates) {
    const Error gone{Errc::kNotFound, "cannot read edges: No such device"};
    GpioService& gpioService = start();
    ASSERT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));
    gpioService.onConnected();

    for (const char* name : {"button", "relay", "led"}) {
        gpio_.wire(name).error = gone;
        gpio_.wire(name).openError = gone;
    }
    loop_.makeReady(gpio_.wire("button").fd);
    EXPECT_FALSE(loop_.isWatched(gpio_.wire("button").fd));
    loop_.advance(seconds{30});
    for (const char* name : {"button", "relay", "led"}) {
        EXPECT_FALSE(gpio_.wire(name).isOpen) << name;
        EXPECT_EQ(healthOf(name).problem, gone.message) << name;
        gpio_.wire(name) = FakeGpio::Wire{};
        gpio_.wire(name).fd = 200;
    }
    gpio_.wire("button").level = true;
    loop_.advance(seconds{30});

    EXPECT_EQ(gpio_.wire("relay").driven, std::vector<bool>{true});
    EXPECT_EQ(gpio_.wire("led").driven, std::vector<bool>{true});
    EXPECT_EQ(payloads("button").back(), "ON");
    EXPECT_TRUE(commands_.empty()) << "no press was seen";
}

TEST_F(GpioServiceTest, SettingAnOutputRetriesItsLineAtOnce) {
    gpio_.wire("relay").openError = Error{Errc::kNotFound, "there is no GPIO chip"};
    GpioService& gpioService = start();

    const auto refused = gpioService.setOutput("relay", OutputCommand::kOn);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::kUnavailable);
    EXPECT_NE(refused.error().message.find("there is no GPIO chip"), std::string::npos);

    gpio_.wire("relay").openError.reset();
    EXPECT_EQ(gpioService.setOutput("relay", OutputCommand::kOn), true);
    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true})) << "a refused command is not made up for";
}

TEST_F(GpioServiceTest, FailedSetIsNotRepeatedLater) {
    GpioService& gpioService = start();
    gpio_.wire("relay").error = Error{Errc::kNotFound, "cannot set the line: No such device"};

    EXPECT_EQ(gpioService.setOutput("relay", OutputCommand::kOn).error().code, Errc::kUnavailable);
    EXPECT_FALSE(gpio_.wire("relay").isOpen);

    gpio_.wire("relay").error.reset();
    loop_.advance(seconds{30});
    EXPECT_FALSE(gpio_.wire("relay").level);
}

TEST_F(GpioServiceTest, PublishesAnOutputThatWasChangedFromOutside) {
    start();

    gpio_.wire("relay").level = true;
    loop_.advance(seconds{30});

    EXPECT_EQ(payloads("relay").back(), "ON");
}

TEST_F(GpioServiceTest, ReleasesLinesAndIgnoresLateAcknowledgements) {
    publisher_.outcome.reset();
    start();
    moveTo(true);
    loop_.advance(milliseconds{20});

    service_.reset();
    publisher_.finishAll(Delivery::kDelivered);
    loop_.advance(seconds{60});

    EXPECT_FALSE(gpio_.wire("button").isOpen);
    EXPECT_FALSE(gpio_.wire("relay").isOpen);
    EXPECT_FALSE(loop_.isWatched(gpio_.wire("button").fd));
    EXPECT_EQ(gpio_.wire("relay").driven, std::vector<bool>{false});
}

TEST_F(GpioServiceTest, AReloadLeavesLinesAloneWhoseSettingsAreTheSame) {
    GpioService& gpioService = start();
    ASSERT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));
    const std::size_t sent = publisher_.sent.size();
    reload([this] {
        config_.gpio.outputs[0].initial = true;
        config_.log.level = log::Level::kDebug;
    });

    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true})) << "`initial` is for a start";
    for (const char* name : {"relay", "led", "button"}) EXPECT_EQ(gpio_.wire(name).opens, 1) << name;
    EXPECT_EQ(publisher_.sent.size(), sent);
}

TEST_F(GpioServiceTest, AReloadTakesAndReleasesSingleLines) {
    GpioService& gpioService = start();
    ASSERT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));
    reload([this] {
        config_.gpio.outputs.pop_back();
        config_.gpio.inputs.clear();
        GpioOutputConfig valve;
        valve.name = "valve";
        valve.line.offset = 22;
        valve.initial = true;
        config_.gpio.outputs.push_back(valve);
    });

    EXPECT_FALSE(gpio_.wire("led").isOpen);
    EXPECT_FALSE(gpio_.wire("button").isOpen);
    EXPECT_EQ(gpio_.wire("valve").driven, std::vector<bool>{true});
    EXPECT_EQ(payloads("valve"), std::vector<std::string>{"ON"});
    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true}));
    EXPECT_EQ(gpioService.setOutput("valve", OutputCommand::kOff), false);
}

TEST_F(GpioServiceTest, AnOutputWithAnotherNameKeepsItsLine) {
    GpioService& gpioService = start();
    ASSERT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));
    reload([this] { config_.gpio.outputs[0].name = "pump"; });

    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true}));
    EXPECT_TRUE(gpio_.wire("relay").isOpen);
    EXPECT_EQ(payloads("pump"), std::vector<std::string>{"ON"});
    EXPECT_EQ(healthOf("pump").active, true);
    EXPECT_EQ(gpioService.setOutput("pump", OutputCommand::kOff), false);
    EXPECT_FALSE(gpioService.setOutput("relay", OutputCommand::kOff));
}

TEST_F(GpioServiceTest, AnOutputTakesItsStateToAnotherLineAndPolarity) {
    GpioService& gpioService = start();
    ASSERT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));
    reload([this] { config_.gpio.outputs[0].line.offset = 18; });
    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true, true}));
    reload([this] { config_.gpio.outputs[0].activeLow = true; });

    EXPECT_EQ(gpio_.wire("relay").driven, (std::vector<bool>{false, true, true, true}));
    EXPECT_TRUE(gpio_.wire("relay").isOpen);
}

TEST_F(GpioServiceTest, AReloadChangesTheRoleOfAnOutputInPlace) {
    GpioService& gpioService = start();
    gpioService.onConnected();
    ASSERT_TRUE(gpio_.wire("led").level);
    reload([this] {
        config_.gpio.outputs[0].role = OutputRole::kStatus;
        config_.gpio.outputs[1].role = OutputRole::kFree;
    });

    EXPECT_TRUE(gpio_.wire("relay").level) << "online";
    EXPECT_TRUE(gpio_.wire("led").level) << "as it was";
    EXPECT_EQ(gpioService.setOutput("led", OutputCommand::kOff), false);
    gpioService.onDisconnected();
    EXPECT_FALSE(gpio_.wire("relay").level);
    EXPECT_EQ(gpio_.wire("relay").opens + gpio_.wire("led").opens, 2);
}

TEST_F(GpioServiceTest, ReloadDuringABlinkTurnsAFreeOutputOn) {
    GpioService& gpioService = start();
    gpioService.onConnected();
    gpioService.blink();
    ASSERT_FALSE(gpio_.wire("led").level);
    reload([this] { config_.gpio.outputs[1].role = OutputRole::kFree; });
    loop_.advance(seconds{1});

    EXPECT_TRUE(gpio_.wire("led").level);
}

TEST_F(GpioServiceTest, AReloadChangesAnInputsActionAndDebounceInPlace) {
    start();
    reload([this] {
        config_.gpio.inputs[0].action = "start";
        config_.gpio.inputs[0].debounce = milliseconds{50};
    });
    moveTo(true);
    loop_.advance(milliseconds{49});
    EXPECT_TRUE(commands_.empty());
    loop_.advance(milliseconds{1});

    EXPECT_EQ(commands_, (Words{{"start", "gpio:button"}}));
    EXPECT_EQ(gpio_.wire("button").opens, 1);
}

TEST_F(GpioServiceTest, ReloadWithAnotherBiasReopensTheInput) {
    start();
    reload([this] { config_.gpio.inputs[0].bias = GpioBias::kPullUp; });

    EXPECT_EQ(gpio_.wire("button").opens, 2);
    EXPECT_TRUE(gpio_.wire("button").isOpen);
    moveTo(true);
    loop_.advance(milliseconds{20});
    EXPECT_EQ(commands_, kOneCapture);
}

TEST_F(GpioServiceTest, AReloadPublishesUnderANewBase) {
    GpioService& gpioService = start();
    reload([this] { config_.topics.base = "edge/other"; });
    EXPECT_EQ(gpio_.wire("relay").opens, 1);
    ASSERT_TRUE(gpioService.setOutput("relay", OutputCommand::kOn));

    EXPECT_EQ(publisher_.lastPayload("edge/other/gpio/relay"), "ON");
    EXPECT_EQ(payloads("relay").back(), "OFF");
}

}  // namespace
}  // namespace edge
