"""A long comparison of the product with the interpreter, with every disagreement shrunk.

python -m tests.property.campaign PROGRAMS_PER_FAMILY [FIRST_SEED [FAMILY …]]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from . import programs as go
from .compare import compare
from .dialects import DIALECTS
from .generate import EVERY, from_seed
from .text import to_yaml


def smaller_blocks(block: go.Block) -> Iterator[go.Block]:
    """`block` with one statement dropped, replaced by its body, or made smaller inside."""
    for i, s in enumerate(block):
        yield block[:i] + block[i + 1 :]
        for f in fields(s):
            part = getattr(s, f.name)
            if isinstance(part, tuple):
                yield block[:i] + part + block[i + 1 :]
                for inner in smaller_blocks(part):
                    change: dict[str, Any] = {f.name: inner}
                    yield (*block[:i], replace(s, **change), *block[i + 1 :])


def smaller(program: go.Program) -> Iterator[go.Program]:
    for g, body in enumerate(program.bodies):
        if len(program.bodies) > 1:
            yield replace(program, bodies=program.bodies[:g] + program.bodies[g + 1 :])
        for block in smaller_blocks(body):
            yield replace(program, bodies=(*program.bodies[:g], block, *program.bodies[g + 1 :]))


def shrink(program: go.Program, fails: Callable[[go.Program], bool]) -> go.Program:
    """The smallest program reached by dropping things while it still fails."""
    while True:
        better = next((p for p in smaller(program) if fails(p)), None)
        if better is None:
            return program
        program = better


def outcome(program: go.Program, folder: Path, dialect: str) -> tuple[str, tuple[str, ...]]:
    """(kind, what is wrong); an exception of the product counts as wrong too."""
    try:
        result = compare(program, folder, limit=4_000, dialect=dialect)
    except Exception as error:  # what the campaign is looking for
        return "crashed", (f"{type(error).__name__}: {str(error)[:200]}",)
    return result.kind, result.differences + tuple(f"{name}: product UNKNOWN" for name in result.unknown)


def sort_of(wrong: tuple[str, ...]) -> str:
    """What kind of disagreement it is, so that shrinking does not drift from one to another."""
    return wrong[0][:40] if wrong else ""


def still(sort: str, folder: Path, dialect: str, program: go.Program) -> bool:
    """Whether `program` shows the disagreement `sort`."""
    return sort_of(outcome(program, folder, dialect)[1]) == sort


def run(family: str, features: tuple[str, ...], seeds: range, folder: Path) -> None:
    """Compare and print; only the first of each sort of disagreement is shrunk."""
    tally: Counter[str] = Counter()
    shown: set[str] = set()
    began = time.monotonic()
    for seed in seeds:
        program = from_seed(seed, features)
        dialect = DIALECTS[seed % len(DIALECTS)]
        kind, wrong = outcome(program, folder, dialect)
        tally[kind] += 1
        sort = sort_of(wrong)
        if not wrong:
            continue
        tally["WRONG " + sort] += 1
        if sort in shown:
            continue
        shown.add(sort)
        if sort_of(outcome(program, folder, "plain")[1]) == sort:
            dialect = "plain"
        same = partial(still, sort, folder, dialect)
        least = shrink(program, same)
        print(
            f"--- {family} seed {seed}: {outcome(least, folder, dialect)[1]}\n{to_yaml(least, dialect=dialect)}",
            flush=True,
        )
    print(f"{family}: {dict(tally)} {time.monotonic() - began:.0f} s", flush=True)


def main(arguments: list[str]) -> None:
    count = int(arguments[0])
    first = int(arguments[1]) if len(arguments) > 1 else 0
    with tempfile.TemporaryDirectory() as folder:
        for family in arguments[2:] or EVERY:
            run(family, EVERY[family], range(first, first + count), Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
