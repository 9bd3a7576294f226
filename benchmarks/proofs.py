"""The proofs for any number of goroutines, model by model: goroutines tracked, situations, time, and the ablation.

    python benchmarks/proofs.py            print the table
    python benchmarks/proofs.py --write    put it into docs/proofs.md, between its markers

`no names`: without the holder's name in exclusive locks; `no published`: without published bits. Seconds are CPU
seconds of one run.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from verifier.model.document import CHECKS, Document
from verifier.model.read import read_model
from verifier.pipeline.load import program, read_front
from verifier.pipeline.options import Options
from verifier.program.program import Program
from verifier.prove.anynumber import Attempt, attempt
from verifier.prove.ghosts import Ghosts
from verifier.prove.values import INT
from verifier.verdict import Verdict

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "proofs.md"
LIMIT = 8.0
"""CPU seconds per attempt."""

VARIANTS = (Ghosts(), Ghosts(names=False), Ghosts(published=False), Ghosts(names=False, published=False))
HEAD = ("model", "race", "fatal", "panic", "k", "views", "time", "no names", "no published", "neither")

_BLOCK = re.compile(r"(<!-- table: python benchmarks/proofs.py -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One model: what was proved with all ghosts, and the ablation."""

    name: str
    tried: tuple[Attempt, ...]
    seconds: tuple[float, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        first = self.tried[0]
        proved = "any N" if first.proof is not None else "open"
        k, views = (str(first.proof.k), f"{len(first.proof.views):,}") if first.proof is not None else ("", "")
        others = (_short(t, s) for t, s in zip(self.tried[1:], self.seconds[1:], strict=True))
        return (self.name, proved, proved, proved, k, views, f"{self.seconds[0]:.2f} s", *others)


def models() -> list[Document]:
    """The model files that expect neither race nor fatal error nor panic."""
    documents = [read_model(str(p)) for p in sorted((ROOT / "models").glob("*.yaml"))]
    return [d for d in documents if not any(v is Verdict.UNSAFE for kind, v in d.expect if kind in CHECKS[:3])]


def lowered(document: Document) -> Program:
    """The program a proof works on."""
    front = read_front(document, Options())
    counts = tuple((role, 2) for role, _ in front.counts)
    front = replace(front, counts=counts, package=replace(front.package, clauses=()))
    return program(front, "abstract", replace(document.bounds, heap=max(2, document.bounds.heap), int=INT))


def row(document: Document) -> Row:
    """Try all variants on one model."""
    made = lowered(document)
    tried, seconds = [], []
    for ghosts in VARIANTS:
        began = time.process_time()
        tried.append(attempt(made, _until(began + LIMIT), largest=2, ghosts=ghosts))
        seconds.append(time.process_time() - began)
    return Row(document.name, tuple(tried), tuple(seconds))


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEAD, tuple("---" for _ in HEAD), *(r.cells for r in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _until(end: float) -> Callable[[], bool]:
    return lambda: time.process_time() > end


def _short(tried: Attempt, seconds: float) -> str:
    if tried.proof is None:
        return f"not in {LIMIT:g} s" if "time" in tried.reason else "not at k = 2"
    return f"k {tried.proof.k}, {len(tried.proof.views):,} views, {seconds:.2f} s"


def main(arguments: list[str]) -> int:
    """Print the table, or write it into the page."""
    made = table([row(d) for d in models()])
    print(made, end="")
    if "--write" in arguments:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_BLOCK.sub(lambda m: f"{m[1]}{made}{m[2]}", text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
