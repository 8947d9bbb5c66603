// SPDX-License-Identifier: MIT
#include "doctor/checks/checks.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <memory>

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "core/system/identity.hpp"
#include "fakes/certificate.hpp"
#include "fakes/fake_gpio.hpp"
#include "unit/doctor/fake_machine.hpp"

namespace edge {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

SensorConfig sensor(SensorType type, const std::string& device = "") {
    SensorConfig config;
    config.name = "room";
    config.type = type;
    config.device = device;
    return config;
}

TEST(CheckConfiguration, EveryMistakeIsTold) {
    const TempDir dir;
    std::ofstream(dir.file("agent.toml")) << "[mqtt]\nqos = 7\n[nonsense]\n";
    std::optional<Config> config;
    std::optional<std::string> password;
    const Findings findings = checkConfiguration(dir.file("agent.toml"), config, password);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_TRUE(findings[0].severity == Severity::kError);
    EXPECT_TRUE(has(findings[0].text, "agent.toml:2: mqtt.qos") && has(findings[0].text, "agent.toml:3: nonsense"))
        << findings[0].text;
    EXPECT_FALSE(config);
}

TEST(CheckConfiguration, AnOpenPasswordFileIsTold) {
    const TempDir dir;
    std::ofstream(dir.file("secret")) << "word\n";
    ::chmod(dir.file("secret").c_str(), 0644);
    std::ofstream(dir.file("agent.toml"))
        << "[mqtt]\nusername = \"u\"\npassword_file = \"" << dir.file("secret") << "\"\n";
    std::optional<Config> config;
    std::optional<std::string> password;
    const Findings findings = checkConfiguration(dir.file("agent.toml"), config, password);
    EXPECT_TRUE(findings.back().severity == Severity::kError && has(findings.back().text, "mqtt.password_file"));
    EXPECT_TRUE(config);
    EXPECT_FALSE(password);
    EXPECT_TRUE(std::none_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.severity == Severity::kFine;
    })) << "not fine and wrong at once";

    ::chmod(dir.file("secret").c_str(), 0600);
    EXPECT_TRUE(checkConfiguration(dir.file("agent.toml"), config, password).back().severity != Severity::kError);
    EXPECT_EQ(password, "word");
}

TEST(CheckCertificates, WarnThirtyDaysBeforeOneEnds) {
    const TempDir dir;
    Config config;
    config.mqtt.tls.certFile = dir.write("device.pem", kCertificate);
    const WallTime end = certificateEnds(config).at(0).end;

    EXPECT_TRUE(checkCertificates(config, end - std::chrono::days{31}).empty());
    const Findings soon = checkCertificates(config, end - std::chrono::days{29});
    ASSERT_EQ(soon.size(), 1U);
    EXPECT_TRUE(soon[0].severity == Severity::kWarning &&
                has(soon[0].text, "device.pem ends on 2126-10-28, in 29 days"))
        << soon[0].text;
    const Findings late = checkCertificates(config, end);
    ASSERT_EQ(late.size(), 1U);
    EXPECT_TRUE(late[0].severity == Severity::kError) << late[0].text;
}

TEST(CheckConfiguration, ACredentialThatOnlyTheServiceGetsIsNoError) {
    const TempDir dir;
    std::ofstream(dir.file("agent.toml")) << "[mqtt]\nusername = \"u\"\npassword_file = \"mqtt-password\"\n";
    std::optional<Config> config;
    std::optional<std::string> password;
    const Findings findings = checkConfiguration(dir.file("agent.toml"), config, password);
    EXPECT_TRUE(findings.front().severity == Severity::kFine);
    EXPECT_TRUE(findings.back().severity == Severity::kNote && has(findings.back().text, "mqtt-password") == false)
        << "what may be the password itself is not repeated: " << findings.back().text;
    EXPECT_FALSE(password);
}

