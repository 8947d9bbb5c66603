// SPDX-License-Identifier: MIT
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/version.hpp"
#include "fakes/temp_dir.hpp"
#include "reading.hpp"

namespace edge {
namespace {

/// A directory with agent.toml and its pieces.
class Pieces : public ::testing::Test {
  protected:
    Pieces() { std::filesystem::create_directory(directory_.file("agent.d")); }

    std::string write(const std::string& name, const std::string& text) { return directory_.write(name, text); }
    [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }
    [[nodiscard]] Config load() const { return loadConfig(file("agent.toml"), testIdentity()); }

    [[nodiscard]] std::string error() const {
        try {
            (void)load();
            return "";
        } catch (const ConfigError& error) {
            return error.what();
        }
    }

  private:
    TempDir directory_;
};

TEST_F(Pieces, AreReadAfterTheMainFileInTheOrderOfTheirNames) {
    const std::string main = write("agent.toml", "[mqtt]\nqos = 0\nkeep_alive = \"5s\"\nusername = \"a\"\n");
    const std::string second = write("agent.d/20.toml", "[mqtt]\nqos = 2\n");
    const std::string first =
        write("agent.d/10.toml", "[mqtt]\nqos = 1\nkeep_alive = \"6s\"\n[log]\nlevel = \"debug\"\n");
    write("agent.d/30.toml.disabled", "[mqtt]\nqos = 0\n");
    write("agent.d/.40.toml", "[mqtt]\nqos = 0\n");

    const Config config = load();

    EXPECT_EQ(config.file, main);
    EXPECT_EQ(config.files, (std::vector<std::string>{main, first, second}));
    EXPECT_EQ(config.mqtt.qos, 2);
    EXPECT_EQ(config.mqtt.keepAlive, seconds{6});
    EXPECT_EQ(config.mqtt.username, "a");
    EXPECT_EQ(config.log.level, log::Level::kDebug);
    EXPECT_EQ(config.locations.at("mqtt.qos"), (Location{second, 2}));
    EXPECT_EQ(config.locations.at("mqtt.username"), (Location{main, 4}));
}

TEST_F(Pieces, MergeBlocksOfOneNameAndAppendOthers) {
    const std::string main = write("agent.toml", "[[sensor]]\nname = \"room\"\ntopic = \"room/temp\"\n");
    const std::string piece = write("agent.d/a.toml",
                                    "[[sensor]]\nname = \"tank\"\ntype = \"simulated\"\n\n"
                                    "[[sensor]]\nname = \"room\"\ntype = \"thermal\"\n\n"
                                    "[[gpio.output]]\nname = \"pump\"\nline = 5\n");
    write("agent.d/b.toml", "[[gpio.output]]\nname = \"pump\"\nrole = \"\"\n");

    const Config config = load();

    ASSERT_EQ(config.sensors.size(), 2U);
    EXPECT_EQ(config.sensors[0].name, "room");
    EXPECT_EQ(config.sensors[0].type, SensorType::kThermal);
    EXPECT_EQ(config.sensors[0].topic, "room/temp");
    EXPECT_EQ(config.sensors[1].name, "tank");
    ASSERT_EQ(config.gpio.outputs.size(), 1U);
    EXPECT_EQ(config.gpio.outputs[0].line.offset, 5);
    EXPECT_EQ(config.gpio.outputs[0].role, OutputRole::kFree);
    EXPECT_EQ(config.locations.at("sensor[0].type"), (Location{piece, 7}));
    EXPECT_EQ(config.locations.at("sensor[0].topic"), (Location{main, 3}));
}

TEST_F(Pieces, ReplaceListsOfValuesAndAddControls) {
    write("agent.toml",
          "[mqtt]\nservers = [\"mqtt://a\", \"mqtt://b\"]\n[camera.controls]\nExposureTime = 1\nGain = 2\n"
          "[[sensor]]\n");
    write("agent.d/a.toml", "sensor = []\n[mqtt]\nservers = [\"mqtt://c\"]\n[camera.controls]\nGain = 3\n");

    const Config config = load();

    ASSERT_EQ(config.mqtt.servers.size(), 1U);
    EXPECT_EQ(config.mqtt.servers[0].host, "c");
    EXPECT_EQ(std::get<std::int64_t>(config.camera.controls.at("ExposureTime")), 1);
    EXPECT_EQ(std::get<std::int64_t>(config.camera.controls.at("Gain")), 3);
    EXPECT_TRUE(config.sensors.empty());
}

TEST_F(Pieces, ReportTheErrorsOfAllFilesWithFileAndLine) {
    const std::string main = write("agent.toml", "\n\n[mqtt]\nqos = 7\n[[sensor]]\nname = \"room\"\n");
    const std::string a = write("agent.d/a.toml", "[mqt]\n[camera.controls]\n\"bad name\" = 1\n");
    const std::string b = write("agent.d/b.toml", "[mqtt]\nkeep_alive = 3\nservers = [\n  \"mqtt://\"\n]\n");

    const std::string told = error();

    const auto at = [&told](const std::string& place) { return told.find(place); };
    ASSERT_NE(at(b + ":4: mqtt.servers: "), std::string::npos) << told;
    EXPECT_LT(at(main + ":4: mqtt.qos: "), at(a + ":1: mqt: "));
    EXPECT_LT(at(a + ":1: mqt: "), at(a + ":3: camera.controls.bad name: "));
    EXPECT_LT(at(a + ":3: camera.controls.bad name: "), at(b + ":2: mqtt.keep_alive: "));
    EXPECT_LT(at(b + ":2: mqtt.keep_alive: "), at(b + ":4: mqtt.servers: "));
}

TEST_F(Pieces, ReportTheSyntaxErrorsOfAllFiles) {
    const std::string main = write("agent.toml", "[mqtt]\nqos = \n");
    const std::string piece =
        write("agent.d/a.toml", "\xef\xbb\xbf[mqtt]\r\nusername = \xe2\x80\x9cpi\xe2\x80\x9d\r\n");

    const std::string told = error();

    EXPECT_TRUE(contains(told, main + ":2: mqtt.qos: ")) << told;
    EXPECT_TRUE(contains(told, piece + ":2: mqtt.username: not valid TOML: the line has curly quotes")) << told;
}

TEST_F(Pieces, NameTheOtherFileOfADuplicate) {
    const std::string main = write("agent.toml", "[[gpio.output]]\nname = \"a\"\nline = 5\n");
    const std::string piece = write("agent.d/a.toml", "[[gpio.output]]\nname = \"b\"\nline = 5\n");

    EXPECT_EQ(error(), piece + ":3: gpio.output.line: \"GPIO5\" is already used in " + main +
                           ":3; allowed: each GPIO line once");
}

TEST_F(Pieces, MayNotRepeatANameWithinOneFile) {
    write("agent.toml", "");
    const std::string piece = write("agent.d/a.toml", "[[sensor]]\nname = \"a\"\n[[sensor]]\nname = \"a\"\n");

    EXPECT_EQ(error(), piece + ":4: sensor.name: \"a\" is already used in line 2; allowed: each name once");
}

TEST_F(Pieces, NameAPieceThatCannotBeRead) {
    write("agent.toml", "");
    std::filesystem::create_directory(file("agent.d/a.toml"));

    EXPECT_EQ(error(),
              file("agent.d/a.toml") + ": is a directory, not a file; allowed: a TOML file that this user can read");
}

TEST_F(Pieces, MayComeFromNotepadOnWindows) {
    write("agent.toml", "[mqtt]\nqos = 0\n");
    const std::string piece =
        write("agent.d/a.toml", "\xef\xbb\xbf[device]\r\nid = \"shed-1\"\r\n\r\n[mqtt]\r\nqos = 9\r\n");

    EXPECT_TRUE(error().starts_with(piece + ":5: mqtt.qos: 9 is not allowed")) << error();
}

TEST(ConfigurationFiles, EndWithTheOneOfTheBootPartitionForTheInstalledConfigurationOnly) {
    const TempDir directory;
    const std::string boot = directory.write("pi-edge-agent.toml", "");
    const std::string own = directory.write("agent.toml", "");
    const std::string missing = directory.file("missing.toml");

    EXPECT_EQ(configurationFiles(kConfigFile, boot)->back(), boot);
    EXPECT_EQ(configurationFiles(std::string("/etc/../") + kConfigFile, boot)->back(), boot);
    EXPECT_NE(configurationFiles(kConfigFile, missing)->back(), missing);
    EXPECT_EQ(*configurationFiles(own, boot), std::vector<std::string>{own});
}

TEST(InstanceOf, IsTheFolderOfAServicesConfiguration) {
    const std::filesystem::path folder = std::filesystem::path(kConfigFile).parent_path();
    EXPECT_EQ(instanceOf(kConfigFile), "");
    EXPECT_EQ(instanceOf(folder / "front" / "agent.toml"), "front");
    EXPECT_EQ(instanceOf(folder / "front" / "other.toml"), std::nullopt);
    EXPECT_EQ(instanceOf("/tmp/agent.toml"), std::nullopt);
}

TEST(LoadConfig, GivesEachServiceASocketAJournalAndAnIdOfItsOwn) {
    const std::string front = std::filesystem::path(kConfigFile).parent_path() / "front" / "agent.toml";

    const Config service = parseConfig({{kConfigFile, ""}}, testIdentity());
    EXPECT_EQ(service.camera.socket, "/run/pi-edge-agent/camera.sock");
    EXPECT_EQ(service.journal.path, "/var/lib/pi-edge-agent/journal.db");
    EXPECT_EQ(service.device.id, "pi-0a1b2c");

    const Config second = parseConfig({{front, ""}}, testIdentity());
    EXPECT_EQ(second.camera.socket, "/run/pi-edge-agent/front/camera.sock");
    EXPECT_EQ(second.journal.path, "/var/lib/pi-edge-agent/front/journal.db");
    EXPECT_EQ(second.device.id, "pi-0a1b2c-front");
    EXPECT_EQ(second.topics.base, "edge/pi-0a1b2c-front");

    EXPECT_EQ(parseConfig({{kConfigFile, "[camera]\nsocket = \"\"\n"}}, testIdentity()).camera.socket, "");
    EXPECT_EQ(parseConfig({{front, "[device]\nid = \"\"\n"}}, testIdentity()).device.id, "pi-0a1b2c-front");
    EXPECT_EQ(configOf("").camera.socket, "") << "not the configuration of a service";
}

TEST(LoadConfig, RefusesAServiceWhoseNameCannotBePartOfAnId) {
    const std::string file = std::filesystem::path(kConfigFile).parent_path() / "front.1" / "agent.toml";
    try {
        parseConfig({{file, ""}}, testIdentity());
        FAIL() << "it would have the first one's id";
    } catch (const ConfigError& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with(file + ":1: device.id: ")) << error.what();
    }
}

TEST(LoadConfig, RefusesAServiceWhoseFolderIsThatOfTheFirstOnesPictures) {
    const std::string file = std::filesystem::path(kConfigFile).parent_path() / kPictureFolder / "agent.toml";
    try {
        parseConfig({{file, ""}}, testIdentity());
        FAIL();
    } catch (const ConfigError& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with(file + ":1: journal.path: ")) << error.what();
    }
    EXPECT_NO_THROW(parseConfig({{file, "[journal]\npath = \"/srv/pictures/journal.db\"\n"}}, testIdentity()));
}

