"""Make docs/mutants.md: for every SAFE model of the catalogue its protective steps, each taken away in turn.

python docs/mutants.py            judge every mutant (a minute or two) and rewrite the page
python docs/mutants.py MODEL…     the same for some models, printed and not written
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from verifier.evidence.mutant import Mutant
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.mutate.cache import Cache, directory, tool_digest
from verifier.mutate.judge import Budget
from verifier.mutate.mutants import mutants
from verifier.mutate.pool import Pool, processors
from verifier.pipeline import Options, verify
from verifier.report.mutants import outcome
from verifier.verdict import Verdict

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
PAGE = HERE / "mutants.md"

TOP = """\
# What each protective step is needed for

Every model of the catalogue that is SAFE, with each of its protective steps taken away or weakened in turn, and the
first property that then no longer holds. *Not noticed* comes with a reason that was worked out from the model: nobody
can tell, or it takes more goroutines, or another property. `verify MODEL --mutants` prints this table for any model.

This page is made by `python docs/mutants.py`.

| model | line | step | edit | without it |
| --- | --- | --- | --- | --- |
"""


def safe_models() -> list[Path]:
    """The models that say of themselves that nothing goes wrong."""
    return [p for p in sorted(MODELS.glob("*.yaml")) if _is_safe(read_model(str(p)))]


def _is_safe(model: Document) -> bool:
    return all(verdict is Verdict.SAFE for _, verdict in model.expect)


def judged(path: Path, pool: Pool) -> tuple[Mutant, ...]:
    """The mutants of a model."""
    model = read_model(str(path))
    asked = Options(any_number=False)
    return mutants(model, asked, verify(model, asked), pool, Budget(clock=time.perf_counter))


def table(path: Path, found: Iterable[Mutant]) -> list[str]:
    """The rows of a model."""
    head = f"[{path.stem}](../models/{path.name})"
    out = []
    for m in found:
        said = outcome(m) if m.needed else f"*{outcome(m)}*: {m.why or m.note}"
        where = str(m.span.line) if m.span else ""
        out.append(_row(head, where, f"`{m.step}`", m.what, said))
        head = ""
    return out or [_row(head, "", "", "", "nothing to take away")]


def _row(*cells: str) -> str:
    return "|" + "".join(f" {c.replace('|', chr(92) + '|')} |" if c else " |" for c in cells)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or print the rows of some models."""
    pool = Pool(Cache(directory(os.environ), tool_digest()), processors())
    paths = [Path(a) for a in arguments] or safe_models()
    rows = [row for path in paths for row in table(path, judged(path, pool))]
    if arguments:
        print("\n".join(rows))
    else:
        PAGE.write_text(TOP + "\n".join(rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