TEST(CheckConfiguration, WithoutASecretNothingIsMissing) {
    const TempDir dir;
    std::ofstream(dir.file("agent.toml")) << "[mqtt]\nservers = [\"mqtt://localhost\"]\n";
    std::optional<Config> config;
    std::optional<std::string> password;
    (void)checkConfiguration(dir.file("agent.toml"), config, password);
    EXPECT_EQ(password, "");
}

TEST(CheckClock, SaysWhatAWrongOneMeans) {
    Config config;
    EXPECT_TRUE(checkClock(config, ClockState::kSynchronised)[0].severity == Severity::kFine);
    EXPECT_FALSE(has(checkClock(config, ClockState::kUnsynchronised)[0].text, "certificates"));
    config.mqtt.servers[0].scheme = Scheme::kMqtts;
    EXPECT_TRUE(has(checkClock(config, ClockState::kUnsynchronised)[0].text, "certificates"));
}

TEST(CheckSensors, AMissingOneWireBusHasItsRemedyInTheFirmware) {
    FakeMachine fake;
    fake.write("/boot/firmware/config.txt", "arm_64bit=1\n");
    Config config;
    config.sensors = {sensor(SensorType::kW1)};
    std::map<std::string, double> values;
    const Findings findings = checkSensors(config, fake.machine(), values);
    EXPECT_TRUE(findings[0].severity == Severity::kError);
    EXPECT_TRUE(has(findings[0].remedy, "dtoverlay=w1-gpio")) << findings[0].remedy;
    EXPECT_TRUE(values.empty());

    fake.write("/boot/firmware/config.txt", "dtoverlay=w1-gpio\n");
    EXPECT_EQ(checkSensors(config, fake.machine(), values)[0].remedy, "");
}

TEST(CheckSensors, AMissingI2cSensorIsLookedForInTheFirmwareToo) {
    FakeMachine fake;
    fake.write("/boot/firmware/config.txt", "");
    Config config;
    config.sensors = {sensor(SensorType::kIio)};
    std::map<std::string, double> values;
    EXPECT_TRUE(has(checkSensors(config, fake.machine(), values)[0].remedy, "i2c_arm=on"));
}

TEST(CheckSensors, ReadsScalesAndJudges) {
    FakeMachine fake;
    fake.write("/reading", "21.5\n");
    Config config;
    config.sensors = {sensor(SensorType::kFile, fake.machine().path("/reading"))};
    config.sensors[0].offset = 1.0;
    std::map<std::string, double> values;
    EXPECT_TRUE(checkSensors(config, Machine(), values)[0].severity == Severity::kFine);
    EXPECT_DOUBLE_EQ(values["room"], 22.5);

    config.sensors[0].max = 20;
    EXPECT_TRUE(checkSensors(config, Machine(), values)[0].severity == Severity::kError);
}

TEST(CheckSensors, ASimulatedOneIsNoGoodSign) {
    Config config;
    config.sensors = {sensor(SensorType::kSimulated)};
    std::map<std::string, double> values;
    EXPECT_TRUE(checkSensors(config, Machine(), values)[0].severity == Severity::kWarning);
    config.sensors.clear();
    EXPECT_TRUE(checkSensors(config, Machine(), values)[0].severity == Severity::kNote);
}

TEST(CheckSensors, ADriverThatHangsEndsAfterItsLimit) {
    EXPECT_EQ(within<int>(seconds{30}, [] { return 7; }), 7);
    auto release = std::make_shared<std::promise<void>>();
    const auto hang = release->get_future().share();
    EXPECT_EQ(within<int>(milliseconds{1},
                          [hang] {
                              hang.wait();
                              return 7;
                          }),
              std::nullopt);
    release->set_value();
}

TEST(CheckCamera, NoLibraryAndNoDevice) {
    FakeMachine fake;
    fake.write("/boot/firmware/config.txt", "arm_64bit=1\n");
    const Findings findings = checkCameraDevices(Config{}, fake.machine());
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_TRUE(has(findings[0].text, "libcamera is not installed"));
    EXPECT_TRUE(has(findings[1].text, "no camera is connected"));
    EXPECT_TRUE(has(findings[1].remedy, "camera_auto_detect=1"));
}

