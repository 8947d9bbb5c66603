# SPDX-License-Identifier: MIT
"""Records sent and answered commands, and checks the agent against them afterwards."""

import itertools
import json

from report import Failed, check, expect_equal, figure, run

COMMANDS = ({"command": "start", "interval": "1s"}, {"command": "capture", "width": 320, "height": 240, "timeout": "30s"},
            {"command": "stop"}, {"command": "status"}, {"command": "start", "interval": "2s"})


class Ledger:
    """`keep(entry)` is called when a command is sent, and again when it is answered."""

    def __init__(self, entries=(), keep=lambda entry: None):
        self._keep = keep
        self.sent = {}      # transaction: command, in order
        self.answered = {}  # transaction: reply
        for entry in entries:
            self._add(entry)

    def _add(self, entry):
        if "reply" in entry:
            self.answered[entry["transaction"]] = entry["reply"]
        else:
            self.sent[entry["transaction"]] = entry["command"]

    def _note(self, entry):
        self._add(entry)
        self._keep(entry)

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
