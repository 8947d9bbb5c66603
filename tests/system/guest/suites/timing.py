# SPDX-License-Identifier: MIT
"""From a command to a picture with the machine's camera: of what that time is made, and how long what people's scripts do takes."""

import re
import statistics
import subprocess
import sys
import time

from agent import CAMERA
from bus import Bus
from report import check, figure, run, wait_until
from setup import BASIC, at_work

SIZE = {"width": 640, "height": 480}
COUNT = 30
CONFIG = BASIC.replace("[camera]\n", '[camera]\nkeep_warm = "always"\n') + '[log]\nlevel = "debug"\n'
COURSE = re.compile(r"a picture of 640x480: its exposure began ([\d.]+) ms after the command, its frame came ([\d.]+) ms later, "
                    r"encoding took ([\d.]+) ms, its turn came ([\d.]+) ms later")


def prepare(state):
    """A machine whose camera is warm."""
    at_work(state, CONFIG)


def milliseconds(bus, command, topic):
    """From the command's leaving to the picture's arrival."""
    since, started = bus.position(), time.monotonic()
    bus.send(command, "capture")
    return (bus.wait(f"a picture on {topic}", lambda m: m.topic == topic, since, 120).at - started) * 1000


def described(values):
    return f"median {statistics.median(values):.1f} ms, longest {max(values):.1f} ms"


def ours(state):
    """The agent and its camera program."""
    bus = state["bus"]
    milliseconds(bus, "command", "jpeg")  # the first one is not warm
    mark = len(COURSE.findall(camera_log()))
    taken = []
    for _ in range(COUNT):
        time.sleep(0.3)  # not in step with the camera
        taken.append(milliseconds(bus, "command", "jpeg"))
    wait_until("the log has them all", lambda: len(COURSE.findall(camera_log())) >= mark + COUNT)
    courses = [[float(part) for part in course] for course in COURSE.findall(camera_log())[mark:mark + COUNT]]
    rest = [total - sum(course) for total, course in zip(taken, courses)]
    figure("ours, from the command to the picture", described(taken))
    names = ("the wait until the next exposure begins", "exposure, and all that makes a frame of it", "encoding",
             "waiting for a picture before it")
    for name, values in zip(names, zip(*courses)):
        figure(f"ours, of it {name}", f"{described(values)}, {sum(values) / sum(taken) * 100:.0f} %")
    figure("ours, of it everything else: both programs, broker and receiver",
           f"{described(rest)}, {sum(rest) / sum(taken) * 100:.0f} %")
    check("no picture waited for another", max(course[3] for course in courses) < 50, courses)
    state["ours"] = statistics.median(taken)


def camera_log():
    return run("journalctl", "--no-pager", "--output", "cat", "--unit", CAMERA)


def rivals(state):
    """A script that calls `cam` for each picture, and one that keeps OpenCV's VideoCapture open."""
    run("systemctl", "stop", "pi-edge-agent.service", "pi-edge-camera.socket", CAMERA)
    for how in ("cam", "videocapture"):
        bus = Bus()
        with open(f"/share/results/{how}.log", "wb") as log:
            script = subprocess.Popen([sys.executable, "/share/guest/rival.py", how], stdout=log, stderr=log)
        try:
            bus.wait(f"{how} is ready", lambda m: m.topic == f"{how}/status", 0, 180)
            milliseconds(bus, f"{how}/command", f"{how}/jpeg")
            taken = []
            for _ in range(COUNT if how != "cam" else 8):
                time.sleep(0.3)
                taken.append(milliseconds(bus, f"{how}/command", f"{how}/jpeg"))
            ages = [float(m.payload) for m in bus.heard(0, f"{how}/age")][1:]
            figure(f"{how}, from the command to the picture", f"{described(taken)}, {statistics.median(taken) / state['ours']:.2f} x ours")
            if ages:
                early = sum(1 for age in ages if age > 0)
                figure(f"{how}, the frame was there before the command", f"{early} of {len(ages)} times, by {described(ages)}")
        finally:
            script.terminate()
            script.wait(60)
            bus.close()


TESTS = [prepare, ours, rivals]
