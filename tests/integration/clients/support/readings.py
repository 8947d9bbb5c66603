# SPDX-License-Identifier: MIT
"""An account of every reading that an agent produced."""

import time

from support import BASE, PATIENCE, decoded

TOPIC = f"{BASE}/sensor/room"
LATE = f"{TOPIC}/backlog"
HEALTH = f"{BASE}/health"


def health(client):
    """Returns the present health: `status` publishes it before the reply, but an older one may still be in flight."""
    before = len(client.on(HEALTH))
    client.command({"command": "status"})
    client.wait(HEALTH, count=before + 1)
    return decoded(client.on(HEALTH)[-1])


def settled(client, seconds=PATIENCE):
    """Returns health's account of the readings when none is queued or in flight, or the last one after `seconds`."""
    deadline = time.monotonic() + seconds
    while (account := health(client)["readings"])["queued"] + account["under_way"] > 0 and time.monotonic() < deadline:
        client.wait_for_more(1)
    return account


def received(client):
    """Returns the sequence numbers that `client` received, live or late, by the agent's start (`boot`)."""
    starts = {}
    for message in client.on(TOPIC) + client.on(LATE):
        reading = decoded(message)
        starts.setdefault(reading["boot"], set()).add(reading["seq"])
    return starts


def missing(client, produced):
    """Returns missing sequence numbers: up to `produced` for the agent's last start, up to the last received for earlier ones."""
    starts = received(client)
    boots = list(starts)
    return {boot: sorted(set(range(1, (produced if boot == boots[-1] else max(numbers)) + 1)) - numbers)[:20]
            for boot, numbers in starts.items()}


def expect_nothing_lost(case, client, seconds=120):
    """Stops the readings and expects that every one arrives at `client`, which must have subscribed before the agent's start with a
    persistent session. Returns health's account."""
    client.command({"command": "stop"})
    produced = health(client)["readings"]["produced"]

    def is_complete():
        return sum(len(numbers) for numbers in missing(client, produced).values()) == 0
    client.until(is_complete, lambda: f"missing readings: {missing(client, produced)}", seconds)

    # A reading whose acknowledgement was lost is sent twice; the second may still be queued.
    account = settled(client)
    case.assertEqual((account["produced"], account["queued"], account["under_way"], account["dropped"]), (produced, 0, 0, 0), account)
    case.assertEqual(account["delivered"] + account["journaled"], produced, account)
    return account
