# SPDX-License-Identifier: MIT
"""`bench.py [SECTION…]`: see scripts/bench."""

import sys

import arm64
import captures
import fleet
import instructions
import journal
import line
import memory
import motion
import readings
import start
import threads
from candidates import Bench

SECTIONS = {
    "sizes": captures.sizes,
    "idle": captures.after_idleness,
    "many": captures.many,
    "line": line.line,
    "threads": threads.threads,
    "instructions": instructions.picture,
    "start": start.start,
    "memory": memory.idle,
    "libraries": memory.libraries,
    "growth": memory.growth,
    "regular": readings.regular,
    "rest": readings.cost,
    "journal": journal.journal,
    "motion": motion.motion,
    "fleet": fleet.fleet,
    "arm64": arm64.pictures,
}


def main():
    for name in sys.argv[1:] or SECTIONS:
        bench = Bench()
        try:
            SECTIONS[name](bench)
        finally:
            bench.close()


if __name__ == "__main__":
    main()
