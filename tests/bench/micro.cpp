// SPDX-License-Identifier: MIT
// Single functions of the way from a command to a picture. A reading of them: which one to look at, not how fast we
// are.
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "camera/ipc/protocol.hpp"
#include "camera/ipc/shared_jpeg.hpp"
#include "core/text.hpp"
#include "fakes/temp_dir.hpp"
#include "image/jpeg/jpeg.hpp"
#include "journal/store/store.hpp"
#include "services/capture/picture_publisher.hpp"
#include "services/commands/command.hpp"

namespace edge {
namespace {

void parseWord(benchmark::State& state) {
    for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(parseCommand("capture"));
}
BENCHMARK(parseWord);

void parseJson(benchmark::State& state) {
    for ([[maybe_unused]] auto turn : state) {
        benchmark::DoNotOptimize(
            parseCommand(R"({"command":"capture","width":640,"height":480,"quality":80,"transaction":"t-1"})"));
    }
}
BENCHMARK(parseJson);

void protocolThere(benchmark::State& state) {
    const CameraRequest capture = Capture{1, 640, 480, 95, 1 << 20, BootTime{1}, BootTime{2}};
    for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(decodeRequest(encode(capture)));
}
BENCHMARK(protocolThere);

void protocolBack(benchmark::State& state) {
    const CameraReply taken = PictureTaken{1, 20'000, 640, 480, 95, WallTime{}, "", "camera"};
    for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(decodeReply(encode(taken)));
}
BENCHMARK(protocolBack);

void pictureMemory(benchmark::State& state) {
    std::vector<std::uint8_t> jpeg(static_cast<std::size_t>(state.range(0)), 0x55);
    jpeg[0] = 0xFF;
    jpeg[1] = 0xD8;
    jpeg[2] = 0xFF;
    SharedJpegWriter writer;
    SharedJpegReader reader;
    for ([[maybe_unused]] auto turn : state) {
        auto memory = writer.write(0, jpeg);
        benchmark::DoNotOptimize(reader.read(0, jpeg.size(), std::move(*memory)));
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(pictureMemory)->Arg(20'000)->Arg(500'000);

void digestOfIds(benchmark::State& state) {
    const std::string jpeg(static_cast<std::size_t>(state.range(0)), 'x');
    for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(sha256Hex(jpeg));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(digestOfIds)->Arg(20'000);

void describe(benchmark::State& state) {
    const ImageDescription description{"12345678-1", "command", "t-1", 20'000};
    Picture picture;
    picture.width = 640;
    picture.height = 480;
    for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(formatDescription(description, picture));
}
BENCHMARK(describe);

/// What it does to a picture: as it comes, scaled, turned, written on.
void render(benchmark::State& state, int width, int height, int rotation, const char* overlay) {
    RenderOptions options;
    options.width = width;
    options.height = height;
    options.transform = toTransform(rotation, Flip::kNone);
    options.overlay = overlay;
    constexpr int kWidth = 640;
    constexpr int kHeight = 480;
    std::vector<std::uint8_t> luma(std::size_t{kWidth} * kHeight);
    std::vector<std::uint8_t> chroma(luma.size() / 4, 128);
    std::iota(luma.begin(), luma.end(), std::uint8_t{0});
    FrameView frame{PixelFormat::kYuv420,
                    ColorRange::kFull,
                    kWidth,
                    kHeight,
                    {{{luma.data(), luma.size(), kWidth},
                      {chroma.data(), chroma.size(), kWidth / 2},
                      {chroma.data(), chroma.size(), kWidth / 2}}}};
    JpegRenderer renderer;
    for ([[maybe_unused]] auto turn : state) benchmark::DoNotOptimize(renderer.render(frame, options));
}
BENCHMARK_CAPTURE(render, asItComes, 640, 480, 0, "");
BENCHMARK_CAPTURE(render, scaled, 320, 240, 0, "");
BENCHMARK_CAPTURE(render, turned, 480, 640, 90, "");
BENCHMARK_CAPTURE(render, labelled, 640, 480, 0, "kitchen 2026-11-21 12:00:00");

void appendCommands(benchmark::State& state) {
    const TempDir directory;
    JournalConfig config;
    config.path = directory.file("journal.db");
    JournalStore store(config);
    const auto opened = store.open();
    if (!opened) return state.SkipWithError(opened.error().message.c_str());
    std::int64_t id = opened->nextId;
    for ([[maybe_unused]] auto turn : state) {
        WriteBatch batch;
        for (std::int64_t i = 0; i < state.range(0); ++i) {
            Stamp stamp;
            stamp.id = id++;
            batch.rows.push_back(Stored<CommandRecord>{stamp, {{}, "command", "capture", "capture", "ok", "", ""}});
        }
        if (!store.write(batch)) return state.SkipWithError("it cannot be written");
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(appendCommands)->Arg(1)->Arg(20);

}  // namespace
}  // namespace edge

BENCHMARK_MAIN();
