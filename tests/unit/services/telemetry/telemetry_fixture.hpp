// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fakes/fake_publisher.hpp"
#include "fakes/fake_sensor.hpp"
#include "fakes/faulty_vfs.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "journal/journal.hpp"
#include "services/telemetry/telemetry.hpp"

namespace edge {

/// Telemetry over fakes, a real journal file, and strands that the test runs itself.
class TelemetryFixture : public ::testing::Test {
  protected:
    struct Part {
        SensorConfig config;
        std::shared_ptr<FakeSensor> sensor = std::make_shared<FakeSensor>();
        std::shared_ptr<ManualLoop> strand;  ///< empty: the loop itself, so that a read is done at once
    };

    TelemetryFixture() {
        config.topics.base = "edge/pi";
        config.telemetry.interval = seconds{2};
        config.journal.path = dir.file("journal.db");
        addSensor("room", "room/temp");
    }

    Part& addSensor(const std::string& name, const std::string& topic = "") {
        Part part;
        part.config.name = name;
        part.config.topic = topic;
        parts.push_back(std::move(part));
        return parts.back();
    }

    /// A start of the agent; the one before ended without a goodbye.
    void boot() {
        telemetry.reset();
        journal.reset();
        loop->runPending();
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        std::optional<JournalSnapshot> snapshot;
        journal->open([&](const Result<JournalSnapshot>& opened) { snapshot = opened.value(); });
        loop->runPending();
        listSensors();
        telemetry = std::make_unique<Telemetry>(
            ServiceContext{*loop, publisher, *journal, config},
            [this](const SensorConfig& sensor) { return makeSlot(sensor); }, kRun);
        telemetry->resume(*snapshot);
        loop->runPending();
    }

    /// The configuration is read again as it is in `parts` and `config` after `change`.
    void reload(const std::function<void()>& change) {
        const Config before = config;
        change();
        listSensors();
        telemetry->onReload(before);
        loop->runPending();
    }

    void listSensors() {
        config.sensors.clear();
        for (const Part& part : parts) config.sensors.push_back(part.config);
    }

    virtual SensorSlot makeSlot(const SensorConfig& sensor) {
        ++made;
        const auto part =
            std::find_if(parts.begin(), parts.end(), [&](const Part& one) { return one.config.name == sensor.name; });
        std::shared_ptr<Executor> strand = loop;
        if (part->strand) strand = part->strand;
        return {sensor, part->sensor, strand};
    }

    std::string start(std::optional<milliseconds> interval = std::nullopt) {
        const auto report = std::make_shared<std::string>();  // may come after this has returned
        telemetry->start(interval, [report](std::string text) { *report = std::move(text); });
        loop->runPending();
        return *report;
    }

    bool stop() {
        const auto isDone = std::make_shared<bool>(false);  // may come after this has returned
        telemetry->stop([isDone] { *isDone = true; });
        loop->advance(Journal::kCommitPause);
        return *isDone;
    }

    [[nodiscard]] std::size_t countOn(const std::string& topic) const { return publisher.on(topic).size(); }
    [[nodiscard]] std::size_t plain() const { return countOn("room/temp"); }
    [[nodiscard]] std::optional<std::string> last(const std::string& topic) const {
        return publisher.lastPayload(topic);
    }

    /// Nothing is ever unexplained.
    void expectBalance() const {
        const ReadingCounters& c = telemetry->counters();
        EXPECT_EQ(c.produced, c.delivered + c.underWay + c.journaled + c.dropped);
    }

    static constexpr const char* kRun = "0123456789abcdef0123456789abcdef";

    FaultyVfs storage;  ///< first: it must outlive every connection
    TempDir dir;
    Config config;
    std::vector<Part> parts;
    int made = 0;  ///< sensors
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<Telemetry> telemetry;
};

}  // namespace edge
