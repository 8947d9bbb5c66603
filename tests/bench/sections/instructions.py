# SPDX-License-Identifier: MIT
"""Instructions of a picture, a frame of live view, a reading and an idle minute, counted by callgrind: repeatable under any load,
user space only."""

import glob
import os
import re
import socket
import subprocess
import time

import candidates
from candidates import AGENT, BUILD, PATIENCE, Candidate, configuration

WARM_UP = 20
COUNT = 100
SHOWN = 25
READINGS = '[telemetry]\ninterval = "100ms"\n[[sensor]]\nname = "room"\ntype = "simulated"\n'


def start_camera(bench, config):
    """Starts the program as systemd does: valgrind does not support pidfd_open, which the agent uses for its child."""
    path = f"{bench.directory}/camera.socket"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(4)
    os.set_inheritable(listener.fileno(), True)
    script = (f'exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec valgrind --tool=callgrind --instr-atstart=no '
              f'--callgrind-out-file={bench.directory}/camera.out {BUILD}/bin/pi-edge-camera --config {config}')
    with open(f"{bench.directory}/camera.log", "ab") as log:
        return subprocess.Popen(["bash", "-c", script], close_fds=False, stdout=log, stderr=log,
                                preexec_fn=candidates.die_with_parent)


def control(pid, *arguments):
    subprocess.run(["callgrind_control", *arguments, str(pid)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=PATIENCE)


def functions(path):
    """Returns (instructions, place) of each function, in descending order."""
    text = subprocess.run(["callgrind_annotate", "--threshold=100", "--show=Ir", path], check=True, capture_output=True,
                          text=True).stdout
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*([\d,]+) \([\s\d.]+%\)\s+(\S.*)$", line)
        if match and "PROGRAM TOTALS" not in line:
            found.append((int(match[1].replace(",", "")), match[2]))
    return found


def library(where):
    match = re.search(r"\[([^\]]+)\]$", where)
    return os.path.basename(match[1]) if match else "other"


class Counted:
    """The two programs under callgrind."""

    def __init__(self, bench, width, height):
        self.bench = bench
        config = configuration(bench, "ours", width, height, camera_extra=f'socket = "{bench.directory}/camera.socket"', extra=READINGS)
        self.camera = start_camera(bench, config)
        self.agent = Candidate(bench, "ours", ["valgrind", "--tool=callgrind", "--instr-atstart=no",
                                               f"--callgrind-out-file={bench.directory}/agent.out", AGENT, "run", "--config", config],
                               "edge/ours/status")
        self.wire = self.agent.wire
        self.pids = {"agent": self.agent.process.pid, "camera": self.camera.pid}

    def count(self, work):
        """Returns (instructions, program, place) of all that `work` sets off."""
        for path in glob.glob(f"{self.bench.directory}/*.out*"):
            os.remove(path)
        for pid in self.pids.values():
            control(pid, "-z", "-i", "on")
        work()
        for pid in self.pids.values():
            control(pid, "-i", "off")
            control(pid, "-d")
        return [(count, name, where) for name in self.pids for path in glob.glob(f"{self.bench.directory}/{name}.out*")
                for count, where in functions(path)]

    def messages(self, topic):
        self.wire.subscribe(topic)
        return lambda: [self.wire.read_from(topic) for _ in range(COUNT)]

    def end(self):
        self.agent.end()
        self.camera.terminate()
        self.camera.wait(PATIENCE)


def instructions(bench):
    counted = Counted(bench, 640, 480)
    capture = counted.agent.capture
    for _ in range(WARM_UP):
        capture()
    picture(counted.count(lambda: [capture() for _ in range(COUNT)]), 640, 480)

    print("\nInstructions of both programs, and those outside of the encoder:")
    frames = counted.messages("edge/ours/live")
    counted.wire.publish("ours/command", b'{"command":"live","for":"5m","rate":10,"quality":95}')
    one("a frame of live view, 640x480, quality 95", counted.count(frames), COUNT)
    counted.wire.publish("ours/command", b'{"command":"live","for":"0s"}')
    readings = counted.messages("edge/ours/sensor/room")
    counted.wire.publish("ours/command", b"start")
    one("a reading", counted.count(readings), COUNT)
    counted.wire.publish("ours/command", b"stop")
    time.sleep(2)
    one("an idle minute, with a warm camera", counted.count(lambda: time.sleep(60)), 1)
    counted.end()


def one(title, rows, times):
    total = sum(row[0] for row in rows)
    outside = sum(row[0] for row in rows if "libturbojpeg" not in row[2])
    print(f"  {title:45} {total / times:12,.0f} {outside / times:12,.0f}", flush=True)


def picture(rows, width, height):
    rows = [(count / COUNT, name, where) for count, name, where in rows]
    total = sum(row[0] for row in rows)
    encoder = sum(row[0] for row in rows if "libturbojpeg" in row[2])
    print(f"\nInstructions of a picture, {width}x{height}, both programs: {total:,.0f}; the encoder {encoder:,.0f}; "
          f"outside of it {total - encoder:,.0f}, {(total - encoder) / total * 100:.1f} %")
    by_library = {}
    for count, name, where in rows:
        key = (name, library(where))
        by_library[key] = by_library.get(key, 0) + count
    for (name, where), count in sorted(by_library.items(), key=lambda item: -item[1]):
        if count / total >= 0.002:
            print(f"  {count:12,.0f} {count / total * 100:5.1f} %  {name:7} {where}")
    print("By function, without the encoder:")
    outside = sorted((row for row in rows if "libturbojpeg" not in row[2]), reverse=True)
    for count, name, where in outside[:SHOWN]:
        print(f"  {count:12,.0f} {count / total * 100:5.1f} %  {name:7} {where[:150]}")
