# SPDX-License-Identifier: MIT
"""What the units keep away from the programs, tried from inside of them."""

import errno
import os
import pathlib
import subprocess

from agent import AGENT, CAMERA, check_no_listener, expect_sandbox, processes
from report import check, expect_equal, run, wait_until
from suites import tls

# Joins the unit's control group as root, whom only that group's device rules can refuse, and opens what the arguments name.
OPEN = """
import os, sys
with open(f"/sys/fs/cgroup{sys.argv[1]}/cgroup.procs", "w") as group: group.write(str(os.getpid()))
for path in sys.argv[2:]:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        print(path, 0)
    except OSError as error:
        print(path, error.errno)
"""


def open_in(unit, *paths):
    """What opening `paths` gives in a unit: 0 or an errno, for each."""
    group = run("systemctl", "show", "--value", "--property", "ControlGroup", unit)
    lines = run("python3", "-c", OPEN, group, *paths).splitlines()
    return {path: int(code) for path, code in (line.rsplit(" ", 1) for line in lines)}


def devices(state):
    """The devices that the agent may open."""
    paths = [str(path) for path in (*pathlib.Path("/dev").glob("video*"), *pathlib.Path("/dev").glob("media*"))]
    check(f"there are a camera's devices: {len(paths)}", len(paths) >= 2, paths)
    expect_equal("the agent's unit may open none of them", set(open_in(AGENT, *paths, "/dev/mem", "/dev/vda").values()),
                 {errno.EPERM})
    expect_sandbox(AGENT, "pi-edge-agent")
    check_no_listener()


def inside(unit, *command):
    """Runs a command in the namespaces of a unit's process, as its user."""
    pid = processes(unit)[0]
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    user = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
    return subprocess.run(["nsenter", "--target", str(pid), "--mount", "--net", "setpriv", "--reuid", user, "--clear-groups", *command],
                          capture_output=True, text=True, check=False, timeout=60)


def camera(state):
    """What the camera program sees."""
    _, reply = state["bus"].ask({"command": "capture", "timeout": "60s"}, 90)
    check("(it is running)", reply["status"] == "ok" and wait_until("camera", lambda: processes(CAMERA)), reply)
    links = inside(CAMERA, "cat", "/proc/net/dev").stdout.splitlines()[2:]
    expect_equal("the camera program's network has the loopback interface alone", [line.split(":")[0].strip() for line in links],
                 ["lo"])
    journal = inside(CAMERA, "ls", "/var/lib/pi-edge-agent")
    check("… and it cannot look where the journal is", journal.returncode != 0, journal)
    expect_sandbox(CAMERA, "pi-edge-camera")


def secrets(state):
    """Where the password is to be found."""
    secret = tls.PASSWORD.encode()
    places = [*pathlib.Path("/proc").glob("[0-9]*/cmdline"), *pathlib.Path("/proc").glob("[0-9]*/environ"),
              *pathlib.Path("/var/lib/pi-edge-agent").glob("*"), *pathlib.Path("/var/log").rglob("*")]
    found = []
    for place in places:
        try:
            if place.is_file() and secret in place.read_bytes():
                found.append(str(place))
        except OSError:
            pass  # a process that has ended meanwhile
    logged = run("journalctl", "--no-pager", "--output", "cat")
    check(f"the password is in none of {len(places)} places: command lines, environments, journal, logs",
          not found and tls.PASSWORD not in logged, found)
    heard = [m.topic for m in state["bus"].heard() if secret in m.payload]
    check("… and nothing that was published has it", not heard, heard)
    check("(the search would find it)", secret in pathlib.Path(f"/run/credentials/{AGENT}/mqtt").read_bytes())
    os.sync()
