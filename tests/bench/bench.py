# SPDX-License-Identifier: MIT
"""`bench.py [SECTION…]`: see scripts/bench."""

import sys

from candidates import Bench
from sections import arm, captures, fleet, instructions, journal, line, live, memory, motion, readings, start, threads

SECTIONS = {
    "sizes": captures.sizes,
    "idle": captures.after_idleness,
    "many": captures.many,
    "line": line.line,
    "live": live.live,
    "threads": threads.threads,
    "instructions": instructions.instructions,
    "start": start.start,
    "memory": memory.idle,
    "libraries": memory.libraries,
    "growth": memory.growth,
    "regular": readings.regular,
    "rest": readings.cost,
    "journal": journal.journal,
    "motion": motion.motion,
    "fleet": fleet.fleet,
    "arm64": arm.arm64,
    "armhf": arm.armhf,
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
