// SPDX-License-Identifier: MIT
// What cannot be done without: Paho, and one encoding of planes that are in memory already, in one process, QoS 0. No
// configuration, journal, replies, reconnecting, checks. `bench_floor URI REFERENCE.jpg WIDTH HEIGHT COMMAND JPEG`
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <turbojpeg.h>
#include <vector>

#include <mqtt/async_client.h>

namespace {

constexpr int kQuality = 95;

struct Planes {
    std::vector<unsigned char> bytes;
    const unsigned char* at[3]{};
    int strides[3]{};
    int width = 0;
    int height = 0;
};

Planes readPlanes(const char* file, int width, int height) {
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> jpeg{std::istreambuf_iterator<char>(stream), {}};
    Planes planes;
    planes.width = width;
    planes.height = height;
    const auto w = static_cast<std::size_t>(width);
    const auto h = static_cast<std::size_t>(height);
    planes.bytes.resize(w * h * 3 / 2);
    unsigned char* to[3] = {planes.bytes.data(), planes.bytes.data() + w * h, planes.bytes.data() + w * h * 5 / 4};
    planes.strides[0] = width;
    planes.strides[1] = planes.strides[2] = width / 2;
    tjhandle decoder = tjInitDecompress();
    const auto* data = reinterpret_cast<const unsigned char*>(jpeg.data());
    if (tjDecompressToYUVPlanes(decoder, data, jpeg.size(), to, width, planes.strides, height, 0) != 0) {
        std::fprintf(stderr, "%s: %s\n", file, tjGetErrorStr2(decoder));
        std::exit(1);
    }
    tjDestroy(decoder);
    for (int i = 0; i < 3; ++i) planes.at[i] = to[i];
    return planes;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) return 2;
    const Planes planes = readPlanes(argv[2], std::atoi(argv[3]), std::atoi(argv[4]));
    const std::string commandTopic = argv[5];
    const std::string jpegTopic = argv[6];
    tjhandle encoder = tjInitCompress();
    unsigned char* jpeg = nullptr;
    unsigned long capacity = tjBufSize(planes.width, planes.height, TJSAMP_420);
    jpeg = tjAlloc(static_cast<int>(capacity));

    mqtt::async_client client(argv[1], "bench-floor");
    client.set_message_callback([&](const mqtt::const_message_ptr&) {
        unsigned long size = capacity;
        tjCompressFromYUVPlanes(encoder, const_cast<const unsigned char**>(planes.at), planes.width, planes.strides,
                                planes.height, TJSAMP_420, &jpeg, &size, kQuality, TJFLAG_NOREALLOC);
        client.publish(jpegTopic, jpeg, size, 0, false);
    });
    client.connect()->wait();
    client.subscribe(commandTopic, 0)->wait();
    client.publish(jpegTopic + "/status", "online", 6, 0, true)->wait();
    while (true) ::pause();
}
