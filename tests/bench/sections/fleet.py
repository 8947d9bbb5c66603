# SPDX-License-Identifier: MIT
"""Many agents on one broker: real processes with a simulated sensor and no camera. All answer one broadcast `start`."""

import os
import statistics
import time

import candidates
from candidates import AGENT, Process
from processes import cpu_seconds, pss_mib
from report import Table

COUNTS = [int(count) for count in os.environ.get("EDGE_BENCH_FLEET", "10,100,1000").split(",")]
SENSOR = '[telemetry]\ninterval = "2s"\n[[sensor]]\nname = "room"\ntype = "simulated"\n'
MEASURED = 20


def fleet(bench):
    table = Table("A fleet on one broker", ["all online s", "all answered s", "agent MiB", "agents CPU %", "broker CPU %"])
    for count in COUNTS:
        names = [f"fleet-{index}" for index in range(count)]
        wire = bench.wire("bench-fleet")
        wire.subscribe("edge/+/status")
        started = time.perf_counter()
        agents = []
        for name in names:
            config = candidates.configuration(bench, name, camera="none", extra=SENSOR, command="command")
            agents.append(Process([AGENT, "run", "--config", config], bench.directory))
        online = set()
        while len(online) < count:
            topic, payload = wire.read()
            if payload == b"online":
                online.add(topic)
        up = time.perf_counter() - started
        wire.close()

        wire = bench.wire("bench-fleet")
        wire.subscribe("edge/+/response")
        started = time.perf_counter()
        wire.publish("command", b"start")
        answered = set()
        while len(answered) < count:
            answered.add(wire.read()[0])
        told = time.perf_counter() - started
        wire.close()

        pids = [agent.pid for agent in agents]
        before = cpu_seconds(pids), bench.broker.cpu()
        time.sleep(MEASURED)
        agents_cpu = (cpu_seconds(pids) - before[0]) / MEASURED * 100
        broker_cpu = (bench.broker.cpu() - before[1]) / MEASURED * 100
        memory = statistics.mean(pss_mib([pid]) for pid in pids)
        table.add(f"{count} agents", [up, told, memory, agents_cpu, broker_cpu])
        for agent in agents:
            agent.process.terminate()
        for agent in agents:
            agent.stop()
        for name in names:
            forget = bench.wire("bench-forget")
            forget.forget(f"edge/{name}/status")
            forget.close()
    table.print()
