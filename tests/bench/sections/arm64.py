# SPDX-License-Identifier: MIT
"""Instructions of a picture on 64-bit ARM, counted while qemu-user runs Debian's arm64 libraries and our arm64 programs. Repeatable,
user space only; times on a Pi are estimates and marked as such."""

import os
import socket
import subprocess
import tempfile
import time

import candidates
from candidates import BUILD, PATIENCE, Candidate, configuration

ROOT = os.environ.get("EDGE_BENCH_ARM64", "")
COUNT = 5
# Clock in GHz and instructions a cycle, from what in-order (A53) and out-of-order cores make of code of this kind: SIMD and table
# look-ups out of the first-level cache. The range is the honest part of it.
BOARDS = {"Zero 2 W (A53, 1.0 GHz)": (1.0, 0.6, 1.1), "Pi 3B+ (A53, 1.4 GHz)": (1.4, 0.6, 1.1),
          "Pi 4 (A72, 1.8 GHz)": (1.8, 1.1, 1.9), "Pi 5 (A76, 2.4 GHz)": (2.4, 1.8, 3.2)}


class Counter:
    """The trace of one emulated program, and the process that counts it."""

    def __init__(self, directory, name):
        self.trace = f"{directory}/{name}.trace"
        os.mkfifo(self.trace)
        self.process = subprocess.Popen([f"{BUILD}/bin/bench_trace_counter", self.trace], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=candidates.die_with_parent)

    def emulated(self, program, *arguments):
        return ["qemu-aarch64-static", "-L", ROOT, "-d", "in_asm,exec,nochain", "-D", self.trace,
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


def picture(bench, width, height):
    with tempfile.TemporaryDirectory() as directory:
        config = configuration(bench, "ours", width, height, camera_extra=f'socket = "{directory}/camera.socket"')
        camera_counter, agent_counter = Counter(directory, "camera"), Counter(directory, "agent")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(f"{directory}/camera.socket")
        listener.listen(4)
        os.set_inheritable(listener.fileno(), True)
        command = " ".join(camera_counter.emulated("pi-edge-camera", "--config", config))
        with open(f"{bench.directory}/camera.log", "ab") as log:
            camera = subprocess.Popen(["bash", "-c", f"exec 3<&{listener.fileno()}; LISTEN_FDS=1 LISTEN_PID=$$ exec {command}"],
                                      close_fds=False, stdout=log, stderr=log, preexec_fn=candidates.die_with_parent)
        agent = Candidate(bench, "ours", agent_counter.emulated("pi-edge-agent", "run", "--config", config), "edge/ours/status")
        for _ in range(3):
            agent.capture()
        time.sleep(1)
        running = {"agent": (agent_counter, agent.process.pid), "camera": (camera_counter, camera.pid)}
        for counter, _ in running.values():
            counter.ask("begin")
        for _ in range(COUNT):
            agent.capture()
        rows = [(count / COUNT, name, file) for name, (counter, pid) in running.items() for count, file in counter.ask(f"end {pid}")]
        agent.end()
        camera.terminate()
        camera.wait(PATIENCE)
        camera_counter.end()
        agent_counter.end()

    total = sum(row[0] for row in rows)
    encoder = sum(row[0] for row in rows if "libturbojpeg" in row[2])
    print(f"\nInstructions of a picture on arm64, {width}x{height}, both programs: {total:,.0f}; the encoder {encoder:,.0f}; "
          f"outside of it {(total - encoder) / total * 100:.1f} %")
    for count, name, file in sorted(rows, reverse=True):
        if count / total >= 0.005:
            print(f"  {count:12,.0f} {count / total * 100:5.1f} %  {name:7} {file}")
    print("ESTIMATES of the processor time of that, without the kernel's part:")
    for board, (clock, slow, fast) in BOARDS.items():
        print(f"  {board:26} {total / clock / fast / 1e6:5.1f} to {total / clock / slow / 1e6:.1f} ms")


def pictures(bench):
    if not ROOT:
        raise SystemExit("EDGE_BENCH_ARM64 is not set: run scripts/bench arm64")
    for width, height in ((640, 480), (1920, 1080)):
        picture(bench, width, height)
