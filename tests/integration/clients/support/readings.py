# SPDX-License-Identifier: MIT
"""Every reading that an agent made, and where it ended."""

import time

from support import BASE, PATIENCE, decoded

TOPIC = f"{BASE}/sensor/room"
LATE = f"{TOPIC}/backlog"
HEALTH = f"{BASE}/health"


def health(client):
    """As it is now: `status` publishes it before it is answered, but another may have been on its way already."""
    before = len(client.on(HEALTH))
    client.command({"command": "status"})
    client.wait(HEALTH, count=before + 1)
    return decoded(client.on(HEALTH)[-1])


def settled(client, seconds=PATIENCE):
    """The account of the readings that health gives once none of them waits or is under way any more; that of the end where one
    still does."""
    deadline = time.monotonic() + seconds
    while (account := health(client)["readings"])["queued"] + account["under_way"] > 0 and time.monotonic() < deadline:
        client.wait_for_more(1)
    return account


def received(client):
    """The numbers of the readings that `client` heard, live or late, by the start of the agent (`boot`) that made them."""
    starts = {}
    for message in client.on(TOPIC) + client.on(LATE):
        reading = decoded(message)
        starts.setdefault(reading["boot"], set()).add(reading["seq"])
    return starts


def missing(client, produced):
    """What never came: of the last start of the agent `produced` readings are known to be, of earlier ones those up to the last heard."""
    starts = received(client)
    boots = list(starts)
    return {boot: sorted(set(range(1, (produced if boot == boots[-1] else max(numbers)) + 1)) - numbers)[:20]
            for boot, numbers in starts.items()}


def expect_nothing_lost(case, client, seconds=120):
    """Stops the readings; everything produced is delivered, and arrives at `client`, which has heard everything from the agent's
    start, and has kept its own session. Returns the account that health gives."""
    client.command({"command": "stop"})
    produced = health(client)["readings"]["produced"]

    def is_complete():
        return sum(len(numbers) for numbers in missing(client, produced).values()) == 0
    client.until(is_complete, lambda: f"readings did not come: {missing(client, produced)}", seconds)

    # One that the broker took and could not acknowledge any more comes twice: the second may still wait.
    account = settled(client)
    case.assertEqual((account["produced"], account["queued"], account["under_way"], account["dropped"]), (produced, 0, 0, 0), account)
    case.assertEqual(account["delivered"] + account["journaled"], produced, account)
    return account
