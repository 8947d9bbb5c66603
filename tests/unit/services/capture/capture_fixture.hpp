// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fakes/fake_picture_source.hpp"
#include "fakes/fake_publisher.hpp"
#include "fakes/manual_loop.hpp"
#include "fakes/temp_dir.hpp"
#include "journal/journal.hpp"
#include "services/capture/capture_service.hpp"

namespace edge {

/// The capture service over a fake camera and a fake broker.
class CaptureFixture : public ::testing::Test {
  protected:
    using Json = nlohmann::json;

    CaptureFixture() {
        config.topics.base = "edge/pi";
        config.journal.path = dir.file("journal.db");
        config.camera.timeout = seconds{5};
        journal = std::make_unique<Journal>(*loop, loop, config.journal, std::string(32, 'b'));
        journal->open([](const Result<JournalSnapshot>&) {});
        loop->runPending();
        make();
    }

    void make() {
        const ServiceContext context{*loop, publisher, *journal, config, [this] { ++changes; }};
        captures.reset();
        store = std::make_unique<PictureStore>(context, strand);
        captures = std::make_unique<CaptureService>(context, source, *store, "run");
    }

    /// Its outcome comes into `outcomes`.
    void capture(const CommandOptions& options = {}, const std::string& transaction = "") {
        captures->capture({"capture", options, transaction, {}, "command", BootTime{1}},
                          [this](Outcome outcome) { outcomes.push_back(std::move(outcome)); });
        loop->runPending();
    }
    void series(int count, milliseconds every) {
        CommandOptions options;
        options.count = count;
        options.every = every;
        capture(options);
    }
    void takePicture() {
        source.givePicture();
        loop->runPending();
    }
    void takeAll() {
        while (source.waiting() > 0) takePicture();
    }
    [[nodiscard]] std::size_t pictures() const { return publisher.on("jpeg").size(); }

    TempDir dir;
    Config config;
    std::shared_ptr<ManualLoop> loop = std::make_shared<ManualLoop>();
    FakePublisher publisher{*loop};
    FakePictureSource source{*loop};
    std::unique_ptr<Journal> journal;
    std::shared_ptr<Executor> strand = loop;  ///< of kept pictures
    std::unique_ptr<PictureStore> store;
    std::unique_ptr<CaptureService> captures;
    std::vector<Outcome> outcomes;
    int changes = 0;  ///< of what health shows
};

}  // namespace edge
