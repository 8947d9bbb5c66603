// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"
#include "reading.hpp"

namespace edge {
namespace {

std::string loadError(const std::string& path) {
    try {
        (void)loadConfig(path, testIdentity());
        return "";
    } catch (const ConfigError& error) {
        return error.what();
    }
}

TEST(LoadConfig, GivesAnEmptyFileTheDefaults) {
    const Config config = configOf("");

    EXPECT_EQ(config.file, "agent.toml");
    EXPECT_EQ(config.device.id, "pi-0a1b2c");
    EXPECT_EQ(config.device.name, "pi-0a1b2c");
    EXPECT_EQ(config.mqtt.servers, std::vector<ServerAddress>{ServerAddress{}});
    EXPECT_EQ(config.topics.command, "command");
    EXPECT_EQ(config.topics.base, "edge/pi-0a1b2c");
    EXPECT_EQ(config.telemetry.interval, seconds{2});
    EXPECT_EQ(config.image.topic, "jpeg");
    EXPECT_EQ(config.camera.keepWarm, seconds{30});
    EXPECT_EQ(config.journal.maxSizeBytes, 16 * 1024 * 1024);
    EXPECT_TRUE(config.sensors.empty());
    EXPECT_TRUE(config.gpio.outputs.empty());
    EXPECT_TRUE(config.gpio.inputs.empty());
}

TEST(LoadConfig, GivesBlocksTheDefaultsOfTheReference) {
    const Config config = configOf("[[sensor]]\n[[gpio.output]]\n[[gpio.input]]\n");

    const SensorConfig& sensor = config.sensors.at(0);
    EXPECT_EQ(sensor.name, "room");
    EXPECT_EQ(sensor.type, SensorType::kW1);
    EXPECT_EQ(sensor.topic, "");
    EXPECT_EQ(sensor.interval, milliseconds{0});
    EXPECT_EQ(sensor.quantity, Quantity::kTemperature);
    EXPECT_EQ(sensor.min, std::nullopt);
    EXPECT_EQ(sensor.max, std::nullopt);
    const GpioOutputConfig& output = config.gpio.outputs.at(0);
    EXPECT_EQ(output.name, "led");
    EXPECT_EQ(output.line.offset, 17);
    EXPECT_EQ(output.role, OutputRole::kStatus);
    const GpioInputConfig& input = config.gpio.inputs.at(0);
    EXPECT_EQ(input.line.offset, 27);
    EXPECT_EQ(input.bias, GpioBias::kPullUp);
    EXPECT_TRUE(input.activeLow);
    EXPECT_EQ(input.debounce, milliseconds{20});
    EXPECT_EQ(input.action, "capture");
}

TEST(LoadConfig, TakesOverWhatTheFileSays) {
    const Config config = configOf(R"([device]
id = "shed-1"
name = "Gartenhäuschen"
[mqtt]
servers = ["mqtts://a", "wss://b/mqtt"]
protocol = "3.1.1"
keep_alive = "1m"
qos = 2
[mqtt.tls]
ca_file = "/ca.pem"
[[sensor]]
name = "roof"
type = "file"
device = "/sys/value"
interval = "1h"
format = "json"
scale = 1
min = 0
[camera]
keep_warm = "always"
rotation = 270
flip = "vertical"
[[gpio.output]]
line = "GPIO5"
role = ""
[journal]
max_size = "1GiB"
[log]
level = "debug"
)");

    EXPECT_EQ(config.device.id, "shed-1");
    EXPECT_EQ(config.device.name, "Gartenhäuschen");
    ASSERT_EQ(config.mqtt.servers.size(), 2U);
    EXPECT_EQ(config.mqtt.servers[1], (ServerAddress{Scheme::kWss, "b", 443, "/mqtt"}));
    EXPECT_EQ(config.mqtt.protocol, Protocol::kV311);
    EXPECT_EQ(config.mqtt.keepAlive, seconds{60});
    EXPECT_EQ(config.mqtt.qos, 2);
    EXPECT_EQ(config.mqtt.tls.caFile, "/ca.pem");
    EXPECT_EQ(config.sensors.at(0).device, "/sys/value");
    EXPECT_EQ(config.sensors.at(0).interval, std::chrono::hours{1});
    EXPECT_EQ(config.sensors.at(0).format, ReadingFormat::kJson);
    EXPECT_EQ(config.sensors.at(0).min, 0.0);
    EXPECT_EQ(config.camera.keepWarm, milliseconds::max());
    EXPECT_EQ(config.camera.rotation, 270);
    EXPECT_EQ(config.camera.flip, Flip::kVertical);
    EXPECT_EQ(config.gpio.outputs.at(0).line.name, "GPIO5");
    EXPECT_EQ(config.gpio.outputs.at(0).line.offset, -1);
    EXPECT_EQ(config.gpio.outputs.at(0).role, OutputRole::kFree);
    EXPECT_EQ(config.journal.maxSizeBytes, 1LL << 30);
    EXPECT_EQ(config.log.level, log::Level::kDebug);
    EXPECT_EQ(config.locations.at("sensor[0].device").line, 14);
}

TEST(LoadConfig, PutsTheIdIntoEveryTopic) {
    const Config config = configOf(R"([device]
id = "p7"
[topics]
command = "site/{id}/command"
base = "site/{id}"
[[sensor]]
topic = "{id}/temp/{id}"
[image]
topic = "site/{id}/jpeg"
)");

    EXPECT_EQ(config.topics.command, "site/p7/command");
    EXPECT_EQ(config.topics.base, "site/p7");
    EXPECT_EQ(config.sensors.at(0).topic, "p7/temp/p7");
    EXPECT_EQ(config.image.topic, "site/p7/jpeg");
    EXPECT_FALSE(config.image.isTopicShared);
    EXPECT_TRUE(configOf("").image.isTopicShared);
    EXPECT_TRUE(configOf("[device]\nid = \"peg\"\n").image.isTopicShared);
    EXPECT_FALSE(configOf("[device]\nid = \"peg\"\n[image]\ntopic = \"a/peg\"\n").image.isTopicShared);
    const std::string below =
        "[topics]\nbase = \"pond\"\n[image]\ntopic = \"pond/jpeg\"\n[home_assistant]\nenabled = true\n";
    EXPECT_FALSE(configOf(below).image.isTopicShared) << "topics.base is this device's";
}

TEST(LoadConfig, ReportsAllErrorsInTheOrderOfTheirLines) {
    const std::string told =
        errorsOf("[log]\nlevel = 1\n[mqtt]\nqos = 3\nretain = true\n[[sensor]]\nscale = 0\n[colour]\nred = 1\n");

    EXPECT_EQ(
        told,
        "agent.toml:2: log.level: 1 is not a text in quotes; allowed: \"debug\", \"info\", \"warning\" or \"error\"\n"
        "agent.toml:4: mqtt.qos: 3 is not allowed; allowed: a whole number from 0 to 2\n"
        "agent.toml:5: mqtt.retain: unknown key; allowed: servers, protocol, username, password_file, keep_alive, "
        "reconnect_min, reconnect_max, session_expiry, qos or tls\n"
        "agent.toml:7: sensor.scale: 0 is not allowed; allowed: a number from -1000000 to 1000000, not 0\n"
        "agent.toml:8: colour: unknown table; allowed: device, mqtt, topics, telemetry, sensor, camera, image, gpio, "
        "schedule, journal, archive, home_assistant or log");
}

TEST(LoadConfig, ShowsARealNumberWhereAWholeOneIsWanted) {
    EXPECT_EQ(errorsOf("[mqtt]\nqos = 1.0\n"),
              "agent.toml:2: mqtt.qos: 1.0 is not allowed; allowed: a whole number from 0 to 2");
}

TEST(LoadConfig, SaysWhereAMisplacedKeyBelongs) {
    EXPECT_EQ(errorsOf("qos = 1\n"), "agent.toml:1: qos: unknown key, it belongs to [mqtt]");
    EXPECT_EQ(errorsOf("[camera]\nquality = 1\n"), "agent.toml:2: camera.quality: unknown key, it belongs to [image]");
    EXPECT_EQ(errorsOf("[sensors]\n"), "agent.toml:1: sensors: unknown table, did you mean sensor?");
    EXPECT_EQ(errorsOf("[mqtt.tsl]\n"), "agent.toml:1: mqtt.tsl: unknown table, did you mean tls?");
    EXPECT_EQ(errorsOf("[gpio]\nchip = \"\"\n"),
              "agent.toml:2: gpio.chip: unknown key, it belongs to [gpio.output] or [gpio.input]");
}

TEST(LoadConfig, RequiresTables) {
    EXPECT_EQ(errorsOf("[sensor]\nname = \"a\"\n"),
              "agent.toml:1: sensor: a table is not a list of tables; allowed: [[sensor]]");
    EXPECT_EQ(errorsOf("sensor = [1]\n"), "agent.toml:1: sensor: 1 is not a table; allowed: [[sensor]]");
    EXPECT_EQ(errorsOf("[[mqtt]]\nqos = 1\n"), "agent.toml:1: mqtt: a list is not a table; allowed: [mqtt], once");
    EXPECT_EQ(errorsOf("gpio = 3\n"), "agent.toml:1: gpio: 3 is not a table; allowed: [gpio]");
    EXPECT_EQ(errorsOf("[gpio]\noutput = 1\n"),
              "agent.toml:2: gpio.output: 1 is not a list of tables; allowed: [[gpio.output]]");
    EXPECT_EQ(errorsOf("log = \"debug\"\n"), "agent.toml:1: log: \"debug\" is not a table; allowed: [log], once");
}

TEST(LoadConfig, AllowsAtMostSixtyFourSensors) {
    std::string text;
    for (int i = 0; i < 65; ++i) text += "[[sensor]]\nname = \"s" + std::to_string(i) + "\"\n";

    EXPECT_EQ(errorsOf(text), "agent.toml:129: sensor: too many; allowed: 64");
}

TEST(LoadConfig, ReportsInvalidToml) {
    EXPECT_TRUE(contains(errorsOf("[mqtt]\n\nqos 1\n"), "agent.toml:3: not valid TOML ("));
    EXPECT_TRUE(contains(errorsOf("[mqtt]\nusername = me\n"), "agent.toml:2: mqtt.username: not valid TOML ("));
    EXPECT_TRUE(
        contains(errorsOf("[mqtt]\nusername = \"me\nqos = 1\n"), "agent.toml:2: mqtt.username: not valid TOML ("));
    EXPECT_TRUE(contains(errorsOf("[mqtt\nqos = 1\n"), "agent.toml:1: mqtt: not valid TOML ("));
    EXPECT_TRUE(contains(errorsOf("[mqtt]\n[log]\n[mqtt]\n"), "agent.toml:3: mqtt: is a duplicate"));
    EXPECT_TRUE(contains(errorsOf("\x7f"
                                  "ELF\x02\x01"),
                         "agent.toml:1: not valid TOML ("));
}

TEST(LoadConfig, DeepNestingIsAnErrorAndNotACrash) {
    const auto repeat = [](int count, std::string_view part) {
        std::string text;
        for (int i = 0; i < count; ++i) text += part;
        return text;
    };
    for (const std::string& text :
         {"a" + repeat(300'000, ".a") + " = 1", "[a" + repeat(300'000, ".a") + "]",
          "a" + repeat(300'000, ".\"a\"") + " = 1", "a = " + repeat(300'000, "["), "a = " + repeat(100'000, "{a.a="),
          "a = " + repeat(100, "[\n{a" + repeat(299, ".a") + " = "),
          "a = " + repeat(100, "[\n{a" + repeat(299, ".a") + " = ") + "1" + repeat(100, "}]")}) {
        EXPECT_TRUE(contains(errorsOf("\n" + text + "\n"), "agent.toml:")) << text.substr(0, 20);
    }
}

TEST(LoadConfig, NamesAnEncodingThatIsNotUtf8) {
    using namespace std::string_literals;
    for (const std::string& wide :
         {"\xff\xfe[\0m\0"s, "\xfe\xff\0[\0m"s, "[\0m\0q\0"s, "\0[\0m\0q"s, "\xff\xfe\0\0[\0\0\0"s}) {
        EXPECT_TRUE(contains(errorsOf(wide), "agent.toml:1: is UTF-16 or UTF-32 text"));
    }
    EXPECT_TRUE(contains(errorsOf("[device]\nname = \"K\xfc"
                                  "che\"\n"),
                         "agent.toml:2: device.name: not UTF-8 text"));
}

TEST(LoadConfig, NamesCurlyQuotes) {
    for (const char* line : {"name = “kitchen”", "name = ‘kitchen’", "name = „kitchen“", "name = \"kitchen”"}) {
        const std::string told = errorsOf("[device]\n" + std::string(line) + "\n");
        EXPECT_TRUE(contains(told, "agent.toml:2: device.name: not valid TOML: the line has curly quotes")) << told;
    }
    EXPECT_EQ(configOf("[device]\nname = \"“kitchen”\"\n").device.name, "“kitchen”");
}

TEST(LoadConfig, KnowsWhatElseAKeyOrValueIsCalled) {
    const auto meant = [](const std::string& text, const std::string& hint) {
        const std::string told = errorsOf(text);
        EXPECT_TRUE(contains(told, ", did you mean " + hint + "?")) << told;
    };
    meant("[mqtt]\npassword = \"x\"\n", "password_file");
    meant("[mqtt]\nhost = \"x\"\n", "servers");
    meant("[[sensor]]\ntype = \"ds18b20\"\n", "\"w1\"");
    meant("[[sensor]]\ntype = \"DHT22\"\n", "\"iio\"");
    meant("[camera]\nbackend = \"usb\"\n", "\"libcamera\"");
    meant("[camera]\nbackend = \"test\"\n", "\"pattern\"");
    meant("[mqtt]\nprotocol = 5\n", "\"5\"");
    meant("[[gpio.output]]\npin = 17\n", "line");
}

TEST(LoadConfig, NamesQuotesThatDoNotBelongThere) {
    const auto meant = [](const std::string& line, const std::string& hint) {
        const std::string told = errorsOf(line + "\n");
        EXPECT_TRUE(contains(told, " is a text, did you mean " + hint + " without quotes?")) << told;
    };
    meant("camera.width = \"480\"", "480");
    meant("camera.rotation = \"90\"", "90");
    meant("camera.motion.enabled = \"yes\"", "true");
    meant("camera.motion.enabled = \"False\"", "false");
    meant("sensor = [{scale = \"0.5\"}]", "0.5");
    meant("gpio.input = [{line = \"27\"}]", "27");
    EXPECT_TRUE(contains(errorsOf("camera.motion.enabled = 1\n"), "1 is not allowed, did you mean true?"));
    EXPECT_TRUE(contains(errorsOf("camera.width = \"wide\"\n"), "\"wide\" is not allowed; allowed: "));
}

TEST(LoadConfig, CallsAListOfValuesAKey) {
    EXPECT_EQ(errorsOf("[mqtt]\nserver = [\"mqtt://a\"]\n"),
              "agent.toml:2: mqtt.server: unknown key, did you mean servers?");
    EXPECT_EQ(errorsOf("[[mqtt.server]]\nhost = \"a\"\n"),
              "agent.toml:1: mqtt.server: unknown table, did you mean servers?");
}

TEST(LoadConfig, WantsAbsolutePaths) {
    for (const char* line :
         {"journal.path = \"journal.db\"", "mqtt.tls.ca_file = \"ca.pem\"", "mqtt.password_file = \"./password\"",
          "journal.path = \"~/journal.db\"", "camera = {backend = \"replay\", device = \"pictures\"}",
          "sensor = [{type = \"file\", device = \"value\"}]", "camera.socket = \"camera.sock\""}) {
        EXPECT_TRUE(contains(errorsOf(line), "does not begin with '/'; allowed: ")) << line;
    }
}

TEST(LoadConfig, ReadsWindowsLineEndsAndAByteOrderMark) {
    EXPECT_EQ(configOf("\xef\xbb\xbf[mqtt]\r\nqos = 0\r\n").mqtt.qos, 0);
}

TEST(LoadConfig, StopsAfterAHundredErrorsAndCountsTheRest) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + " = 1\n";
    const std::string told = errorsOf(text);

    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 100);
    EXPECT_TRUE(told.ends_with("agent.toml:101: and 900 more errors from here on")) << told.substr(told.size() - 100);
}

TEST(LoadConfig, ReadsAFile) {
    const TempDir directory;
    const Config config = loadConfig(directory.write("a.toml", "[mqtt]\nqos = 0\n"), testIdentity());

    EXPECT_EQ(config.mqtt.qos, 0);
    EXPECT_EQ(config.file, directory.file("a.toml"));
    // The agent keeps the text for as long as it runs.
    EXPECT_LT(readConfig(config.file).front().text.capacity(), 8192U);
}

TEST(LoadConfig, SaysInOneLineWhyAFileCannotBeUsed) {
    const TempDir directory;
    const std::string fifo = directory.file("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const std::string wanted = "; allowed: a TOML file that this user can read";

    const std::string missing = directory.file("missing.toml");
    EXPECT_EQ(loadError(missing), missing + ": cannot be opened: No such file or directory" + wanted);
    EXPECT_EQ(loadError(directory.path().string()),
              directory.path().string() + ": is a directory, not a file" + wanted);
    EXPECT_EQ(loadError(fifo), fifo + ": is not a regular file" + wanted);
    EXPECT_EQ(loadError("/dev/zero"), "/dev/zero: is not a regular file" + wanted);
    const std::string large = directory.write("large.toml", std::string((1 << 20) + 1, '#'));
    EXPECT_EQ(loadError(large), large + ": is larger than 1024 KiB" + wanted);
    EXPECT_EQ(loadError(directory.write("fits.toml", std::string(1 << 20, '#'))), "");
}

TEST(ConfigurationWarnings, SayThatANameWhichCannotBeDrawnIsReplacedInPictures) {
    const Config korean = configOf("[device]\nname = \"온실\"\n[image]\ntimestamp = true\n");
    EXPECT_EQ(drawnName(korean.device), "pi-0a1b2c");
    ASSERT_EQ(configurationWarnings(korean).size(), 1U);
    EXPECT_TRUE(configurationWarnings(korean)[0].starts_with("agent.toml:2: device.name: "))
        << configurationWarnings(korean)[0];

    EXPECT_TRUE(configurationWarnings(configOf("[device]\nname = \"온실\"\n")).empty()) << "nothing is drawn";
    const Config ascii = configOf("[device]\nname = \"Greenhouse 2\"\n[image]\ntimestamp = true\n");
    EXPECT_EQ(drawnName(ascii.device), "Greenhouse 2");
    EXPECT_TRUE(configurationWarnings(ascii).empty());
}

}  // namespace
}  // namespace edge
