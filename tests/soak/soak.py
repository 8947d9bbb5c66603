# SPDX-License-Identifier: MIT
"""soak.py --hours H [--seed N]: broker, network, agent, and a fault every minute or so. In the end: what became of every reading,
how memory and descriptors developed, and whether every command was answered."""

import argparse
import json
import os
import random
import signal
import sys
import time

from proxy import Proxy
from readings import LATE, TOPIC, health, settled
from support import RESPONSE, STATUS, Agent, Broker, Client, decoded

FLUSH = 1       # seconds: what a kill -9 may cost of the readings that wait
INTERVAL = 0.2
PATIENCE = 120  # seconds until something works again after a fault
EXTRA = f'flush = "{FLUSH}s"\n'  # in [journal], which comes last


class Life:
    """One start of the agent: its memory and descriptors over time."""

    def __init__(self):
        self.began = time.monotonic()
        self.samples = []  # seconds, KiB, descriptors

    def slope(self):
        """KiB an hour, by least squares, without the first tenth, in which caches fill."""
        samples = [(t, m) for t, m, _ in self.samples[len(self.samples) // 10:]]
        if len(samples) < 10:
            return None
        mean_t = sum(t for t, _ in samples) / len(samples)
        mean_m = sum(m for _, m in samples) / len(samples)
        spread = sum((t - mean_t) ** 2 for t, _ in samples)
        return 3600 * sum((t - mean_t) * (m - mean_m) for t, m in samples) / spread


class Soak:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.broker = Broker("max_queued_messages 0").start()
        self.proxy = Proxy(self.broker.port)
        self.agent = Agent(self.broker, extra=EXTRA, mqtt='keep_alive = "5s"', servers=[f"mqtt://127.0.0.1:{self.proxy.port}"])
        self.client = Client(self.broker, "#", session="looks-on")
        self.lives = [Life()]
        self.kills = []     # wall clock
        self.faults = {}
        self.unanswered = []
        self.commands = 0
        self.slowest = 0.0

    # What can happen.

    def cut(self):
        self.proxy.cut()

    def half_open(self):
        self.proxy.freeze()

    def nobody_listens(self):
        self.proxy.refuse()
        self.proxy.cut()
        time.sleep(self.random.uniform(1, 20))
        self.proxy.listen()

    def no_answer(self):
        self.proxy.answer(b"")
        self.proxy.cut()
        time.sleep(self.random.uniform(1, 15))
        self.proxy.answer(None)
        self.proxy.cut()

    def garbage(self):
        self.proxy.answer(self.random.randbytes(200))
        self.proxy.cut()
        time.sleep(self.random.uniform(1, 5))
        self.proxy.answer(None)
        self.proxy.cut()

    def slow_link(self):
        self.proxy.slow_down(delay=0.05, rate=50_000)
        time.sleep(self.random.uniform(5, 15))
        self.proxy.slow_down()

    def broker_restarts(self):
        self.broker.stop()
        time.sleep(self.random.uniform(0, 20))
        self.broker.start()

    def camera_program_dies(self):
        for child in open(f"/proc/{self.agent.process.pid}/task/{self.agent.process.pid}/children", encoding="ascii").read().split():
            os.kill(int(child), signal.SIGKILL)

    def flood(self):
        for number in range(3000):
            self.client.paho.publish("command", f"flood {number}", 0)

    def agent_is_killed(self):
        self.kills.append(time.time())
        self.agent.stop(signal.SIGKILL)
        self.restart()

    def agent_restarts(self):
        self.agent.stop()
        self.restart()

    def restart(self):
        self.agent.launch()
        self.lives.append(Life())

    OFTEN = (cut, half_open, nobody_listens, no_answer, garbage, slow_link, broker_restarts, camera_program_dies, flood)
    SELDOM = (agent_is_killed, agent_restarts)

    # What must be true again after it.

    def command(self, **options):
        self.commands += 1
        transaction = f"soak-{self.commands}"
        before = time.monotonic()
        deadline = before + PATIENCE
        while time.monotonic() < deadline:
            self.client.publish("command", json.dumps({**options, "transaction": transaction}))
            try:
                reply = self.client.wait(RESPONSE, lambda m: decoded(m).get("transaction") == transaction, timeout=PATIENCE / 4)
                self.slowest = max(self.slowest, time.monotonic() - before)
                return decoded(reply)
            except AssertionError:
                continue  # sent at the moment of the fault, and lost with the broker: once more
        self.unanswered.append((transaction, options))
        return {}

    def sample(self):
        report = health(self.client)
        descriptors = len(os.listdir(f"/proc/{self.agent.process.pid}/fd"))
        life = self.lives[-1]
        life.samples.append((time.monotonic() - life.began, report["memory_kib"], descriptors))

    def round(self, number):
        fault = self.random.choice(self.SELDOM if number % 20 == 19 else self.OFTEN)
        self.faults[fault.__name__] = self.faults.get(fault.__name__, 0) + 1
        began = time.monotonic()
        fault(self)
        self.command(command="status")
        self.command(command="capture", width=320, height=240, timeout="30s")
        self.command(command="start", interval=f"{int(INTERVAL * 1000)}ms")
        self.sample()
        print(f"{time.strftime('%H:%M:%S')} {fault.__name__}: at work again within {time.monotonic() - began:.1f} s", flush=True)

    def unexplained(self, produced):
        """Missing readings that no kill -9 of the last FLUSH seconds accounts for."""
        times, boots = {}, []
        for message in self.client.on(TOPIC) + self.client.on(LATE):
            reading = decoded(message)
            if reading["boot"] not in times:
                boots.append(reading["boot"])
            times.setdefault(reading["boot"], {})[reading["seq"]] = reading["time"]
        lost, excused = [], 0
        for boot, numbers in times.items():
            last = produced if boot == boots[-1] else max(numbers)
            for number in range(1, last + 1):
                if number in numbers:
                    continue
                before = max((n for n in numbers if n < number), default=None)
                at = parse(numbers[before]) + (number - before) * INTERVAL if before else 0
                if any(at - 1 <= kill <= at + FLUSH + 2 for kill in self.kills):
                    excused += 1
                else:
                    lost.append((boot[:8], number))
        return lost, excused, sum(len(numbers) for numbers in times.values())

    def run(self, hours):
        self.agent.launch()
        self.client.wait(STATUS, lambda m: m.payload == b"online", timeout=PATIENCE)
        self.command(command="start", interval=f"{int(INTERVAL * 1000)}ms")
        end = time.monotonic() + hours * 3600
        number = 0
        while time.monotonic() < end:
            began = time.monotonic()
            self.round(number)
            number += 1
            rest = self.random.uniform(20, 60) - (time.monotonic() - began)
            time.sleep(max(0, min(rest, end - time.monotonic())))
        return self.report(number)

    def report(self, rounds):
        self.command(command="stop")
        account = settled(self.client, PATIENCE)
        lost, excused, arrived = self.unexplained(account["produced"])
        print(f"\n{rounds} faults: {self.faults}")
        print(f"readings: {arrived} arrived, {len(lost)} unexplained, {excused} within {FLUSH} s of one of {len(self.kills)} kills")
        print(f"this life's account: {account}")
        print(f"commands: {self.commands}, unanswered {len(self.unanswered)}, the slowest {self.slowest:.1f} s; "
              f"pictures {len(self.client.on('jpeg'))}")
        for life in self.lives:
            if (slope := life.slope()) is not None:
                counts = [descriptors for _, _, descriptors in life.samples]
                print(f"a life of {life.samples[-1][0] / 60:.0f} min: memory {life.samples[0][1]} to {life.samples[-1][1]} KiB, "
                      f"{slope:+.0f} KiB an hour; descriptors {min(counts)} to {max(counts)}")
        crashes = [line for line in self.agent.log().splitlines() if "terminate called" in line or "Sanitizer" in line]
        passed = not lost and not self.unanswered and not crashes
        print("passed" if passed else f"FAILED: lost {lost[:20]}, unanswered {self.unanswered[:5]}, crashes {crashes[:5]}")
        return passed

    def close(self):
        for part in (self.client, self.agent, self.proxy, self.broker):
            part.close()


def parse(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone + float(text[19:-1])


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--hours", type=float, required=True)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    options = arguments.parse_args()
    print(f"seed {options.seed}", flush=True)
    soak = Soak(options.seed)
    try:
        return 0 if soak.run(options.hours) else 1
    except BaseException:
        print(f"--- the agent's log\n{soak.agent.log()[-6000:]}")
        raise
    finally:
        soak.close()


if __name__ == "__main__":
    sys.exit(main())