TEST(LoadConfig, PutsTheIdIntoTheUserName) {
    EXPECT_EQ(configOf("[mqtt]\nusername = \"{id}\"\n").mqtt.username, "pi-0a1b2c");
    EXPECT_TRUE(contains(errorsOf("[mqtt]\nusername = \"{ID}\"\n"), "agent.toml:2: mqtt.username: "));
}

TEST_F(Pieces, AreShownWithTheirPlaces) {
    const std::string main = write("agent.toml", "[mqtt]\npassword_file = \"word\"\n[[sensor]]\nname = \"a\"\n");
    const std::string piece = write("agent.d/a.toml", "[camera.controls]\nGain = 3\n[image]\ntopic = \"a/{id}\"\n");

    const std::string shown = showConfig(main, testIdentity());

    const auto hasLine = [&shown](const std::string& setting, const std::string& place) {
        const auto at = shown.find('\n' + setting + ' ');
        const auto line = at == std::string::npos ? "" : shown.substr(at + 1, shown.find('\n', at + 1) - at - 1);
        return line.ends_with("# " + place);
    };
    EXPECT_TRUE(hasLine("id = \"pi-0a1b2c\"", "default")) << shown;
    EXPECT_TRUE(hasLine("password_file = \"***\"", main + ":2")) << shown;
    EXPECT_TRUE(hasLine("name = \"a\"", main + ":4")) << shown;
    EXPECT_TRUE(hasLine("type = \"w1\"", "default")) << shown;
    EXPECT_TRUE(hasLine("topic = \"a/{id}\"", piece + ":4")) << shown;
    EXPECT_TRUE(contains(shown, "\n[camera.controls]\n")) << shown;
    EXPECT_FALSE(contains(shown, "\"word\"")) << shown;
}