TEST(CheckCamera, TellsTheVersionAndWhoIsInTheWay) {
    FakeMachine fake;
    fake.write("/usr/lib/aarch64-linux-gnu/libcamera.so.0.4.0", "");
    fake.write("/dev/video0", "");
    fake.write("/dev/media0", "");
    fake.write("/proc/812/comm", "motion\n");
    fake.link("/proc/812/fd/3", "/dev/video0");
    const Findings findings = checkCameraDevices(Config{}, fake.machine());
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].text, "libcamera 0.4.0");
    EXPECT_TRUE(findings[1].severity == Severity::kWarning);
    EXPECT_EQ(findings[1].text, "in use by motion (pid 812)");
}

TEST(CheckCamera, ARunningAgentsOwnCameraProgramIsNoStranger) {
    FakeMachine fake;
    fake.write("/usr/lib/aarch64-linux-gnu/libcamera.so.0.4.0", "");
    fake.write("/dev/video0", "");
    fake.write("/proc/9/comm", "pi-edge-camera\n");
    fake.link("/proc/9/fd/3", "/dev/video0");
    Config config;
    const Findings child = checkCameraDevices(config, fake.machine());
    ASSERT_EQ(child.size(), 2U);
    EXPECT_TRUE(child[1].severity == Severity::kNote && has(child[1].text, "running agent"));
    config.camera.socket = "/run/pi-edge-agent/camera.sock";
    EXPECT_EQ(checkCameraDevices(config, fake.machine()).size(), 1U) << "systemd's serves the doctor, too";
}

TEST(CheckCamera, OtherBackendsNeedNoDevice) {
    Config config;
    config.camera.backend = CameraBackend::kPattern;
    EXPECT_TRUE(checkCameraDevices(config, FakeMachine().machine()).empty());
    std::optional<Picture> picture;
    config.camera.backend = CameraBackend::kNone;
    EXPECT_TRUE(checkCameraPicture(config, picture)[0].severity == Severity::kNote);
}

TEST(CheckGpio, FreeBusyOurOwnAndMissing) {
    FakeGpio gpio;
    gpio.uses.emplace("18", GpioLineUse{"line 18", true, "spi0 CS0"});
    gpio.uses.emplace("19", GpioLineUse{"line 19", true, "pi-edge-agent:mine"});
    gpio.uses.emplace("20", GpioLineUse{"line 20", true, ""});
    gpio.uses.emplace("99", fail(Errc::kNotFound, "there is no line 99"));
    Config config;
    for (const auto& [name, offset] :
         std::map<std::string, int>{{"free", 17}, {"taken", 18}, {"mine", 19}, {"kernel", 20}, {"none", 99}}) {
        GpioOutputConfig output;
        output.name = name;
        output.line.offset = offset;
        config.gpio.outputs.push_back(output);
    }
    std::map<std::string, Finding> byLine;
    for (const Finding& finding : checkGpio(config, gpio)) byLine[finding.text.substr(7, 4)] = finding;
    EXPECT_TRUE(byLine["free"].severity == Severity::kFine);
    EXPECT_TRUE(byLine["mine"].severity == Severity::kFine);
    EXPECT_TRUE(byLine["take"].severity == Severity::kError && has(byLine["take"].text, "\"spi0 CS0\""));
    EXPECT_TRUE(byLine["kern"].severity == Severity::kError && has(byLine["kern"].text, "the kernel"));
    EXPECT_TRUE(byLine["none"].severity == Severity::kError && has(byLine["none"].text, "there is no line 99"));
}

