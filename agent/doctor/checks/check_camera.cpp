// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "camera/client/client.hpp"
#include "doctor/checks/checks.hpp"

namespace edge {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCheck = "camera";
constexpr const char* kCameraProgram = "pi-edge-camera (";  ///< as Machine::usersOf() names it

/// The release that is installed, by the name of its library; "" where there is none.
std::string libcameraVersion(const Machine& machine) {
    for (const std::string& folder : machine.list("/usr/lib", "")) {
        for (const std::string& file : machine.list(folder, "libcamera.so.")) {
            std::error_code error;
            const std::string target = fs::read_symlink(machine.path(file), error).filename().string();
            return (error ? fs::path(file).filename().string() : target).substr(std::string("libcamera.so.").size());
        }
    }
    return "";
}

std::vector<std::string> cameraDevices(const Machine& machine) {
    std::vector<std::string> devices = machine.list("/dev", "video");
    for (std::string& path : machine.list("/dev", "media")) devices.push_back(std::move(path));
    return devices;
}

Findings checkPermissions(const std::vector<std::string>& devices, const Machine& machine) {
    Findings findings;
    for (const std::string& device : devices) {
        if (::access(machine.path(device).c_str(), R_OK | W_OK) == 0) continue;
        findings.push_back(
            {Severity::kWarning, kCheck, fmt::format("this user may not open {}", device),
             "run \"sudo pi-edge-agent doctor\"; to use the camera yourself: sudo usermod -aG video $USER, "
             "and log in again"});
        break;
    }
    return findings;
}

std::string pictureRemedy(const Config& config, const Error& error) {
    if (error.code == Errc::kTimeout) return "raise camera.timeout if exposures are long";
    if (config.camera.socket.empty()) return "";
    return "see: journalctl -u pi-edge-camera -n 20";
}

}  // namespace

Findings checkCameraDevices(const Config& config, const Machine& machine) {
    if (config.camera.backend != CameraBackend::kLibcamera) return {};
    const std::string version = libcameraVersion(machine);
    Findings findings;
    if (version.empty()) {
        findings.push_back(
            {Severity::kError, kCheck, "libcamera is not installed", "sudo apt install libcamera-ipa pi-edge-camera"});
    } else {
        findings.push_back({Severity::kFine, kCheck, "libcamera " + version});
    }
    const std::vector<std::string> devices = cameraDevices(machine);
    if (devices.empty()) {
        const auto file = machine.firmwareConfig();
        const bool isDetected = machine.hasFirmwareSetting("camera_auto_detect=1");
        findings.push_back(
            {Severity::kError, kCheck, "there is no /dev/video* and no /dev/media*: no camera is connected",
             file && !isDetected
                 ? fmt::format("switch the Pi off, check the ribbon cable at both ends, add "
                               "\"camera_auto_detect=1\" (or the dtoverlay of the sensor) to {}, and reboot",
                               *file)
                 : "switch the Pi off, and check the ribbon cable at both ends, contacts towards the contacts"});
        return findings;
    }
    append(findings, checkPermissions(devices, machine));
    std::vector<std::string> users = machine.usersOf(devices, {"wireplumber", "pipewire"});
    const std::size_t ours =
        std::erase_if(users, [](const std::string& user) { return user.starts_with(kCameraProgram); });
    // The agent's own child keeps the camera for itself; systemd's serves everybody who is let in.
    if (config.camera.socket.empty() && ours > 0) {
        findings.push_back({Severity::kNote, kCheck, "in use by the camera program of a running agent",
                            "if no picture can be taken now, stop that agent and run the doctor again"});
    }
    if (!users.empty())
        findings.push_back({Severity::kWarning, kCheck, fmt::format("in use by {}", fmt::join(users, ", ")),
                            "a camera serves one program at a time: stop the other one"});
    return findings;
}

Findings checkCameraPicture(const Config& config, std::optional<Picture>& picture) {
    if (config.camera.backend == CameraBackend::kNone) return {{Severity::kNote, kCheck, "none is configured"}};
    const auto began = std::chrono::steady_clock::now();
    auto result = takePicture(config);
    const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
    if (!result)
        return {
            {Severity::kError, kCheck, "no picture: " + result.error().message, pictureRemedy(config, result.error())}};
    picture = std::move(*result);
    const bool isReal = config.camera.backend == CameraBackend::kLibcamera;
    return {{isReal ? Severity::kFine : Severity::kWarning, kCheck,
             fmt::format("a picture of {}x{} from {} in {} ms, {} bytes{}", picture->width, picture->height,
                         picture->camera, took.count(), picture->jpeg.size(), isReal ? "" : ": no real camera"),
             isReal ? "" : "set camera.backend to \"libcamera\" for a real one"}};
}

}  // namespace edge