TEST_F(Pieces, AreShownWithTheLimitsOfTheQuantity) {
    const std::string main = write("agent.toml",
                                   "[[sensor]]\ntype = \"iio\"\nquantity = \"pressure\"\n[[sensor]]\nname = \"b\"\n"
                                   "type = \"file\"\ndevice = \"/b\"\nquantity = \"number\"\nmax = 5\n");
    const std::string shown = showConfig(main, testIdentity());

    EXPECT_TRUE(contains(shown, "\nmin = 300.0 ")) << shown;
    EXPECT_TRUE(contains(shown, "\nmax = 1100.0 ")) << shown;
    EXPECT_TRUE(contains(shown, "\nmax = 5 ")) << shown;
    EXPECT_FALSE(contains(shown, "= -inf")) << shown;
}

TEST(ConfigurationWarnings, NameABootFileWithTheEndingThatWindowsHides) {
    const TempDir directory;
    Config config;
    config.file = kConfigFile;
    const std::string boot = directory.file("pi-edge-agent.toml");
    EXPECT_TRUE(configurationWarnings(config, boot).empty());

    directory.write("pi-edge-agent.toml.txt", "");
    ASSERT_EQ(configurationWarnings(config, boot).size(), 1U);
    EXPECT_TRUE(contains(configurationWarnings(config, boot)[0], "rename it to " + boot));

    config.file = directory.file("agent.toml");
    EXPECT_TRUE(configurationWarnings(config, boot).empty()) << "it is not a piece of this one";
}

}  // namespace
}  // namespace edge
