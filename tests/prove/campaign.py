"""Many random programs: proved for any number of goroutines must mean that a few of them show nothing wrong.

python -m tests.prove.campaign PROGRAMS_PER_CLASS [FIRST_SEED [CLASS …]]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

STATES = 12_000
"""Explored at most per program and number of goroutines."""


def main(arguments: list[str]) -> int:
    """Print a tally per class; exit 1 if anything was proved wrongly or crashed."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from .judge import judge
    from .randoms import CLASSES, case

    programs, first = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0
    wrong = 0
    for kind in arguments[2:] or CLASSES:
        tally: Counter[str] = Counter()
        began = time.monotonic()
        for seed in range(first, first + programs):
            try:
                found = judge(case(kind, seed), STATES, confirm=seed % 4 == 0)
            except Exception as error:  # what the campaign is looking for
                tally["crashed"] += 1
                print(f"{kind} {seed}: {type(error).__name__}: {error}", flush=True)
                continue
            tally[found.answer] += 1
            tally["proved, exploration cut off"] += found.cut
            if found.answer == "bad view" and seed % 4 == 0:
                tally["bad view, bug searched"] += 1
                tally["bad view, bug found"] += found.confirmed
                if not found.confirmed:
                    print(f"{kind} {seed}: bad view without a bug", flush=True)
            if found.answer == "gave up":
                tally[f"gave up: {found.reason}"] += 1
            if found.wrong:
                tally["WRONG"] += 1
                print(f"{kind} {seed}: proved, but {found.wrong}", flush=True)
        wrong += tally["WRONG"] + tally["crashed"]
        print(f"{kind}: {programs} programs, {time.monotonic() - began:.0f} s: {dict(tally)}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