TEST(CheckPower, ReadsTheFirmwaresFlags) {
    FakeMachine fake;
    EXPECT_TRUE(checkPower(fake.machine()).empty()) << "no Raspberry Pi";
    const std::string file = "/sys/devices/platform/soc/soc:firmware/get_throttled";
    fake.write(file, "0\n");
    EXPECT_TRUE(checkPower(fake.machine())[0].severity == Severity::kFine);

    fake.write(file, "50005\n");
    const Findings now = checkPower(fake.machine());
    ASSERT_EQ(now.size(), 2U);
    EXPECT_TRUE(now[0].severity == Severity::kError && has(now[0].text, "voltage is too low"));
    EXPECT_TRUE(has(now[1].text, "throttled"));

    fake.write(file, "0x10000\n");
    const Findings before = checkPower(fake.machine());
    ASSERT_EQ(before.size(), 1U);
    EXPECT_TRUE(before[0].severity == Severity::kWarning && has(before[0].text, "a moment ago"));

    fake.write(file, "nonsense\n");
    EXPECT_TRUE(checkPower(fake.machine()).empty());
}

TEST(CheckJournal, ADiskThatIsFullOrTight) {
    const TempDir dir;
    Config config;
    config.journal.path = dir.file("deep/down/journal.db");
    EXPECT_TRUE(checkJournal(config, [](const std::string&) { return std::optional<std::uint64_t>(0); })[0].severity ==
                Severity::kError);
    EXPECT_TRUE(
        checkJournal(config, [](const std::string&) { return std::optional<std::uint64_t>(32 << 20); })[0].severity ==
        Severity::kWarning);
    const Findings findings = checkJournal(config);
    EXPECT_TRUE(findings[1].severity == Severity::kNote && has(findings[1].text, "not there yet"));
}

TEST(CheckArchive, ComparesItsBoundsWithTheFileSystem) {
    const TempDir dir;
    Config config;
    config.journal.path = dir.file("journal.db");
    EXPECT_TRUE(checkArchive(config).empty());
    constexpr std::int64_t kMebi = 1 << 20;
    config.archive.maxSizeBytes = 100 * kMebi;
    config.archive.minFreeBytes = 50 * kMebi;
    dir.write("pictures/archive/0000000/0000000001_2026-11-20T12.00.00.000Z_31457280_a.jpg", "");
    const auto with = [&config](FreeSpace space) { return checkArchive(config, space).at(0); };
    const Finding tight = with([](const std::string&) { return std::optional<std::uint64_t>(40 << 20); });
    EXPECT_TRUE(tight.severity == Severity::kWarning && has(tight.text, "40 MiB"));
    const Finding small = with([](const std::string&) { return std::optional<std::uint64_t>(60 << 20); });
    EXPECT_TRUE(small.severity == Severity::kNote && has(small.text, "room for 40 MiB"));
    const Finding fine = with([](const std::string&) { return std::optional<std::uint64_t>(120 << 20); });
    EXPECT_TRUE(fine.severity == Severity::kFine && has(fine.text, "1 pictures, 30 of at most 100 MiB"));
    const Finding unknown = with([](const std::string&) { return std::optional<std::uint64_t>(); });
    EXPECT_TRUE(unknown.severity == Severity::kWarning);
}

TEST(CheckJournal, AFileThatIsNoJournal) {
    const TempDir dir;
    Config config;
    config.journal.path = dir.file("journal.db");
    std::ofstream(config.journal.path)
        << "this is no database, and long enough to be taken for one ...............................";
    EXPECT_TRUE(checkJournal(config)[1].severity == Severity::kError);
}

std::string infoOf(const std::string& id, const std::string& startedAt, const std::string& sensorTopic,
                   const std::string& model = readIdentity().model) {
    return R"({"id":")" + id + R"(","name":"N","model":")" + model + R"(","started_at":")" + startedAt +
           R"(","capabilities":{"sensors":[{"name":"room","topic":")" + sensorTopic +
           R"("}],"camera":{"backend":"libcamera","topic":"jpeg"}}})";
}

