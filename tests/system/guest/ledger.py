# SPDX-License-Identifier: MIT
"""Records commands, replies and announced pictures, and checks the agent against them afterwards."""

import itertools
import json
import pathlib

from picture import Picture
from report import Failed, check, expect_equal, figure, run, wait_until

# Beside the commands a schedule takes pictures, and all are kept.
ARCHIVE = """
[archive]
max_size = "1GiB"
min_free = "0MiB"
[[schedule]]
name = "seconds"
every = "1s"
action = "capture"
width = 160
height = 120
"""
PICTURES = pathlib.Path("/var/lib/pi-edge-agent/pictures")
COMMANDS = ({"command": "start", "interval": "1s"}, {"command": "capture", "width": 320, "height": 240, "timeout": "30s"},
            {"command": "stop"}, {"command": "status"}, {"command": "start", "interval": "2s"})


class Ledger:
    """`keep(entry)` is called when a command is sent, when it is answered, and when a picture was announced. Each has one bus."""

    def __init__(self, entries=(), keep=lambda entry: None):
        self._keep = keep
        self.sent = {}      # transaction: command, in order
        self.answered = {}  # transaction: reply
        self.pictures = {}  # id: description
        self._heard = 0     # position on the bus
        for entry in entries:
            self._add(entry)

    def _add(self, entry):
        if "picture" in entry:
            self.pictures[entry["picture"]["id"]] = entry["picture"]
        elif "reply" in entry:
            self.answered[entry["transaction"]] = entry["reply"]
        else:
            self.sent[entry["transaction"]] = entry["command"]

    def _note(self, entry):
        self._add(entry)
        self._keep(entry)

    def _note_pictures(self, bus):
        messages = bus.heard(self._heard)
        self._heard += len(messages)
        for message in messages:
            if message.topic.endswith("/image"):
                self._note({"picture": message.json})

    def talk(self, bus, goes_on, seconds=15):
        """Sends commands while `goes_on()`. A command without a reply in time is skipped: its agent died."""
        for options in itertools.cycle(COMMANDS):
            if not goes_on():
                return
            # Recorded first: the power may fail after the command has run and before send() returns.
            request = bus.request(sending=lambda transaction, command=options: self._note(
                {"transaction": transaction, "command": command}), **options)
            try:
                reply, _ = bus.reply_to(request, seconds)
            except Failed:
                continue
            self._note({"transaction": request.transaction, "reply": reply})
            self._note_pictures(bus)

    def expected_publishing(self):
        """Returns the states that `publishing` may have: after the last answered start or stop, or after one sent later."""
        states = {"OFF"}
        for transaction, options in self.sent.items():
            state = {"start": "ON", "stop": "OFF"}.get(options["command"])
            if state is None:
                continue
            if transaction in self.answered:
                states = {state}
            else:
                states.add(state)
        return states

    def check(self, bus, device):
        """Checks that journal and agent agree with the replies."""
        rows = [json.loads(line) for line in run("pi-edge-agent", "journal", "--kind", "command", "--json").splitlines()]
        kept = {}
        for row in rows:
            kept.setdefault(row["transaction"], []).append((row["status"], row["code"]))
        missing = [t for t in self.answered if t not in kept]
        check(f"all {len(self.answered)} answered commands are in the journal", not missing, missing[:10])
        wrong = [(t, reply, kept[t]) for t, reply in self.answered.items() if (reply["status"], reply.get("code")) not in kept[t]]
        check("… with the outcome of the reply", not wrong, wrong[:3])
        since, _ = bus.ask("status")
        health = bus.wait("health", lambda m: m.topic == f"edge/{device}/health", since).json["journal"]
        expect_equal("the journal is sound", (health["status"], health["corrupt_rows"]), ("ok", 0))
        state = bus.wait("publishing", lambda m: m.topic == f"edge/{device}/publishing", since).payload.decode()
        check("the publishing state is restored", state in self.expected_publishing(), (state, self.expected_publishing()))
        figure("commands sent, answered", f"{len(self.sent)}, {len(self.answered)}")
        self._note_pictures(bus)
        self._check_pictures()

    def _check_pictures(self):
        """Checks that what was announced is on the disk, whole, and that no turn of the schedule ran twice."""
        def walk():  # while pictures go on being taken, delivered and moved to the archive
            files = {}
            for path in PICTURES.rglob("[0-9]*.jpg"):
                files.setdefault(path.stem.split("_", 3)[3], []).append(path)
            complete = self.pictures.keys() <= files.keys() and all(len(paths) == 1 for paths in files.values())
            return files if complete else None

        files = wait_until(f"all {len(self.pictures)} announced pictures are on the disk, once", walk)
        check(f"all {len(self.pictures)} announced pictures are among the {len(files)} on the disk, each once")
        for identity, (path,) in files.items():
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # moved to the archive since
                continue
            size = int(path.stem.split("_")[2])
            Picture(content[:size])
            if json.loads(content[size:])["id"] != identity:
                raise Failed(f"{path} has the description of another picture")
        check("… and whole: each decodes, and has its description")
        turns = [p["time"][:19] for p in self.pictures.values() if p["trigger"] == "schedule:seconds"]
        twice = sorted({t for t in turns if turns.count(t) > 1})
        check(f"none of the {len(turns)} turns of the schedule was taken twice", turns and not twice, twice[:10])
