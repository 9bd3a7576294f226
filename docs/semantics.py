"""docs/semantics.md: every rule of Go that the model follows, its source, its steps, and the programs that show it.

The rules are `verifier/gosem`'s own records, the programs those of `tests/gosem/conformance`: nothing is said twice.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TOP = """\
# The semantics of Go, rule by rule

What `verify` takes Go to do. Each rule is one sentence, read off a line of the source of Go 1.27 (or of the memory
model, go.dev/`ref/mem`, or the language, go.dev/`ref/spec`), and the named steps follow it. The programs in
the last column are run by the model and by the real toolchain: every outcome that the model allows is observed there,
or the list at the end says why not, and nothing else is. Races are compared with `-race`, messages word for word.
How it is done: [tests/gosem/conformance](../tests/gosem/conformance/README.md). `python -m tests.gosem.conformance`
does it as often as you like. What is *not* modelled: [limits.md](limits.md).

If a rule were wrong, that would show: [test_wrong_rules.py](../tests/gosem/test_wrong_rules.py) makes rules wrong one
by one, and the same comparison notices. Where no test makes a rule wrong its row says why. What happens rarely counts
as observed where a longer run of the same programs has shown it:
[seen.txt](../tests/gosem/conformance/seen.txt) keeps that, and some of the wrong rules of the maps are noticed by
what is kept there alone (**kept** in the last table).

This page is made by `python docs/regenerate.py` from the records in `verifier/gosem`.
"""

UNMODELLED = """\
## Observed, but not modelled

| program | outcome | why |
| --- | --- | --- |
"""

RARE = """\
## Allowed, but rarely or never seen

Outcomes the model allows that the programs are not required to show, and why not. Of those that are kept a longer run
has shown one at least.

| program | outcome | why | longer run |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The text of the page."""
    sys.path.insert(0, str(ROOT))
    try:
        from tests.gosem import rules
        from tests.gosem.conformance.cases import ALL, HMAP
        from tests.gosem.conformance.session import kept
    finally:
        sys.path.remove(str(ROOT))
    shown: dict[str, list[str]] = {}
    for c in (*ALL, *HMAP):
        shown.setdefault(c.rule, []).append(c.name)
    parts = [TOP]
    for module, stated in rules.by_module().items():
        elsewhere = f" No test runs these programs: {stated.untested}." if stated.untested else ""
        parts.append(
            f"## {stated.subject}\n\nSteps of [gosem/{module}.py](../verifier/gosem/{module}.py).{elsewhere}\n"
        )
        rows = ["| rule | Go source | steps | programs |", "| --- | --- | --- | --- |"]
        for r in stated.rules:
            source = f"{r.cite}<br>`{r.line}`" if r.line else r.cite
            programs = ", ".join(shown[f"{module}.{r.name}"])
            if why := rules.UNNOTICED.get(f"{module}.{r.name}"):
                programs += f"; never made wrong: {why}"
            cells = (f"**{r.name}**: {r.says}", source, ", ".join(f"`{s}`" for s in r.steps), programs)
            rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        parts.append("\n".join(rows) + "\n")
    parts.append(
        UNMODELLED + "".join(f"| {c.name} | `{o}` | {why} |\n" for c in ALL for o, why in c.unmodelled.items())
    )
    seen = kept()
    rare = [
        f"| {c.name} | `{o}` | {why} | {'kept' if any(fnmatchcase(s, o) for s in seen.get(c.name, ())) else ''} |"
        for c in ALL
        for o, why in c.rare.items()
    ]
    parts.append(RARE + "\n".join(rare).replace("|  |", "| |") + "\n")
    return "\n".join(parts)
