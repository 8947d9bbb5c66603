// SPDX-License-Identifier: MIT
// What may have become of the journal's file: the input is a list of changes to a sound one, five bytes each (where,
// and what is written there), and a length that it is cut to. Whatever it is, the agent starts with a journal that it
// can write.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fakes/temp_dir.hpp"
#include "fuzz/require.hpp"
#include "journal/reader.hpp"
#include "journal/store/store.hpp"

namespace {

using namespace edge;

constexpr std::size_t kChangeBytes = 5;

/// A directory in memory, so that no disk has to keep up.
const TempDir& directory() {
    static const TempDir made;
    return made;
}

JournalConfig config() {
    JournalConfig journal;
    journal.path = directory().file("journal.db");
    return journal;
}

WriteBatch batch(std::int64_t firstId, int rows) {
    WriteBatch made;
    made.state.values["publishing"] = "on";
    for (int i = 0; i < rows; ++i) {
        Stamp stamp;
        stamp.id = firstId + i;
        stamp.bootId = std::string(32, 'b');
        ReadingRecord reading;
        reading.bootId = stamp.bootId;
        reading.seq = static_cast<std::uint64_t>(i) + 1;
        reading.sensor = "room";
        reading.value = 21.5;
        made.readings.push_back({stamp, reading});
    }
    return made;
}

void removeAll() {
    for (const auto& entry : std::filesystem::directory_iterator(directory().path())) std::filesystem::remove(entry);
}

std::string makeSound() {
    {
        JournalStore store(config());
        require(store.open().has_value(), "a new journal can be made");
        require(store.write(batch(1, 50)).has_value(), "it can be written");
        store.close();
    }
    std::ifstream file(config().path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), {}};
    require(content.size() > 4096, "it is in the file");
    return content;
}

std::string changed(std::string content, const std::uint8_t* data, std::size_t size) {
    if (size % kChangeBytes != 0) content.resize(data[size - 1] * content.size() / 256);
    for (std::size_t i = 0; !content.empty() && i + kChangeBytes <= size; i += kChangeBytes) {
        std::uint32_t position = 0;
        std::memcpy(&position, data + i, sizeof(position));
        content[position % content.size()] = static_cast<char>(data[i + 4]);
    }
    return content;
}

void readAll(const std::string& path) {
    auto reader = JournalReader::open(path, {});
    while (reader) {
        const auto rows = reader->next(100);
        if (!rows || rows->empty()) return;
    }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
    ::setenv("TMPDIR", "/dev/shm", 1);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string sound = makeSound();
    removeAll();
    directory().write("journal.db", changed(sound, data, size));

    readAll(config().path);
    JournalStore store(config());
    const auto opened = store.open();
    require(opened.has_value(), "the agent starts with whatever it finds");
    const auto written = store.write(batch(opened->nextId, 1));
    require(written.has_value(), written ? "" : ("and can write; " + written.error().message).c_str());
    const auto backlog = store.readUndelivered(0, 1000);
    require(backlog && !backlog->readings.empty(), "what was written is there");
    store.close();
    readAll(config().path);
    return 0;
}
