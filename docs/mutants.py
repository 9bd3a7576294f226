"""Make docs/mutants.md: for every SAFE model of the catalogue its protective steps, each taken away in turn.

python docs/mutants.py            judge every mutant (a minute or two) and rewrite the page
python docs/mutants.py MODEL…     the same for some models, printed and not written
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from verifier.evidence.build import tool_digest
from verifier.evidence.fix import Fixes
from verifier.evidence.mutant import Mutant
from verifier.model.document import Document
from verifier.model.read import read_model
from verifier.mutate.cache import Cache, directory
from verifier.mutate.judge import Budget
from verifier.mutate.mutants import mutants
from verifier.mutate.pool import Pool, processors
from verifier.mutate.suggest import fixes
from verifier.pipeline import Options, verify
from verifier.report.mutants import outcome
from verifier.verdict import Verdict

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
PAGE = HERE / "mutants.md"
BUDGET = Budget()
"""States only: without a clock no row depends on how fast the machine is."""

TOP = """\
# What each protective step is needed for

Every model of the catalogue that is SAFE, with each of its protective steps taken away or weakened in turn, and the
first property that then no longer holds. *Not noticed* comes with a reason that was worked out from the model: nobody
can tell, or it takes more goroutines, or another property. `verify MODEL --mutants` prints this table for any model.

This page is made by `python docs/mutants.py`.

| model | line | step | edit | without it |
| --- | --- | --- | --- | --- |
"""

FIXES = HERE / "fixes.md"

FIXES_TOP = """\
# One edit that helps

Every model of the catalogue and of the mistakes ([patterns.md](patterns.md)) that is UNSAFE, and the smallest single
edit with which `verify` finds all its properties SAFE, witnesses included: a suggestion, checked as far as the last
column says, not a judgement of taste. `verify MODEL --fix` looks for them and prints the change as a diff. Where none
is found it takes more than one edit, or one that none of the rules knows.

This page is made by `python docs/mutants.py`.

| model | the edit | SAFE within |
| --- | --- | --- |
"""


def safe_models() -> list[Path]:
    """The models that say of themselves that nothing goes wrong."""
    return [p for p in sorted(MODELS.glob("*.yaml")) if _is_safe(read_model(str(p)))]


def unsafe_models() -> list[Path]:
    """The models of the catalogue and of the mistakes in which something goes wrong."""
    every = [*sorted(MODELS.glob("*.yaml")), *sorted((MODELS / "patterns").glob("*.yaml"))]
    return [p for p in every if any(verdict is Verdict.UNSAFE for _, verdict in read_model(str(p)).expect)]


def _is_safe(model: Document) -> bool:
    return all(verdict is Verdict.SAFE for _, verdict in model.expect)


def judged(path: Path, pool: Pool) -> tuple[Mutant, ...]:
    """The mutants of a model."""
    model = read_model(str(path))
    asked = Options(any_number=False)
    return mutants(model, asked, verify(model, asked), pool, BUDGET)


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


def fix_rows(path: Path, found: Fixes) -> list[str]:
    """The rows of a model: a row an edit of the smallest size."""
    head = f"[{path.stem}](../{path.relative_to(HERE.parent).as_posix()})"
    if not found.found:
        return [_row(head, f"*none:* {found.reason}", "")]
    return [_row(head if n == 0 else "", f.what, f.scope) for n, f in enumerate(found.found)]


def fixed(path: Path, pool: Pool) -> Fixes:
    """The smallest single edits with which a model is SAFE."""
    model = read_model(str(path))
    asked = Options()
    return fixes(model, asked, verify(model, replace(asked, any_number=False)), pool, BUDGET)


def _row(*cells: str) -> str:
    return "|" + "".join(f" {c.replace('|', chr(92) + '|')} |" if c else " |" for c in cells)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or print the rows of some models."""
    pool = Pool(Cache(directory(os.environ), tool_digest()), processors())
    if arguments:
        for path in map(Path.resolve, map(Path, arguments)):
            print("\n".join([*table(path, judged(path, pool)), *fix_rows(path, fixed(path, pool))]))
        return 0
    rows = [row for path in safe_models() for row in table(path, judged(path, pool))]
    PAGE.write_text(TOP + "\n".join(rows) + "\n", encoding="utf-8")
    rows = [row for path in unsafe_models() for row in fix_rows(path, fixed(path, pool))]
    FIXES.write_text(FIXES_TOP + "\n".join(rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
