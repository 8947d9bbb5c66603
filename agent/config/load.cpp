// SPDX-License-Identifier: MIT
#include "config/load.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "config/schema/schema.hpp"
#include "config/secrets/secret_file.hpp"
#include "core/suggest.hpp"
#include "core/system/files.hpp"
#include "core/text.hpp"
#include "core/version.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

std::string join(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

bool isTableLike(const toml::node& node) {
    const auto* list = node.as_array();
    return node.is_table() || (list != nullptr && !list->empty() && list->front().is_table());
}

/// Fills a configuration from parsed files. Notes where every key is set in Config::locations.
class Reader {
  public:
    Reader(Config& config, Diagnostics& diagnostics) : config_(config), diagnostics_(diagnostics) {
        for (const Table& table : tables()) keys_[table.name] = table.bind(table.isRepeated ? unused_ : config);
    }

    /// Reads everything in `table`, whose keys are `keys`. `path` is its name with the index ("sensor[0]"), `name`
    /// without. Other keys go into `others`, if that is given and they are no typing mistakes.
    void read(const toml::table& table, const std::string& path, const std::string& name, const Keys& keys,
              std::map<std::string, std::string>* others = nullptr) {
        for (const auto& [tomlKey, node] : table) {
            const std::string_view keyName = tomlKey.str();
            const std::string keyPath = join(path, keyName);
            const std::string tableName = join(name, keyName);
            const Location location = locationOf(tomlKey);
            const auto key = std::ranges::find(keys, keyName, &Key::name);
            if (key != keys.end()) {
                readKey(*key, keyPath, location, node);
            } else if (const Table* known = findTable(tableName)) {
                known->isRepeated ? readBlocks(*known, location, node) : readTable(tableName, location, node, ", once");
            } else if (isParent(tableName)) {
                readTable(tableName, location, node, "");
            } else if (others != nullptr && !isMistyped(keyName, keys)) {
                config_.locations[keyPath] = location;
                others->emplace(keyName, jsonOf(node));
            } else {
                // The hint for each of the hundred thousand keys of a junk file would take seconds.
                constexpr std::size_t kMaxHints = 1000;
                const std::string hint = diagnostics_.count() < kMaxHints ? hintFor(name, keyName) : "";
                diagnostics_.addAt(location, keyPath,
                                   fmt::format("unknown {}{}", isTableLike(node) ? "table" : "key", hint));
            }
        }
    }

  private:
    static const Table* findTable(const std::string& name) {
        const auto found = std::ranges::find(tables(), name, &Table::name);
        return found == tables().end() ? nullptr : &*found;
    }

    /// "gpio" of "gpio.output".
    static bool isParent(const std::string& name) {
        return std::ranges::any_of(tables(), [&](const Table& table) { return table.name.starts_with(name + '.'); });
    }

    /// "betwen"
    static bool isMistyped(std::string_view name, const Keys& keys) {
        std::vector<std::string> names;
        for (const Key& key : keys) names.push_back(key.name);
        return !nearest(name, names).empty();
    }

    void readKey(const Key& key, const std::string& path, const Location& location, const toml::node& value) {
        config_.locations[path] = location;
        for (const ValueError& error : key.read(value)) {
            diagnostics_.addAt(error.location.value_or(location), error.key.empty() ? path : join(path, error.key),
                               fmt::format("{}; allowed: {}", error.text, key.allowed));
        }
    }

    void readTable(const std::string& name, const Location& location, const toml::node& node, const char* howOften) {
        config_.locations[name] = location;
        if (const auto* table = node.as_table()) return read(*table, name, name, keys_[name]);
        diagnostics_.addAt(location, name,
                           fmt::format("{} is not a table; allowed: [{}]{}", describe(node), name, howOften));
    }

    void readBlocks(const Table& table, const Location& location, const toml::node& node) {
        const auto* list = node.as_array();
        if (list == nullptr) {
            return diagnostics_.addAt(
                location, table.name,
                fmt::format("{} is not a list of tables; allowed: [[{}]]", describe(node), table.name));
        }
        std::size_t index = 0;
        for (const toml::node& element : *list) {
            const Location place = locationOf(element);
            if (!element.is_table()) {
                diagnostics_.addAt(place, table.name,
                                   fmt::format("{} is not a table; allowed: [[{}]]", describe(element), table.name));
            } else if (index == kMaxBlocks) {
                return diagnostics_.addAt(place, table.name, fmt::format("too many; allowed: {}", kMaxBlocks));
            } else {
                const std::string path = fmt::format("{}[{}]", table.name, index++);
                config_.locations[path] = place;
                const Keys keys = table.bind(config_);
                read(*element.as_table(), path, table.name, keys,
                     table.others == nullptr ? nullptr : &table.others(config_));
            }
        }
    }

    /// What the unknown key or table `name` of the table `parent` was probably meant to be.
    std::string hintFor(const std::string& parent, std::string_view name) {
        std::vector<std::string> here;
        std::vector<std::string> elsewhere;
        for (const Table& table : tables()) {
            const bool isHere = table.name == parent;
            for (const Key& key : keys_[table.name]) {
                if (isHere) here.push_back(key.name);
                if (key.name == name) elsewhere.push_back('[' + table.name + ']');
            }
            const std::string above = parent.empty() ? "" : parent + '.';
            if (isHere || !table.name.starts_with(above)) continue;
            const std::string below =
                table.name.substr(above.size(), table.name.find('.', above.size()) - above.size());
            if (std::ranges::find(here, below) == here.end()) here.push_back(below);
        }
        if (const std::string meant = nearest(name, here); !meant.empty())
            return fmt::format(", did you mean {}?", meant);
        if (!elsewhere.empty()) return fmt::format(", it belongs to {}", listed(elsewhere));
        return fmt::format("; allowed: {}", listed(here));
    }

    Config& config_;
    Diagnostics& diagnostics_;
    Config unused_;                     ///< what the keys of repeated tables in keys_ are bound to
    std::map<std::string, Keys> keys_;  ///< of each table
};

/// Whether `id` is one of the topic's levels.
bool hasLevel(std::string_view topic, std::string_view id) {
    return fmt::format("/{}/", topic).find(fmt::format("/{}/", id)) != std::string::npos;
}

/// A configuration with the defaults of `path`, for the keys that no file sets.
Config defaultsOf(const std::string& path, const Identity& identity) {
    Config config;
    config.file = path;
    config.device.id = identity.deviceId;
    if (const auto instance = instanceOf(path)) {
        const std::string folder = instance->empty() ? "" : *instance + '/';
        config.camera.socket = fmt::format("/run/pi-edge-agent/{}camera.sock", folder);  // of pi-edge-camera.socket
        config.journal.path = fmt::format("/var/lib/pi-edge-agent/{}journal.db", folder);
        if (!instance->empty()) config.device.id += '-' + *instance;
    }
    return config;
}

/// What depends on other keys. `deviceId` is the one by default.
void complete(Config& config, const std::string& deviceId) {
    if (config.device.id.empty()) config.device.id = deviceId;
    if (config.device.name.empty()) config.device.name = config.device.id;
    const auto expand = [&](std::string& text) { text = expandId(text, config.device.id); };
    expand(config.mqtt.username);
    expand(config.topics.command);
    expand(config.topics.base);
    expand(config.homeAssistant.prefix);
    const bool hasId = config.image.topic.find("{id}") != std::string::npos;
    expand(config.image.topic);
    // What is below topics.base is this device's, whatever its name.
    const bool isBelowBase = !config.topics.base.empty() && config.image.topic.starts_with(config.topics.base + '/');
    config.image.isTopicShared = !hasId && !isBelowBase && !hasLevel(config.image.topic, config.device.id);
    for (SensorConfig& sensor : config.sensors) expand(sensor.topic);
    for (ScheduleConfig& schedule : config.schedules) {
        if (!schedule.rule.at.empty()) schedule.rule.every = milliseconds{0};  // one with `at` has no interval
    }
}

/// Fills `root`, which is empty, with all that `sources` and `settings` set. `sources` is not empty.
Config parseSources(const ConfigSources& sources, const Identity& identity, const Settings* settings,
                    toml::table& root) {
    Config config = defaultsOf(sources.front().name, identity);
    const std::string deviceId = config.device.id;
    Diagnostics diagnostics(config);
    for (const ConfigSource& source : sources) {
        config.files.push_back(source.name);
        mergeToml(root, parseToml(source.text, source.name, diagnostics));
    }
    diagnostics.throwIfAny();

    const Settings configured = settingValues(root);
    if (settings != nullptr) applySettings(root, *settings, diagnostics);
    config.settings = settingValues(root);
    Reader(config, diagnostics).read(root, "", "", {});
    complete(config, deviceId);
    validate(config, diagnostics);
    diagnostics.throwIfAny();
    if (settings != nullptr) {
        std::map<std::string, std::string>& overrides = config.overrides.emplace();
        std::set_difference(configured.begin(), configured.end(), config.settings.begin(), config.settings.end(),
                            std::inserter(overrides, overrides.end()));
        // A value may have become longer: a list of 1 has 1.0 now.
        if (const std::string why = tooLarge(changedSettings(config)); !why.empty()) throw ConfigError(why);
    }
    return config;
}

}  // namespace

