"""docs/semantics.md: every rule of Go that the model follows, its source, its steps, and the programs that show it.

The rules are `verifier/gosem`'s own records, the programs those of `tests/gosem/conformance`: nothing is said twice.
"""

from __future__ import annotations

import sys
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
by one, and the same comparison notices.

This page is made by `python docs/regenerate.py` from the records in `verifier/gosem`.
"""

UNMODELLED = """\
## Observed, but not modelled

| program | outcome | why |
| --- | --- | --- |
"""

RARE = """\
## Allowed, but rarely or never seen

Outcomes the model allows that the programs are not required to show, and why not.

| program | outcome | why |
| --- | --- | --- |
"""


def page() -> str:
    """The text of the page."""
    sys.path.insert(0, str(ROOT))
    try:
        from tests.gosem import rules
        from tests.gosem.conformance.cases import ALL, HMAP
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
            cells = (f"**{r.name}**: {r.says}", source, ", ".join(f"`{s}`" for s in r.steps), programs)
            rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        parts.append("\n".join(rows) + "\n")
    for title, told in ((UNMODELLED, [c.unmodelled for c in ALL]), (RARE, [c.rare for c in ALL])):
        lines = [f"| {c.name} | `{o}` | {why} |" for c, some in zip(ALL, told, strict=True) for o, why in some.items()]
        parts.append(title + "\n".join(lines) + "\n")
    return "\n".join(parts)
