# SPDX-License-Identifier: MIT
"""Two hosts on one machine: this network namespace, and another one behind a line whose speed and delay can be changed. Runs as root,
in a network namespace of its own (unshare --net) whose loopback is up."""

import os
import subprocess
import time

NEAR, FAR = "10.55.0.1", "10.55.0.2"
# What tc puts on both ends of the line. Half of the delay is on each way.
LINES = {
    "fast": [],
    "2 Mbit/s": ["tbf", "rate", "2mbit", "burst", "5kb", "latency", "50ms"],
    "200 ms delay": ["netem", "delay", "100ms", "limit", "10000"],
}
BITS_PER_SECOND = {"2 Mbit/s": 2e6}


class FarSide:
    def __init__(self):
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self.process.pid))
        run("ip", "address", "add", f"{NEAR}/24", "dev", "near")
        run("ip", "link", "set", "near", "up")
        for command in (["address", "add", f"{FAR}/24", "dev", "far"], ["link", "set", "far", "up"], ["link", "set", "lo", "up"]):
            run(*self.there("ip", *command))

    def there(self, *command):
        """The command, to be run on the far side."""
        return ["nsenter", f"--net=/proc/{self.process.pid}/ns/net", *command]

    def shape(self, line):
        """Returns whether this kernel can do it: netem is a module of its own."""
        for command in (["tc", "qdisc", "%s", "dev", "near", "root"], self.there("tc", "qdisc", "%s", "dev", "far", "root")):
            change = [word.replace("%s", "replace" if LINES[line] else "del") for word in command]
            done = subprocess.run(change + LINES[line], capture_output=True, text=True, check=False)
            if LINES[line] and done.returncode != 0:
                return False
        return True

    def close(self):
        self.process.kill()
        self.process.wait()


def run(*command):
    subprocess.run(command, check=True)
