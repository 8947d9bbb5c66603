# SPDX-License-Identifier: MIT
"""Instructions of a picture, a frame of live view and a reading on ARM, counted while qemu-user runs Debian's libraries and our programs
of that architecture. Repeatable, user space only; times on a Pi are estimates and marked as such."""

import os
import socket
import subprocess
import tempfile
import time

import candidates
from candidates import BUILD, PATIENCE, Candidate, configuration

ROOT = os.environ.get("EDGE_BENCH_CHROOT", "")
COUNT = 5
# The emulator, and where it puts the addresses of a program of 32 bits among its own.
EMULATORS = {"arm64": ("qemu-aarch64-static", 0), "armhf": ("qemu-arm-static", 0x100000000)}
READINGS = '[[sensor]]\nname = "room"\ntype = "simulated"\n'
# Clock in GHz and instructions a cycle, from what in-order (A53) and out-of-order cores make of code of this kind: SIMD and table
# look-ups out of the first-level cache. The range is the honest part of it.
BOARDS = {"Zero 2 W (A53, 1.0 GHz)": (1.0, 0.6, 1.1), "Pi 3B+ (A53, 1.4 GHz)": (1.4, 0.6, 1.1),
          "Pi 4 (A72, 1.8 GHz)": (1.8, 1.1, 1.9), "Pi 5 (A76, 2.4 GHz)": (2.4, 1.8, 3.2)}


class Counter:
    """The trace of one emulated program, and the process that counts it."""

    def __init__(self, directory, name, architecture):
        self.trace = f"{directory}/{name}.trace"
        self.emulator, self.base = EMULATORS[architecture]
        os.mkfifo(self.trace)
        self.process = subprocess.Popen([f"{BUILD}/bin/bench_trace_counter", self.trace, str(self.base)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, preexec_fn=candidates.die_with_parent)

    def emulated(self, program, *arguments):
        place = ["-B", str(self.base)] if self.base else []
        return [self.emulator, *place, "-L", ROOT, "-d", "in_asm,exec,nochain", "-D", self.trace,
                f"{ROOT}/build/source/build/release/bin/{program}", *arguments]

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines = []
        while line := self.process.stdout.readline().strip():
            count, _, file = line.partition(" ")
            lines.append((int(count), os.path.basename(file)))
        return lines

    def end(self):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait(PATIENCE)


class Emulated:
    """The two programs, as an architecture's."""

    def __init__(self, bench, architecture, width, height):
        self.directory = tempfile.TemporaryDirectory()
        directory = self.directory.name
        config = configuration(bench, "ours", width, height, camera_extra=f'socket = "{directory}/camera.socket"', extra=READINGS)
        self.counters = {name: Counter(directory, name, architecture) for name in ("agent", "camera")}
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(f"{directory}/camera.socket")
        listener.listen(4)
        os.set_inheritable(listener.fileno(), True)
        command = " ".join(self.counters["camera"].emulated("pi-edge-camera", "--config", config))
        with open(f"{bench.directory}/camera.log", "ab") as log:
            self.camera = subprocess.Popen(["bash", "-c", f"exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {command}"],
                                           close_fds=False, stdout=log, stderr=log, preexec_fn=candidates.die_with_parent)
        self.agent = Candidate(bench, "ours", self.counters["agent"].emulated("pi-edge-agent", "run", "--config", config),
                               "edge/ours/status")
        for _ in range(3):
            self.agent.capture()
        time.sleep(1)

    def count(self, work):
        """Returns (instructions of one, program, file) of what `work` sets off COUNT times."""
        for counter in self.counters.values():
            counter.ask("begin")
        work()
        pids = {"agent": self.agent.process.pid, "camera": self.camera.pid}
        return [(count / COUNT, name, file) for name, counter in self.counters.items() for count, file in counter.ask(f"end {pids[name]}")]

    def command(self, payload):
        self.agent.wire.publish("ours/command", payload)

    def messages(self, topic, command):
        """COUNT messages after the first one that the command brings."""
        self.agent.wire.subscribe(topic)
        self.command(command)
        self.agent.wire.read_from(topic)
        return lambda: [self.agent.wire.read_from(topic) for _ in range(COUNT)]

    def end(self):
        self.agent.end()
        self.camera.terminate()
        self.camera.wait(PATIENCE)
        for counter in self.counters.values():
            counter.end()
        self.directory.cleanup()


def show(what, rows):
    total = sum(row[0] for row in rows)
    encoder = sum(row[0] for row in rows if "libturbojpeg" in row[2])
    print(f"\n{what}: {total:,.0f} instructions of both programs; the encoder {encoder:,.0f}; outside of it "
          f"{(total - encoder) / total * 100:.1f} %")
    for count, name, file in sorted(rows, reverse=True):
        if count / total >= 0.01:
            print(f"  {count:12,.0f} {count / total * 100:5.1f} %  {name:7} {file}")
    print("ESTIMATES of the processor time of that, without the kernel's part:")
    for board, (clock, slow, fast) in BOARDS.items():
        print(f"  {board:26} {total / clock / fast / 1e6:5.2f} to {total / clock / slow / 1e6:.2f} ms", flush=True)


def counts(bench, architecture):
    if not ROOT:
        raise SystemExit(f"EDGE_BENCH_CHROOT is not set: run scripts/bench {architecture}")
    for width, height in ((1920, 1080), (640, 480)):
        emulated = Emulated(bench, architecture, width, height)
        show(f"A picture of {width}x{height} on {architecture}", emulated.count(lambda: [emulated.agent.capture() for _ in range(COUNT)]))
        if width == 640:
            # Far apart: the counter waits for a pause.
            frames = emulated.messages("edge/ours/live", b'{"command":"live","for":"5m","rate":0.1,"quality":95}')
            show(f"A frame of live view, 640x480, quality 95, on {architecture}", emulated.count(frames))
            emulated.command(b'{"command":"live","for":"0s"}')
            readings = emulated.messages("edge/ours/sensor/room", b'{"command":"start","interval":"5s"}')
            show(f"A reading on {architecture}", emulated.count(readings))
        emulated.end()


def arm64(bench):
    counts(bench, "arm64")


def armhf(bench):
    counts(bench, "armhf")