ConfigSources readConfig(const std::string& path) {
    const auto files = configurationFiles(path);
    if (!files) throw ConfigError(files.error().message + "; allowed: a directory that this user can read");
    ConfigSources sources;
    std::string errors;
    for (const std::string& file : *files) {
        auto read = readRegularFile(file, kMaxFileBytes);
        if (!read) {
            errors += fmt::format("{}{}: {}; allowed: a TOML file that this user can read", errors.empty() ? "" : "\n",
                                  file, read.error().message);
        } else {
            sources.push_back({file, std::move(read->content)});
        }
    }
    if (!errors.empty()) throw ConfigError(errors);
    return sources;
}

std::optional<std::string> instanceOf(const std::string& path) {
    std::error_code error;
    const fs::path file = fs::absolute(path, error).lexically_normal();
    const fs::path installed = kConfigFile;
    if (file == installed) return "";
    const std::string name = file.parent_path().filename().string();
    const bool isBeside =
        file.filename() == installed.filename() && file.parent_path().parent_path() == installed.parent_path();
    return isBeside ? std::optional(name) : std::nullopt;
}

Result<std::vector<std::string>> configurationFiles(const std::string& path, const std::string& bootFile) {
    std::vector<std::string> files;
    std::error_code error;
    const fs::path directory = fs::path(path).parent_path() / "agent.d";
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.ends_with(".toml") && !name.starts_with('.')) files.push_back(entry->path().string());
    }
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory)
        return failSystem(directory.string() + ": cannot be listed", error.value());
    std::ranges::sort(files);
    files.insert(files.begin(), path);
    if (instanceOf(path) == "" && fs::exists(bootFile, error)) files.push_back(bootFile);
    return files;
}

