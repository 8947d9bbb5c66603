# SPDX-License-Identifier: MIT
"""Memory of each program as PSS; of the running programs, only mosquitto shares libraries with it."""

import os
import time

import candidates
from processes import pss_mib
from report import Table

MANY = int(os.environ.get("EDGE_BENCH_CAPTURES", "100000"))
BATCH = 50
# After this long without work what was kept warm for it is given back.
SETTLED = 3


def pss(process):
    time.sleep(SETTLED)
    return [pss_mib([pid]) for pid in process.pids()]


def own(process):
    return pss_mib(process.pids(), "Pss_Dirty:")


def idle_agent(bench, table, row, **more):
    config = candidates.configuration(bench, "lone", camera="none", **more)
    process = bench.run([candidates.AGENT, "run", "--config", config], "lone", "edge/lone/status")
    table.add(row, [sum(pss(process)), 0.0, own(process)])
    bench.end(process)


def idle(bench):
    table = Table("Memory, PSS in MiB", ["agent", "camera program", "not from files"])
    idle_agent(bench, table, "idle, no camera")
    idle_agent(bench, table, "idle, TLS", servers=f"mqtts://127.0.0.1:{bench.tls_port}",
               extra=f'[mqtt.tls]\nca_file = "{bench.certificate}"\n')
    for width, height in [(640, 480), (1920, 1080)]:
        candidate = candidates.ours(bench, width, height, name=f"ours-{width}")
        for _ in range(20):
            candidate.capture()
        agent, camera = pss(candidate.process)
        table.add(f"after pictures of {width}x{height}", [agent, camera, own(candidate.process)])
        candidate.end()
    for name, make in {"floor": candidates.floor, "python": candidates.incumbent}.items():
        candidate = make(bench)
        for _ in range(20):
            candidate.capture()
        table.add(f"{name}, 640x480", [sum(pss(candidate.process)), 0.0, own(candidate.process)])
        candidate.end()
    table.print()


def growth(bench):
    """Memory after thousands of pictures and commands."""
    candidate = candidates.ours(bench)
    table = Table(f"Memory after {MANY} captures, and as many other commands; PSS in MiB", ["agent", "camera program"])

    def many(payload, topic):
        for _ in range(MANY // BATCH):
            candidate.wire.publish_many(f"{candidate.name}/command", [payload] * BATCH)
            for _ in range(BATCH):
                candidate.wire.read_from(topic)

    for _ in range(20):
        candidate.capture()
    table.add("before", pss(candidate.process))
    many(b"capture", f"{candidate.name}/jpeg")
    table.add("after the captures", pss(candidate.process))
    candidate.wire.subscribe(f"edge/{candidate.name}/response")
    many(b'{"command":"cancel"}', f"edge/{candidate.name}/response")
    table.add("after the commands", pss(candidate.process))
    table.print()
    size = os.path.getsize(f"{bench.directory}/{candidate.name}.db")
    print(f"the journal's file: {size / 2**20:.1f} MiB")
    candidate.end()


def libraries(bench):
    """Loaded libraries: neither OpenCV nor libcamera in the agent, and no OpenSSL state without TLS."""
    candidate = candidates.ours(bench)
    candidate.capture()
    for pid in candidate.process.pids():
        with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
            loaded = sorted({os.path.basename(line.split()[-1]) for line in file if ".so" in line})
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            print(f"{file.read().strip()}: {len(loaded)} libraries: {' '.join(loaded)}")
    candidate.end()
