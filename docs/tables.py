"""The generated tables: claims about maps (docs/claims.md) and mistakes with their fixes (docs/patterns.md).

What people write is in docs/claims.yaml and docs/patterns.yaml; verdicts and lengths of schedules are computed by the
function `judge` that a caller passes in: the command judges every model, the tests use what they have judged already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from verifier.evidence.result import Consequence, Property, Result
from verifier.verdict import Verdict

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
DASH = "–"
_ESCAPED = "\\|"

Judge = Callable[[Path], Result]

_WORDS = {"T": "true", "F": "false", "O": "outdated", "I": "imprecise", "U": "cannot be checked"}

CLAIMS_TOP = """\
# Claims about maps, checked

A text about Go maps and goroutines, claim by claim in our own words. Each claim that a model can speak to has one in
[models/claims](../models/claims); `verify` decides it, on every schedule. The others are listed below with the reason.

**T** true, **F** false, **O** outdated: true or partly true in earlier versions of Go, **I** imprecise, **U** cannot be
checked. Figures of runs are of Go 1.27 on two cores; they depend on the machine, the verdicts of the models do not.
A claim is not what a model expects: a true claim that something goes wrong has an UNSAFE model.

This page is made by `python docs/regenerate.py` from [claims.yaml](claims.yaml).
"""

PATTERNS_TOP = """\
# Mistakes with a shared map, and their fixes

What engineers get wrong when goroutines share a map: each way to do it as a model that `verify` finds UNSAFE, beside
one that does it right. (One is UNKNOWN: what `len` of a channel says orders nothing, but may imply an order.)
*Any number* means that race, fatal and panic are proved for any number of goroutines, too.

This page is made by `python docs/regenerate.py` from [patterns.yaml](patterns.yaml).
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `models` are paths with the properties or outcomes that speak to it; else `unmodelled` says why."""

    number: str
    says: str
    verdict: str
    because: str
    models: tuple[tuple[Path, tuple[str, ...]], ...]
    unmodelled: str


@dataclass(frozen=True, slots=True)
class Way:
    """One way to make a mistake: the model, the property that fails, and the model that does it right."""

    model: Path
    fails: str
    fixed: Path


@dataclass(frozen=True, slots=True)
class Mistake:
    """One row of the table of mistakes."""

    row: int
    mistake: str
    ways: tuple[Way, ...]


def claims() -> tuple[Claim, ...]:
    """What docs/claims.yaml holds."""
    return tuple(
        Claim(
            str(c["claim"]),
            c["says"],
            c["verdict"],
            c["because"],
            tuple((_path(f"claims/{name}"), tuple(told)) for name, told in c.get("models", {}).items()),
            c.get("unmodelled", ""),
        )
        for c in _read("claims.yaml")
    )


def mistakes() -> tuple[Mistake, ...]:
    """What docs/patterns.yaml holds."""
    return tuple(
        Mistake(
            m["row"],
            m["mistake"],
            tuple(Way(_path(w["model"]), w["fails"], _path(w["fixed"])) for w in m["ways"]),
        )
        for m in _read("patterns.yaml")
    )


def claim_rows(claim: Claim, judge: Judge) -> list[str]:
    """The table rows of a claim: one for each property or outcome that speaks to it."""
    if not claim.models:
        return [_row(claim.number, claim.says, claim.verdict, claim.because, claim.unmodelled)]
    head: tuple[str, ...] = (claim.number, claim.says, claim.verdict, claim.because)
    rows: list[str] = []
    for path, told in claim.models:
        result = judge(path)
        for name in told:
            said, steps = _finding(result, name)
            rows.append(_row(*head, said, _link(path), steps))
            head = (claim.number, "", "", "")
    return rows


def mistake_rows(mistake: Mistake, judge: Judge) -> list[str]:
    """The table rows of a mistake: one for each way to make it."""
    head = (str(mistake.row), mistake.mistake)
    rows: list[str] = []
    for way in mistake.ways:
        said, steps = _finding(judge(way.model), way.fails)
        rows.append(_row(*head, _link(way.model), said, steps, _link(way.fixed), _verdict(judge(way.fixed))))
        head = (str(mistake.row), "")
    return rows


def claims_page(judge: Judge) -> str:
    """docs/claims.md."""
    every = claims()
    with_model = [c for c in every if c.models]
    return "\n".join(
        [
            CLAIMS_TOP,
            counted(every),
            "",
            "## With a model",
            "",
            *_head("claim", "in short", "is", "because", "the tool says", "model", "steps"),
            *(row for c in with_model for row in claim_rows(c, judge)),
            "",
            "## Without a model",
            "",
            *_head("claim", "in short", "is", "because", "why no model can tell"),
            *(row for c in every if not c.models for row in claim_rows(c, judge)),
            "",
        ]
    )


def counted(every: tuple[Claim, ...]) -> str:
    """How many claims are what, in a sentence."""
    letters = Counter(letter for c in every for letter in c.verdict.split("/"))
    told = ", ".join(f"{letters[letter]} {word}" for letter, word in _WORDS.items())
    with_model = [c for c in every if c.models]
    models = {path for c in with_model for path, _ in c.models}
    return (
        f"{len(every)} claims ({told}; some are two of these), {len(with_model)} of them put to {len(models)} models."
    )


def patterns_page(judge: Judge) -> str:
    """docs/patterns.md."""
    return "\n".join(
        [
            PATTERNS_TOP,
            *_head("row", "mistake", "model", "the tool says", "steps", "fixed", "the tool says"),
            *(row for m in mistakes() for row in mistake_rows(m, judge)),
            "",
        ]
    )


def pages() -> Iterator[tuple[Path, Callable[[Judge], str]]]:
    """The pages made here."""
    yield HERE / "claims.md", claims_page
    yield HERE / "patterns.md", patterns_page


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = YAML(typ="safe", pure=True).load((HERE / name).read_text(encoding="utf-8"))
    return found


def _path(name: str) -> Path:
    return (MODELS / f"{name}.yaml").resolve()


def _finding(result: Result, name: str) -> tuple[str, str]:
    """What the tool says about a property or an outcome, and the steps of its schedule."""
    for p in result.properties:
        if p.name == name:
            return _property(p), str(p.steps) if p.trace else DASH
    for c in result.consequences:
        if c.name == name:
            return _outcome(c), str(c.trace.rows)
    raise KeyError(f"{result.path} has no property or outcome {name!r}")


def _property(p: Property) -> str:
    if p.kind == "sometimes":
        return f"sometimes *{p.name}*: {'seen' if p.verdict is Verdict.SAFE else 'never'}"
    if p.kind != p.name:
        return f"{p.kind} *{p.name}*: {p.verdict.value}"
    failure = p.trace.failure if p.trace and p.trace.failure else ""
    return f"{p.name} {p.verdict.value}" + (f": {failure}" if failure and p.verdict is Verdict.UNSAFE else "")


def _outcome(c: Consequence) -> str:
    return f"outcome *{c.name}*: can happen"


def _verdict(result: Result) -> str:
    proved = result.any_number is not None and result.any_number.verdict is Verdict.SAFE
    return result.verdict.value + (", any number" if proved and result.verdict is Verdict.SAFE else "")


def _link(path: Path) -> str:
    return f"[{path.stem}](../models/{path.relative_to(MODELS).as_posix()})"


def _head(*names: str) -> tuple[str, str]:
    return _row(*names), _row(*("---",) * len(names))


def _row(*cells: str) -> str:
    return "|" + "".join(f" {c.replace('|', _ESCAPED)} |" if c else " |" for c in cells)