InboundMessage retained(const std::string& topic, const std::string& payload) {
    InboundMessage message;
    message.topic = topic;
    message.payload = payload;
    message.retained = true;
    return message;
}

TEST(CheckOthers, KeepsWhatDevicesWithTopicsLikeOursAnnounce) {
    Config config;
    config.device.id = "one";
    config.topics.base = "site/one/edge";
    EXPECT_EQ(baseOfAnyDevice(config), "site/+/edge");

    Announcements announcements;
    announcements.add(retained("site/one/edge/status", "online"), config);
    announcements.add(retained("site/two/edge/status", "online"), config);
    announcements.add(retained("site/two/edge/info", "{}"), config);
    announcements.add(retained("site/three/edge/status", "offline"), config);
    announcements.add(retained("other/four/edge/status", "online"), config);
    announcements.add(retained("status", "online"), config);

    EXPECT_EQ(announcements.online, (std::set<std::string>{"one", "two"}));
    EXPECT_EQ(announcements.info, (std::map<std::string, std::string>{{"two", "{}"}}));
}

TEST(CheckOthers, TakesTheIdForTheLastOfTwoEqualLevels) {
    Config config;
    config.device.id = "edge";
    config.topics.base = "edge/edge";
    EXPECT_EQ(baseOfAnyDevice(config), "edge/+");
}

TEST(CheckOthers, SaysWhoElsePublishesOnTheSameTopics) {
    const TempDir dir;
    Config config;
    config.device.id = "one";
    config.journal.path = dir.file("journal.db");
    config.sensors = {sensor(SensorType::kW1)};
    config.sensors[0].topic = "room/temp";
    config.image.topic = "edge/one/jpeg";
    Announcements announcements;
    announcements.info["two"] = infoOf("two", "2026-11-20T09:30:00Z", "room/temp");
    announcements.info["gone"] = infoOf("gone", "2026-11-20T09:30:00Z", "room/temp");
    announcements.info["odd"] = R"({"capabilities":[1],"id":3})";
    announcements.info["broken"] = "{";
    announcements.online = {"two", "odd", "broken"};

    const Findings findings = checkOthers(config, AgentState::kRunning, announcements);

    ASSERT_EQ(findings.size(), 1U);
    EXPECT_TRUE(findings[0].severity == Severity::kWarning);
    EXPECT_TRUE(has(findings[0].text, "\"room/temp\"") && has(findings[0].text, "two")) << findings[0].text;
    EXPECT_FALSE(has(findings[0].text, "gone")) << "it is not online";
    EXPECT_TRUE(has(findings[0].remedy, "{id}")) << findings[0].remedy;

    config.image.topic = "jpeg";
    EXPECT_EQ(checkOthers(config, AgentState::kRunning, announcements).size(), 2U);
    announcements.online.clear();
    EXPECT_TRUE(checkOthers(config, AgentState::kRunning, announcements).empty());
}

TEST(CheckOthers, ASecondAgentWithTheSameIdIsTold) {
    const TempDir dir;
    Config config;
    config.device.id = "garden";
    config.journal.path = dir.file("journal.db");
    Announcements announcements;
    announcements.online = {"garden"};
    announcements.info["garden"] = infoOf("garden", "2026-11-20T09:30:00Z", "room/temp");

    const Findings away = checkOthers(config, AgentState::kStopped, announcements);
    ASSERT_EQ(away.size(), 1U);
    EXPECT_TRUE(away[0].severity == Severity::kWarning && has(away[0].text, "online")) << away[0].text;
    EXPECT_TRUE(checkOthers(config, AgentState::kRunning, announcements).empty()) << "it may be this one";
    EXPECT_TRUE(checkOthers(config, AgentState::kUnknown, announcements).empty());

    announcements.info["garden"] = infoOf("garden", "2026-11-20T09:30:00Z", "room/temp", "another model");
    const Findings other = checkOthers(config, AgentState::kRunning, announcements);
    ASSERT_EQ(other.size(), 1U);
    EXPECT_TRUE(other[0].severity == Severity::kError && has(other[0].text, "another model")) << other[0].text;
}