Config parseConfig(const ConfigSources& sources, const Identity& identity) {
    toml::table root;
    return parseSources(sources, identity, nullptr, root);
}

Config parseConfig(const ConfigSources& sources, const Identity& identity, const Settings& settings) {
    toml::table root;
    return parseSources(sources, identity, &settings, root);
}

Config parseValid(const ConfigSources& sources, const Identity& identity, const Settings& settings,
                  std::vector<std::string>& dropped) {
    try {
        return parseConfig(sources, identity, settings);
    } catch (const ConfigError&) {
        Settings valid;
        for (const auto& [key, value] : settings) {
            Settings more = valid;
            more[key] = value;
            try {
                (void)parseConfig(sources, identity, more);
                valid = std::move(more);
            } catch (const ConfigError& error) {
                dropped.emplace_back(error.what());
            }
        }
        return parseConfig(sources, identity, valid);
    }
}

Config loadConfig(const std::string& path, const Identity& identity) {
    return parseConfig(readConfig(path), identity);
}

std::string showConfig(const std::string& path, const Identity& identity, const Settings& settings) {
    toml::table root;
    const Config config = parseSources(readConfig(path), identity, &settings, root);
    return fmt::format("# {}\n{}", filesOf(config), showTables(root, defaultsOf(path, identity)));
}

std::vector<PictureArea> masksAsSeen(const CameraConfig& camera) {
    const Transform transform = toTransform(camera.rotation, camera.flip);
    std::vector<PictureArea> masks;
    for (const PictureArea& mask : camera.masks) masks.push_back(transformed(mask, transform));
    return masks;
}

std::string drawnName(const DeviceConfig& device) {
    const auto isAscii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    return std::ranges::all_of(device.name, isAscii) ? device.name : device.id;
}

std::string filesOf(const Config& config) {
    return fmt::format("{}", fmt::join(config.files, " + "));
}

std::vector<std::string> configurationWarnings(const Config& config, const std::string& bootFile) {
    std::vector<std::string> warnings;
    // Windows hides the ending that its editor adds.
    std::error_code error;
    if (const std::string misnamed = bootFile + ".txt"; instanceOf(config.file) == "" && fs::exists(misnamed, error))
        warnings.push_back(fmt::format("{} is not read; rename it to {}", misnamed, bootFile));
    if (!config.image.timestamp || drawnName(config.device) == config.device.name) return warnings;
    warnings.push_back(
        fmt::format("{}: device.name: image.timestamp draws device.id (\"{}\") instead: only ASCII characters can "
                    "be drawn; use an ASCII name to have the name in pictures",
                    toString(locationOf(config, "device.name")), config.device.id));
    return warnings;
}

}  // namespace edge
