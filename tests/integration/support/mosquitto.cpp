// SPDX-License-Identifier: MIT
#include "integration/support/mosquitto.hpp"

#include <signal.h>

#include <stdexcept>
#include <utility>

#include "integration/support/sockets.hpp"

namespace edge {

namespace {

void replaceAll(std::string& text, const std::string& what, const std::string& with) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

std::uint16_t freePortBut(std::uint16_t taken) {
    std::uint16_t port = freePort();
    while (port == taken) port = freePort();
    return port;
}

}  // namespace

Mosquitto::Mosquitto(std::string config) : config_(std::move(config)), port_(freePort()), port2_(freePortBut(port_)) {}

std::string Mosquitto::expanded() const {
    // A broker that was started by root would become a user who may not read the test's directory.
    std::string text = "user root\nlog_dest stderr\nlog_type all\n" + config_;
    replaceAll(text, "${PORT}", std::to_string(port_));
    replaceAll(text, "${PORT2}", std::to_string(port2_));
    replaceAll(text, "${DIR}", dir_.path());
    return text;
}

void Mosquitto::start() {
    const std::string file = dir_.write("mosquitto.conf", expanded());
    process_ = std::make_unique<TestProcess>(std::vector<std::string>{"mosquitto", "-c", file}, dir_.file("log"));
    std::vector<std::uint16_t> ports{port_};
    if (config_.find("${PORT2}") != std::string::npos) ports.push_back(port2_);
    const auto giveUp = std::chrono::steady_clock::now() + seconds{20};
    for (const std::uint16_t port : ports) {
        while (!canConnect(port)) {
            if (process_->wait(milliseconds{5}) || std::chrono::steady_clock::now() > giveUp) {
                throw std::runtime_error("mosquitto does not start:\n" + log());
            }
        }
    }
}

void Mosquitto::end(int signal) {
    if (process_) process_->end(signal);
    process_.reset();
}

void Mosquitto::restart(int signal) {
    end(signal);
    start();
}

void Mosquitto::freeze() {
    process_->signal(SIGSTOP);
}

void Mosquitto::thaw() {
    process_->signal(SIGCONT);
}

std::string Mosquitto::log() const {
    return readWholeFile(dir_.file("log"));
}

void Mosquitto::setPasswords(const std::vector<std::string>& lines) const {
    const std::string file = dir_.write("passwords", "");
    for (const std::string& line : lines) {
        const std::size_t colon = line.find(':');
        std::string output;
        if (runProgram({"mosquitto_passwd", "-b", file, line.substr(0, colon), line.substr(colon + 1)}, &output) != 0) {
            throw std::runtime_error("mosquitto_passwd: " + output);
        }
    }
}

int Mosquitto::publish(const std::vector<std::string>& options) const {
    std::vector<std::string> argv{"mosquitto_pub", "-h", "127.0.0.1", "-p", std::to_string(port_)};
    argv.insert(argv.end(), options.begin(), options.end());
    return runProgram(argv);
}

std::string Mosquitto::receive(int count, const std::vector<std::string>& options) const {
    std::vector<std::string> argv{"mosquitto_sub",       "-h", "127.0.0.1", "-p", std::to_string(port_), "-C",
                                  std::to_string(count), "-W", "10"};
    argv.insert(argv.end(), options.begin(), options.end());
    std::string output;
    runProgram(argv, &output);
    return output;
}

}  // namespace edge