TEST(CheckOthers, TheLockSaysWhetherTheAgentRuns) {
    FakeMachine fake;
    Config config;
    config.journal.path = "/var/lib/journal.db";
    EXPECT_TRUE(stateOfAgent(config, fake.machine()) == AgentState::kStopped);
    fake.write("/var/lib/journal.db.lock", "closed\n");
    EXPECT_TRUE(stateOfAgent(config, fake.machine()) == AgentState::kStopped);
    fake.write("/var/lib/journal.db.lock", "812\n");
    EXPECT_TRUE(stateOfAgent(config, fake.machine()) == AgentState::kStopped) << "its process has ended";
    fake.write("/proc/812/comm", "pi-edge-agent\n");
    EXPECT_TRUE(stateOfAgent(config, fake.machine()) == AgentState::kRunning);
    fake.write("/proc/812/comm", "bash\n");
    EXPECT_TRUE(stateOfAgent(config, fake.machine()) == AgentState::kStopped) << "the number was given to another";
}

/// systemctl, as the test has it, first in $PATH.
class CheckServiceTest : public ::testing::Test {
  protected:
    void SetUp() override {
        fake.write("/run/systemd/system/x", "");
        before = std::getenv("PATH");
        ::setenv("PATH", (fake.machine().path("/bin:") + before).c_str(), 1);
    }
    void TearDown() override { ::setenv("PATH", before.c_str(), 1); }
    void answer(const std::string& text) {
        fake.write("/bin/systemctl", "#!/bin/sh\necho '" + text + "'\n");
        ::chmod(fake.machine().path("/bin/systemctl").c_str(), 0755);
    }

    FakeMachine fake;
    std::string before;
};

TEST_F(CheckServiceTest, TellsEachState) {
    Config config;
    answer("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=0\nUnitFileState=enabled");
    EXPECT_TRUE(checkService(config, fake.machine())[0].severity == Severity::kFine);

    answer("LoadState=loaded\nActiveState=active\nSubState=running\nNRestarts=4\nUnitFileState=disabled");
    const Findings shaky = checkService(config, fake.machine());
    ASSERT_EQ(shaky.size(), 3U);
    EXPECT_TRUE(has(shaky[1].text, "does not start at boot"));
    EXPECT_TRUE(has(shaky[2].text, "4 times"));

    answer("LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nUnitFileState=enabled");
    const Findings broken = checkService(config, fake.machine());
    EXPECT_TRUE(broken[0].severity == Severity::kError && has(broken[0].text, "exit-code"));

    answer("LoadState=not-found\nActiveState=inactive");
    EXPECT_TRUE(has(checkService(config, fake.machine())[0].text, "not installed"));
}

TEST_F(CheckServiceTest, TheCamerasServiceMayRest) {
    Config config;
    config.camera.socket = "/run/pi-edge-camera/socket";
    answer("LoadState=loaded\nActiveState=inactive\nSubState=dead\nNRestarts=0\nUnitFileState=enabled");
    const Findings findings = checkService(config, fake.machine());
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_TRUE(findings[0].severity == Severity::kWarning) << "the agent may not";
    EXPECT_TRUE(findings[2].severity == Severity::kFine);
}

TEST_F(CheckServiceTest, AFailingSystemctlIsOnlyANote) {
    fake.write("/bin/systemctl", "#!/bin/sh\necho LoadState=loaded\nexit 1\n");
    ::chmod(fake.machine().path("/bin/systemctl").c_str(), 0755);
    const Findings findings = checkService(Config{}, fake.machine());
    EXPECT_TRUE(findings[0].severity == Severity::kNote);
}

TEST(CheckService, SaysNothingWithoutSystemd) {
    EXPECT_TRUE(checkService(Config{}, FakeMachine().machine()).empty());
}

}  // namespace
}  // namespace edge
