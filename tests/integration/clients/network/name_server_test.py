# SPDX-License-Identifier: MIT
"""A name server that does not answer: nothing else waits for it. Runs in a network namespace of its own, where 127.0.0.1 is the name
server that /etc/resolv.conf names."""

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from datetime import datetime

from readings import LATE, TOPIC, expect_nothing_lost
from support import PATIENCE, STATUS, Agent, AgentCase, Broker, decoded

INSIDE = "EDGE_TEST_NAMESPACE"
STALL = 20  # seconds: longer than the agent gives a server


def enter_namespace():
    """Starts this program again, as root of namespaces of its own."""
    command = ["unshare", "--net", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    os.execvpe("unshare", [*command, sys.executable, "-B", *sys.argv], os.environ | {INSIDE: "yes"})


def prepare_namespace():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as file:
        file.write(f"nameserver 127.0.0.1\noptions timeout:{STALL} attempts:1\n")
    os.chmod(file.name, 0o644)
    target = os.path.realpath("/etc/resolv.conf")
    is_missing = not os.path.exists(target)  # on a machine that knows its names from /etc/hosts alone
    if is_missing:
        open(target, "w", encoding="ascii").close()
    subprocess.run(["mount", "--bind", file.name, target], check=True)
    os.unlink(file.name)

    def clean_up():
        subprocess.run(["umount", target], check=False)
        if is_missing:
            os.unlink(target)
    atexit.register(clean_up)


class Listener:
    """Keeps when something came on a datagram socket, and answers nothing."""

    def __init__(self, family, address, wanted=b""):
        self.times = []
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._wanted = wanted
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            if self._wanted in self._socket.recv(4096):
                self.times.append(time.monotonic())


class NameServer(AgentCase):
    def setUp(self):
        self.queries = Listener(socket.AF_INET, ("127.0.0.1", 53))
        directory = tempfile.mkdtemp(prefix="edge-notify-")
        self.addCleanup(lambda: subprocess.run(["rm", "-r", directory], check=False))
        self.pings = Listener(socket.AF_UNIX, f"{directory}/notify", b"WATCHDOG=1")
        self.broker = Broker().start()
        self.addCleanup(self.broker.close)
        servers = [f"mqtt://{host}:{self.broker.port}" for host in ("stalls.example", "127.0.0.1")]
        self.agent = Agent(self.broker, servers=servers, telemetry='on_boot = "start"',
                           environment={"NOTIFY_SOCKET": f"{directory}/notify", "WATCHDOG_USEC": "4000000"})
        self.addCleanup(self.agent.close)
        self.client = self.connect()

    def test_disturbs_neither_the_readings_nor_the_watchdog(self):
        began = time.monotonic()
        self.agent.launch()
        self.client.wait(STATUS, lambda m: m.payload == b"online" and not m.retain, timeout=PATIENCE + STALL)
        stalled = time.monotonic() - began
        self.assertGreater(len(self.queries.times), 0, "the name server was asked")
        self.assertGreater(stalled, 5, "the name server kept the agent waiting")

        self.client.wait(LATE, count=int(stalled * 2))  # started on boot, five a second
        expect_nothing_lost(self, self.client)
        times = sorted({datetime.fromisoformat(decoded(m)["time"].replace("Z", "+00:00"))
                        for m in self.client.on(LATE) + self.client.on(TOPIC)})
        longest = max((later - earlier).total_seconds() for earlier, later in zip(times, times[1:]))
        during = [t for t in self.pings.times if t - began < stalled]
        silence = max(later - earlier for earlier, later in zip([began, *during], [*during, began + stalled]))
        print(f"stalled for {stalled:.1f} s: longest time between two readings {longest:.2f} s, between two signs of life {silence:.2f} s")
        self.assertLess(longest, stalled / 5)
        self.assertLess(silence, 4, "the watchdog would have ended it")


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter_namespace()
    prepare_namespace()
    unittest.main()
