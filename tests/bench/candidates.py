# SPDX-License-Identifier: MIT
"""The measured programs, on one broker: ours, the lower bound (tests/bench/floor.cpp) and the usual script (tests/bench/incumbent.py)."""

import ctypes
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import cv2
import processes
from wire import Wire

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ["EDGE_BENCH_BUILD"]
AGENT = f"{BUILD}/bin/pi-edge-agent"
FLOOR = f"{BUILD}/bin/bench_floor"
PATIENCE = 60


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    def __init__(self, command, directory):
        self.log = open(f"{directory}/{os.path.basename(command[0])}.log", "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, preexec_fn=die_with_parent)
        self.pid = self.process.pid

    def pids(self):
        return processes.tree(self.pid)

    def cpu(self):
        return processes.cpu_seconds(self.pids())

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)
        self.log.close()


class Bench:
    """A broker with default settings, and a temporary folder."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="edge-bench-")
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = f"{self.directory}/certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-keyout", f"{self.directory}/key.pem", "-out", self.certificate, "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        with open(f"{self.directory}/mosquitto.conf", "w", encoding="utf-8") as file:
            file.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\nlistener {self.tls_port} 127.0.0.1\n"
                       f"certfile {self.certificate}\nkeyfile {self.directory}/key.pem\n"
                       + ("user root\n" if os.geteuid() == 0 else ""))
        self.broker = Process(["mosquitto", "-c", f"{self.directory}/mosquitto.conf"], self.directory)
        self.running = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise TimeoutError("mosquitto is not listening")

    def wire(self, name="bench-driver"):
        return Wire(self.port, name)

    def run(self, command, name, status):
        """Starts a program and waits for its retained `online`."""
        process = Process(command, self.directory)
        self.running.append(process)
        wire = self.wire(f"watch-{name}")
        wire.subscribe(status)
        while wire.read_from(status) != b"online":
            pass
        wire.close()
        return process

    def end(self, process):
        process.stop()
        self.running.remove(process)

    def close(self):
        for process in self.running + [self.broker]:
            process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def configuration(bench, name, width=640, height=480, quality=95, camera="pattern", servers=None, command=None, mqtt="",
                  journal="", camera_extra="", extra=""):
    """Writes NAME.toml; the texts are additional lines of the sections, and additional sections."""
    path = f"{bench.directory}/{name}.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""
[device]
id = "{name}"
[mqtt]
servers = ["{servers or f'mqtt://127.0.0.1:{bench.port}'}"]
{mqtt}
[topics]
command = "{command or f'{name}/command'}"
[image]
topic = "{name}/jpeg"
quality = {quality}
max_bytes = 60000000
[camera]
backend = "{camera}"
width = {width}
height = {height}
keep_warm = "always"
timeout = "60s"
{camera_extra}
[journal]
path = "{bench.directory}/{name}.db"
{journal}
{extra}""")
    return path


class Candidate:
    """A running program that answers `capture` with a picture."""

    def __init__(self, bench, name, command, status):
        self.bench, self.name, self.status = bench, name, status
        self.process = bench.run(command, name, status)
        self.wire = bench.wire(f"{name}-driver")
        self.wire.subscribe(f"{name}/jpeg")

    def capture(self):
        """Returns the seconds from the command to the complete picture."""
        started = time.perf_counter()
        self.wire.publish(f"{self.name}/command", b"capture")
        self.wire.read_from(f"{self.name}/jpeg")
        return time.perf_counter() - started

    def end(self):
        self.bench.end(self.process)
        self.wire.forget(self.status)  # not everybody says `offline`
        self.wire.close()


def folder(bench, name):
    """Of one picture: the replay camera plays all that are in it."""
    path = f"{bench.directory}/{name}"
    os.makedirs(path, exist_ok=True)
    return path


def reference(bench, width, height):
    """A picture of the test pattern at the highest quality: the others keep in memory what ours draws."""
    path = f"{folder(bench, f'pattern-{width}')}/frame.jpg"
    config = configuration(bench, f"reference-{width}", width, height, quality=100)
    subprocess.run([AGENT, "capture", "--config", config, "-o", path], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return path


def photograph(bench, file, width, height):
    """A photograph of the package mate-backgrounds, scaled and cut to this size, at the highest quality."""
    image = cv2.imread(f"/usr/share/backgrounds/mate/{file}")
    scale = max(width / image.shape[1], height / image.shape[0])
    size = (math.ceil(image.shape[1] * scale), math.ceil(image.shape[0] * scale))
    image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    path = f"{folder(bench, f'{os.path.basename(file)}-{width}')}/frame.jpg"
    cv2.imwrite(path, image[:height, :width], [cv2.IMWRITE_JPEG_QUALITY, 100])
    return path


def ours(bench, width=640, height=480, picture=None, name="ours", **more):
    """Takes pictures of `picture`, a JPEG, else of the test pattern."""
    if picture:
        more |= {"camera": "replay", "camera_extra": f'device = "{os.path.dirname(picture)}"\n' + more.get("camera_extra", "")}
    config = configuration(bench, name, width, height, **more)
    return Candidate(bench, name, [AGENT, "run", "--config", config], f"edge/{name}/status")


def floor(bench, width=640, height=480, picture=None):
    command = [FLOOR, f"tcp://127.0.0.1:{bench.port}", picture or reference(bench, width, height), str(width), str(height),
               "floor/command", "floor/jpeg"]
    return Candidate(bench, "floor", command, "floor/jpeg/status")


def incumbent(bench, width=640, height=480, picture=None):
    command = [sys.executable, "-B", f"{HERE}/incumbent.py", str(bench.port), picture or reference(bench, width, height),
               "python/command", "python/jpeg", "python/temp"]
    return Candidate(bench, "python", command, "python/jpeg/status")
