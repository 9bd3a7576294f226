"""The comparison with more repetitions than a test can afford.

python -m tests.gosem.conformance [TIMES]       every program, TIMES (10) times as often as in the tests
python -m tests.gosem.conformance keep [TIMES [WORD]]   the same (with WORD in their names); rare outcomes are kept
python -m tests.gosem.conformance hmap [TIMES]  the map of Go 1.23, which has to be the `go` on the path
python -m tests.gosem.conformance random [COUNT [FIRST]]   COUNT (200) random programs
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from verifier.gotest.toolchain import NoToolchain, go_version

from .case import Case
from .cases import ALL, HMAP
from .record import Effort
from .session import different, keep, model, record


def every_case(times: int, folder: Path, among: tuple[Case, ...], keeps: bool, word: str = "") -> int:
    """Compare every case; print what differs, and which rare outcomes were seen. The number of cases that differ."""
    usual = Effort()
    effort = Effort(
        usual.rounds * times,
        usual.race_rounds * times,
        usual.deaths * times,
        tight_deaths=20 * times,
        most_deaths=20 * times,
        thorough=True,
    )
    cases = tuple(replace(c, repeat=c.repeat if c.tight else c.repeat * times) for c in among if word in c.name)
    seen = record(folder, effort, cases)
    if keeps:
        keep(seen)
    wrong = outcomes = 0
    for c in cases:
        outcomes += len(seen[c.name])
        told = different(c, model(c.name), seen[c.name])
        wrong += bool(told)
        print(*(f"{c.name}: {line}" for line in told), sep="\n", end="\n" if told else "")
        for outcome in sorted(c.unlikely(model(c.name))):
            print(f"{c.name}: rare, {'seen' if outcome in seen[c.name] else 'not seen'}: {outcome}")
    print(f"{len(cases)} programs, {outcomes} outcomes observed, {wrong} programs differ")
    return wrong


def main(arguments: list[str]) -> int:
    """Run the command; 1 when something differs."""
    try:
        version = go_version()
    except NoToolchain as reason:
        print(reason)
        return 2
    print(version)
    words, numbers = [a for a in arguments if not a.isdigit()], [int(a) for a in arguments if a.isdigit()]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if words == ["random"]:
            from .random_programs import compare_many

            wrong = compare_many(*(numbers or [200]), folder=Path(folder))
        else:
            keeps, times = "keep" in words, numbers[0] if numbers else 10
            old = "hmap" in words
            if old != bool(re.search(r"go1\.(1\d|2[0-3])\b", version)):
                print("the rules of hmap are those of Go 1.23 and before, all others those of Go 1.27")
                return 2
            more = [w for w in words if w not in ("keep", "hmap")]
            wrong = every_case(times, Path(folder), HMAP if old else ALL, keeps, *more)
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
