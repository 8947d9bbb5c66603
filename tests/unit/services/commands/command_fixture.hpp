// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "journal/journal.hpp"
#include "services/commands/command_service.hpp"

namespace edge {

/// The command service over a fake broker and a real journal file. Handlers record, and answer "ok" unless the test
/// holds them back.
class CommandFixture : public ::testing::Test, public CommandHandlers {
  protected:
    using Json = nlohmann::json;

    CommandFixture() {
        config.topics.base = "edge/pi";
        config.journal.path = dir.file("journal.db");
        GpioOutputConfig lamp;
        lamp.name = "lamp";
        config.gpio.outputs.push_back(lamp);
        boot();
    }

    /// A start of the agent; the previous one was killed.
    void boot() {
        commands.reset();
        journal.reset();
        loop->runPending();
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        std::optional<JournalSnapshot> snapshot;
        journal->open([&](const Result<JournalSnapshot>& opened) { snapshot = opened.value(); });
        loop->runPending();
        commands = std::make_unique<CommandService>(ServiceContext{*loop, publisher, *journal, config}, *this);
        commands->restore(*snapshot);
        loop->runPending();
    }

    static InboundMessage message(std::string payload, std::string topic = "command") {
        InboundMessage inbound;
        inbound.topic = std::move(topic);
        inbound.payload = std::move(payload);
        return inbound;
    }

    void receive(InboundMessage inbound) {
        commands->handle(std::move(inbound));
        loop->advance(Journal::kCommitPause);
    }

    /// The reply to `payload`; null when there was none.
    Json send(const std::string& payload) {
        const std::size_t before = replies().size();
        receive(message(payload));
        const auto all = replies();
        return all.size() > before ? all.back() : Json();
    }

    [[nodiscard]] std::vector<Json> replies(const std::string& topic = "edge/pi/response") const {
        std::vector<Json> found;
        for (const Publication& reply : publisher.on(topic)) found.push_back(Json::parse(reply.payload));
        return found;
    }

    void startPublishing(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void stopPublishing(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void takePictures(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void viewLive(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void cancelSeries(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void publishStatus(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void changeSettings(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void examine(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void listPictures(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void fetchPicture(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    void listReadings(const Command& command, OutcomeHandler done) override { carryOut(command, std::move(done)); }
    Outcome setSwitch(const std::string& topic, OutputCommand command) override {
        switches[topic] = command;
        return Outcome::success();
    }
    void carryOut(const Command& command, OutcomeHandler done) {
        carriedOut.push_back(command);
        if (isHeldBack) {
            heldBack.push_back(std::move(done));
        } else {
            done(Outcome::success(data));
        }
    }

    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    std::unique_ptr<Journal> journal;
    std::unique_ptr<CommandService> commands;
    std::vector<Command> carriedOut;
    std::map<std::string, OutputCommand> switches;
    bool isHeldBack = false;
    std::string data = R"({"by":"handler"})";  ///< of the replies
    std::vector<OutcomeHandler> heldBack;
};

}  // namespace edge
