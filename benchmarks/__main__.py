"""Ratios beside SPIN, Rumur and TLC, all from one run: `python -m benchmarks`.

A peer that is not installed is named as missing, never guessed. On a shared machine only the ratios mean something.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.attempts import Setting
from benchmarks.machine import described
from benchmarks.page import page
from benchmarks.peers import missing
from benchmarks.sections import catalogue, counterexample, growth, imports, space, startup
from benchmarks.table import Table

SECTIONS: dict[str, Callable[[Setting], tuple[Table, ...]]] = {
    "a": startup.measure,
    "b": space.unreduced,
    "c": space.reduced,
    "d": growth.measure,
    "e": counterexample.measure,
    "f": catalogue.measure,
    "g": imports.measure,
}

LETTERS = """\
tables:
  a  start-up: the verdict on 25 states          b  a large state space, unreduced
  c  the same, reduced                           d  growth with the number of goroutines
  e  first counterexample                        f  every model of the catalogue
  g  where our start-up goes, by import
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, print, and write the page if asked; 1 when tools disagree or one failed."""
    given = parser().parse_args(arguments)
    setting = Setting(given.all, given.quick, given.tlc, missing(given.tlc))
    machine = described()
    if not given.json:
        print("; ".join(machine))
        for peer, reason in setting.absent.items():
            print(f"missing: {peer}: {reason}")
    tables: list[Table] = []
    for letter in given.only:
        for table in SECTIONS[letter](setting):
            tables.append(table)
            if not given.json:
                print(f"\n{table.text}", flush=True)
    if given.json:
        report = {"machine": machine, "missing": setting.absent, "tables": [t.plain for t in tables]}
        print(json.dumps(report, indent=2))
    if given.markdown is not None:
        told = " ".join(["python -m benchmarks", *arguments])
        Path(given.markdown).write_text(page(tables, machine, told), encoding="utf-8")
    return 1 if any(t.wrong for t in tables) else 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "python -m benchmarks",
        description=__doc__,
        epilog=LETTERS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--only", type=letters, default=tuple(SECTIONS), metavar="A,B", help="only these tables (default: all)")
    add("--quick", action="store_true", help="small sizes, one run each: for trying out")
    add("--all", action="store_true", help="the slow peers too: Rumur without symmetry, every n")
    add("--tlc", metavar="JAR", default=os.environ.get("TLC_CP"), help="class path of TLC (default: $TLC_CP)")
    add("--json", action="store_true", help="print one JSON object instead of tables")
    add("--markdown", metavar="FILE", help="write the tables to FILE as well")
    return made


def letters(text: str) -> tuple[str, ...]:
    """The tables of `--only`, in the order of the alphabet."""
    chosen = set(text.replace(",", ""))
    if not chosen or chosen - set(SECTIONS):
        raise argparse.ArgumentTypeError(f"tables are {', '.join(SECTIONS)}")
    return tuple(sorted(chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
