# SPDX-License-Identifier: MIT
"""Live view of the machine's camera over three lines, compared with ustreamer and with a script that uses OpenCV: figures only."""

import contextlib
import subprocess
import sys
import time

import live_view
from agent import AGENT, CAMERA, SOCKET, processes
from far_side import FAR, LINES, NEAR, FarSide
from report import check, figure, run
from setup import BASIC, configure, install

ROUNDS = 2
CONFIG = (BASIC.replace("[camera]\n", "[camera]\nlive_max_rate = 30\n")
          + f'[device]\nid = "ours"\n[mqtt]\nservers = ["mqtt://{FAR}"]\n')
# The sensor's test patterns: bars cost little to encode, so that the programs' own cost shows; noise needs more than a slow line has.
BARS, NOISE = 0, 21
MEDIA = "/dev/media0"
RGB = "fmt:RGB888_1X24/640x480"
# The path that libcamera uses: both of the others read the same frames from the same device.
PIPELINE = ['"Debayer A":1->"Scaler":0[0]', '"Debayer B":1->"Scaler":0[1]'], [
    '"Sensor B":0[fmt:SBGGR8_1X8/640x480]', '"Debayer B":0[fmt:SBGGR8_1X8/640x480]', f'"Debayer B":1[{RGB}]', f'"Scaler":0[{RGB}]',
    '"Scaler":0[crop:(0,0)/640x480]', f'"Scaler":1[{RGB}]']


def cpu_seconds(pids):
    """Processor time since their start, from the clock of each process."""
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def prepare(state):
    """A broker and a subscriber behind a line, and an installed agent."""
    install()
    configure(CONFIG)
    run("systemctl", "stop", AGENT, SOCKET, CAMERA)
    state["far"] = far = FarSide()
    with open("/share/results/far-broker.log", "wb") as log:
        state["broker"] = subprocess.Popen(far.there("mosquitto", "-c", live_view.broker_configuration("/tmp/far.conf")), stdout=log,
                                           stderr=log)
    for line in LINES:
        check(f"the kernel has the line: {line}", far.shape(line))


@contextlib.contextmanager
def ours(far):
    """Each yields a watcher on the far side, and what tells the processor time."""
    run("systemctl", "start", SOCKET, AGENT)
    watcher = live_view.Watcher(far, "mqtt", FAR, "ours")
    watcher.command(live_view.lease(290, time.monotonic()))
    yield watcher, lambda: cpu_seconds(processes(AGENT) + processes(CAMERA))
    watcher.close()
    run("systemctl", "stop", AGENT, SOCKET, CAMERA)


@contextlib.contextmanager
def program(far, watched, *command):
    with open(f"/share/results/{watched[0]}.log", "ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    watcher = live_view.Watcher(far, *watched)
    yield watcher, lambda: cpu_seconds([process.pid])
    watcher.close()
    process.terminate()
    process.wait(60)


def ustreamer(far):
    return program(far, ("http", f"http://{NEAR}:8080/stream?extra_headers=1"), "env",
                   "LD_PRELOAD=/share/ustreamer_rgb24.so", "ustreamer", "--device", device(), "--resolution", "640x480",
                   "--format", "RGB24", "--quality", "60", "--host", NEAR, "--port", "8080", "--no-log-colors")


def python(far):
    return program(far, ("mqtt", FAR, "python"), sys.executable, "-B", f"{live_view.HERE}/live_loop.py", FAR, device(), "60", "30")


def device():
    """The device, with the sensor, debayer and scaler before it that libcamera uses. It streams only if the format of the sensor's raw
    device, which nobody reads, fits, too."""
    links, formats = PIPELINE
    raw = run("media-ctl", "--device", MEDIA, "--entity", "Raw Capture 1")
    run("v4l2-ctl", "--device", raw, "--set-fmt-video", "width=640,height=480,pixelformat=BA81")
    run("media-ctl", "--device", MEDIA, "--links", ",".join(links))
    for text in formats:
        run("media-ctl", "--device", MEDIA, "--set-v4l2", text)
    return run("media-ctl", "--device", MEDIA, "--entity", "RGB/YUV Capture")


def show(pattern):
    sensor = run("media-ctl", "--device", MEDIA, "--entity", "Sensor B")
    run("v4l2-ctl", "--device", sensor, "--set-ctrl", f"test_pattern={pattern}")


def measure(state):
    """640x480, quality 60, at most 30 frames a second; ustreamer and the script read the device that libcamera reads."""
    makers = {"ours": ours, "ustreamer": ustreamer, "python": python}
    found, stops = {}, {}
    for line in [*LINES] * ROUNDS:
        for name, make in makers.items():
            state["far"].shape(line)
            with make(state["far"]) as (watcher, cpu):
                show(BARS if line == "fast" else NOISE)
                found.setdefault((line, name), []).append(live_view.measure(watcher, cpu))
                if name != "ustreamer":
                    stops.setdefault((line, name), []).append(watcher.command('{"command":"stop"}'))
            print(f"    {line}, {name}: {found[line, name][-1]}")
    for line in LINES:
        medians = {name: live_view.medians(found[line, name]) for name in makers}
        for name, figures in medians.items():
            ratio = figures["cpu"] / medians["ustreamer"]["cpu"]
            in_frames = live_view.transmissions(figures, line)
            text = (f"{figures['rate']:.1f} frames of {figures['bytes'] / 1000:.1f} kB a second, {figures['cpu']:.1f} ms of processor time "
                    f"each ({ratio:.2f} x ustreamer), delay {figures['delay']:.0f} ms, at the end {figures['last']:.0f} ms")
            if in_frames:
                text += f", {in_frames:.2f} transmissions of a frame"
            if name != "ustreamer":
                text += f", reply to stop after {max(stops[line, name]):.2f} s"
            figure(f"{line}, {name}", text)
    state["broker"].terminate()
    state["broker"].wait(60)
    state["far"].close()


TESTS = [prepare, measure]
