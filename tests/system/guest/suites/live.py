# SPDX-License-Identifier: MIT
"""Live view of the machine's camera over three lines, and single pictures of it, compared with other programs: figures only."""

import contextlib
import pathlib
import statistics
import subprocess
import sys
import time

import live_view
from agent import AGENT, CAMERA, SOCKET, processes
from bus import Bus
from far_side import FAR, LINES, NEAR, FarSide
from processes import cpu_seconds, pss_mib
from report import Failed, check, figure, run, wait_until
from setup import BASIC, configure, install, restart

ROUNDS, PICTURES = 2, 15
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


def prepare(state):
    """A broker and a subscriber behind a line, and an installed agent."""
    install()
    configure(CONFIG)
    run("systemctl", "stop", AGENT, SOCKET, CAMERA)
    run("systemctl", "disable", "--now", "motion")
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


def ustreamer_command(host, quality):
    return ("env", "LD_PRELOAD=/share/ustreamer_rgb24.so", "ustreamer", "--device", device(), "--resolution", "640x480",
            "--format", "RGB24", "--quality", str(quality), "--host", host, "--port", "8080", "--no-log-colors")


def ustreamer(far):
    return program(far, ("http", f"http://{NEAR}:8080/stream?extra_headers=1"), *ustreamer_command(NEAR, 60))


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


@contextlib.contextmanager
def our_picture():
    """Each yields what takes a picture, and the process ids."""
    configure(BASIC.replace("[camera]\n", '[camera]\nkeep_warm = "always"\n'))
    run("systemctl", "start", SOCKET)
    with contextlib.closing(Bus()) as bus:
        restart(bus)

        def capture():
            _, reply = bus.ask({"command": "capture", "timeout": "60s"}, 90)
            if reply["status"] != "ok":
                raise Failed(f"no picture: {reply}")

        yield capture, lambda: processes(AGENT) + processes(CAMERA)
    run("systemctl", "stop", AGENT, SOCKET, CAMERA)


@contextlib.contextmanager
def served_picture(name, address, *command):
    with open(f"/share/results/{name}-picture.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def fetch(ok=(0,)):
        return run("curl", "--silent", "--show-error", "--fail", "--output", "/tmp/picture.jpg", "--write-out", "%{size_download}", address,
                   ok=ok)

    wait_until(f"{name} has a picture", lambda: fetch(range(256)).isdigit(), 120)
    yield fetch, lambda: [process.pid]
    process.terminate()
    process.wait(60)


def ustreamer_picture():
    return served_picture("ustreamer", "http://127.0.0.1:8080/snapshot", *ustreamer_command("127.0.0.1", 90))


def motion_picture():
    """Palette 10 is RGB24. Paused: it compares no frames."""
    config = pathlib.Path("/tmp/motion.conf")
    config.write_text(f"""daemon off
target_dir /tmp
videodevice {device()}
v4l2_palette 10
width 640
height 480
framerate 30
pause on
picture_output off
movie_output off
webcontrol_port 0
stream_port 8081
stream_quality 90
stream_maxrate 30
""")
    return served_picture("motion", "http://127.0.0.1:8081/current", "motion", "-n", "-c", str(config))


@contextlib.contextmanager
def python_picture():
    with open("/share/results/python-picture.log", "wb") as log, contextlib.closing(Bus()) as bus:
        script = subprocess.Popen([sys.executable, "-B", "/share/guest/rival.py", "videocapture"], stdout=log, stderr=log)
        bus.wait("the script is ready", lambda m: m.topic == "videocapture/status", 0, 180)

        def capture():
            since = bus.position()
            bus.send("videocapture/command", "capture")
            bus.wait("the script's picture", lambda m: m.topic == "videocapture/jpeg", since)

        yield capture, lambda: [script.pid]
        script.terminate()
        script.wait(60)


def pictures(_state):
    """A picture of 640x480 every three seconds, from programs that keep the camera open."""
    show(BARS)
    for name, make in {"ours": our_picture, "ustreamer": ustreamer_picture, "motion": motion_picture, "python": python_picture}.items():
        with make() as (capture, pids):
            capture()
            taken, started, spent = [], time.monotonic(), cpu_seconds(pids())
            for _ in range(PICTURES):
                time.sleep(3)
                asked = time.monotonic()
                capture()
                taken.append(time.monotonic() - asked)
            spent = (cpu_seconds(pids()) - spent) / (time.monotonic() - started)
            figure(f"a picture in three seconds, {name}", f"{spent * 1000:.1f} ms of processor time a second, "
                   f"{pss_mib(pids()):.1f} MiB, {statistics.median(taken) * 1000:.0f} ms from the request to the picture")


TESTS = [prepare, measure, pictures]
